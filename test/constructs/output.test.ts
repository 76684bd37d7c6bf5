import { describe, expect, it } from '@jest/globals';
import type { ManifestObject } from '../support/cluster/apply.js';
import {
  exampleNames,
  objectsOf,
  type Output,
  podTemplatesOf,
  synthesize,
} from '../support/manifests/examples.js';
import { makeHub } from '../support/manifests/hub.js';

const outputs = new Map<string, Output>(exampleNames.map((name) => [name, synthesize(name)]));
const outputOf = (name: (typeof exampleNames)[number]): Output => outputs.get(name) ?? new Map();

/** Every text in a manifest, with the path that leads to it. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((item, i) => texts(item, `${path}/${i}`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => texts(item, `${path}/${key}`));
}

describe.each(exampleNames)('the output of the example %s', (name) => {
  const objects = objectsOf(outputOf(name));

  it('is the same, byte for byte, when it is made again', () => {
    expect([...synthesize(name)]).toEqual([...outputOf(name)]);
  });

  it('names every object once in its chart, by a name that holds no hash', () => {
    const keys = [...outputOf(name)].flatMap(([file, text]) =>
      objectsOf(new Map([[file, text]])).map(
        (o) => `${file}: ${o.apiVersion} ${o.kind} ${o.metadata.namespace ?? ''}/${o.metadata.name}`,
      ),
    );
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    expect(
      objects.filter((o) => /-c8[0-9a-f]{6}$/.test(o.metadata.name)).map((o) => o.metadata.name),
    ).toEqual([]);
  });

  it('holds no secret: no Secret, no key, no password in an address or a variable', () => {
    expect(objects.filter((o) => o.kind === 'Secret')).toEqual([]);
    const found = objects.flatMap((object) =>
      texts(object).filter(
        ([path, text]) =>
          /PRIVATE KEY|AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{20,}\./.test(text) ||
          /\b[a-z+]+:\/\/[^/\s:@]+:[^/\s@]+@/i.test(text) ||
          (/(password|secret|token)$/i.test(path) &&
            !/^\$[A-Z_]+$/.test(text) &&
            !/server(CA|TLS)Secret$|secretName|\/name$|Ref\/|\/waiver\.kubehero\.io/.test(path)),
      ),
    );
    expect(found).toEqual([]);
    for (const { owner, spec } of podTemplatesOf(objects)) {
      for (const { env = [] } of spec['containers'] as { env?: { name: string; value?: string }[] }[]) {
        const plain = env.filter((e) => /(PASSWORD|SECRET|TOKEN|KEY)$/.test(e.name) && e.value !== undefined);
        expect({ owner, plain }).toEqual({ owner, plain: [] });
      }
    }
  });

  it('names images by digest alone, and says where each stands in the lock', () => {
    const images = objects.flatMap((object) =>
      texts(object).filter(([path]) => /\/(image|imageName)$/.test(path)),
    );
    if (name !== 'gitops') expect(images.length).toBeGreaterThan(0);
    expect(images.filter(([, image]) => !/@sha256:[0-9a-f]{64}$/.test(image))).toEqual([]);
  });

  it('gives a token of the API server to the programs that call it, and to no other', () => {
    const templates = podTemplatesOf(objects);
    const withToken = templates
      .filter((t) => t.spec['automountServiceAccountToken'] !== false)
      .map((t) => t.owner);
    const allowed = [
      'DaemonSet/kubehero-collector',
      'Deployment/kubehero-control-plane',
      'Deployment/kubehero-operator',
    ];
    expect(withToken.filter((owner) => !allowed.includes(owner))).toEqual([]);
  });

  it('keeps what holds data when it leaves Git', () => {
    const holders = [
      'Namespace',
      'CustomResourceDefinition',
      'Cluster',
      'ClickHouseInstallation',
      'ClickHouseKeeperInstallation',
      'ObjectStore',
      'Database',
    ];
    const claims = objects.filter(
      (o) => o.kind === 'StatefulSet' && 'volumeClaimTemplates' in (o['spec'] as object),
    );
    for (const object of [...objects.filter((o) => holders.includes(o.kind)), ...claims]) {
      const annotations = (object.metadata as unknown as { annotations: Record<string, string> }).annotations;
      expect({
        object: object.metadata.name,
        options: annotations['argocd.argoproj.io/sync-options'],
      }).toEqual({
        object: object.metadata.name,
        options: expect.stringContaining('Prune=false') as unknown,
      });
    }
  });
});

describe('the reference installation', () => {
  const objects = objectsOf(outputOf('reference'));
  const find = (kind: string, name: string): ManifestObject | undefined =>
    objects.find((o) => o.kind === kind && o.metadata.name === name);

  it('is the one that was read line by line', () => {
    for (const [file, text] of outputOf('reference')) expect(text).toMatchSnapshot(file);
  });

  it('has the replicas and the sizes of the reference table', () => {
    const sizes = Object.fromEntries(
      podTemplatesOf(objects).map((t) => {
        const main = (t.spec['containers'] as { resources: { requests: Record<string, string> } }[])[0];
        return [t.owner, `${main?.resources.requests['cpu']} / ${main?.resources.requests['memory']}`];
      }),
    );
    expect(sizes).toMatchObject({
      'Deployment/kubehero-control-plane': '2 / 2Gi',
      'Deployment/kubehero-operator': '500m / 512Mi',
      'Deployment/kubehero-dashboard': '500m / 1Gi',
      'Deployment/dex': '200m / 256Mi',
      'CronJob/kubehero-pricing-engine': '500m / 1Gi',
      'DaemonSet/kubehero-collector': '100m / 50Mi',
      'StatefulSet/kubehero-valkey': '500m / 1Gi',
      'ClickHouseInstallation/kubehero': '8 / 32Gi',
      'Deployment/kubehero-pricing-engine': '10m / 64Mi',
    });
    const replicas = (kind: string, name: string): unknown =>
      (find(kind, name)?.['spec'] as { replicas?: number }).replicas;
    expect(replicas('Deployment', 'kubehero-control-plane')).toBe(2);
    expect(replicas('Deployment', 'kubehero-operator')).toBe(2);
    expect(replicas('Deployment', 'kubehero-dashboard')).toBe(2);
    expect(replicas('Deployment', 'dex')).toBe(2);
    expect(replicas('StatefulSet', 'kubehero-valkey')).toBe(3);
    expect(replicas('StatefulSet', 'kubehero-valkey-sentinel')).toBe(3);
    expect(find('Cluster', 'kubehero-postgres')).toMatchObject({
      spec: {
        instances: 3,
        storage: { size: '200Gi' },
        resources: { requests: { cpu: '4', memory: '16Gi' } },
      },
    });
    expect(find('ClickHouseInstallation', 'kubehero')).toMatchObject({
      spec: {
        configuration: { clusters: [{ layout: { shardsCount: 3, replicasCount: 2 } }] },
        templates: { volumeClaimTemplates: [{ spec: { resources: { requests: { storage: '2Ti' } } } }] },
      },
    });
  });

  it('lets its own programs dial the Service of the control plane, for policies let nothing out to its public name', () => {
    const trust = objects.filter((o) => o.metadata.name === 'kubehero-cluster-cert');
    expect(trust.map((o) => [o.metadata.namespace, (o as { data?: object }).data])).toEqual(
      ['kubehero-system', 'kubehero-collector'].map((namespace) => [
        namespace,
        expect.objectContaining({
          endpoint: 'kubehero-control-plane.kubehero-system.svc.cluster.local:9443',
        }) as unknown,
      ]),
    );
  });

  it('gives the control plane a Service that selects nothing, for the leader to fill', () => {
    expect(find('Service', 'kubehero-control-plane')?.['spec']).not.toHaveProperty('selector');
  });

  it('archives PostgreSQL by the plugin for thirty days', () => {
    expect(find('ObjectStore', 'kubehero-postgres')).toMatchObject({
      spec: {
        retentionPolicy: '30d',
        configuration: { destinationPath: 's3://acme-backups/kubehero-postgres' },
      },
    });
    expect(find('Cluster', 'kubehero-postgres')).toMatchObject({
      spec: { plugins: [{ name: 'barman-cloud.cloudnative-pg.io', isWALArchiver: true }] },
    });
    expect(find('ScheduledBackup', 'kubehero-postgres')).toMatchObject({
      spec: { method: 'plugin', schedule: '0 0 2 * * *' },
    });
  });
});

describe('a change of one prop', () => {
  const before = textsOf({});

  it.each([
    [
      'components.dashboard.replicas',
      { components: { dashboard: { replicas: 4 } } },
      ['kubehero-programs: Deployment/kubehero-dashboard'],
    ],
    ['rawRetentionDays', { rawRetentionDays: 14 }, ['kubehero-programs: Deployment/kubehero-control-plane']],
    [
      'unitPrices',
      { unitPrices: { cpu: '0.04', ram: '0.005', gpu: '1.2' } },
      ['kubehero-programs: Deployment/kubehero-control-plane'],
    ],
    [
      'pricing.schedule',
      { pricing: { schedule: '0 1 * * *' } },
      ['kubehero-programs: CronJob/kubehero-pricing-engine'],
    ],
    [
      'clickhouse.storage',
      { clickhouse: { storage: '4Ti' } },
      ['kubehero-stores: ClickHouseInstallation/kubehero'],
    ],
  ])('%s changes only what it concerns', (_prop, change, expected) => {
    const after = textsOf(change);
    const keys = [...new Set([...before.keys(), ...after.keys()])];
    expect(keys.filter((key) => before.get(key) !== after.get(key)).sort()).toEqual(expected);
  });
});

function textsOf(overrides: Parameters<typeof makeHub>[0]): Map<string, string> {
  const { app } = makeHub(overrides);
  return new Map(
    app.charts.flatMap((chart) =>
      (chart.toJson() as ManifestObject[]).map((o): [string, string] => [
        `${chart.node.id}: ${o.kind}/${o.metadata.name}`,
        JSON.stringify(o),
      ]),
    ),
  );
}
