import { describe, expect, it } from '@jest/globals';
import {
  AirGapOverlay,
  type AirGapOverlayProps,
  BudgetPolicy,
  ImageLock,
  KubeHeroEdge,
  type KubeHeroEdgeProps,
  KubeHeroHub,
  type KubeHeroHubProps,
} from '@kubehero/constructs';
import { ApiObject, App, Chart } from 'cdk8s';
import { fullLock, hubProps, makeHub } from '../support/manifests/hub.js';

type Overrides = Record<string, unknown>;
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** What `synth` says of an app; empty where it is content. */
function said(app: App): string {
  try {
    app.synthYaml();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const saidOfHub = (overrides: Overrides): string => said(makeHub(overrides as Partial<KubeHeroHubProps>).app);

function saidOfEdge(overrides: Overrides): string {
  const app = new App();
  const props = { images: fullLock(), hubEndpoint: 'hub.acme.internal', caBundle: certificate, ...overrides };
  new KubeHeroEdge(app, 'edge', props as KubeHeroEdgeProps);
  return said(app);
}

const connector = { type: 'oidc', id: 'corp', name: 'Corp' };
const store = {
  mode: 'external',
  host: 'db.acme.internal',
  port: 5432,
  existingSecret: { name: 'db' },
  cidrs: ['10.0.0.0/24'],
};

describe('numbers, names and ranges that are none', () => {
  it.each([NaN, Infinity, -Infinity, -1, 0, 1e300, '5', null])('%p nodes are refused', (nodes) => {
    expect(saidOfHub({ nodes })).toContain('[kubehero] nodes: must be a whole number from 1 to 20000');
    expect(saidOfEdge({ nodes })).toContain('[edge] nodes: must be a whole number from 1 to 20000');
  });

  it.each<[Overrides, string]>([
    [{ podsPerNode: NaN }, 'podsPerNode: must be a whole number'],
    [{ rawRetentionDays: Infinity }, 'rawRetentionDays: must be a whole number'],
    [{ postgres: { instances: -3 } }, 'postgres.instances: must be a whole number'],
    [{ clickhouse: { shards: 0.5 } }, 'clickhouse.shards: must be a whole number'],
    [{ components: { dex: { replicas: NaN } } }, 'components.dex.replicas: must be a whole number'],
    [{ domain: `${'a'.repeat(64)}.internal` }, 'longer than the 63 characters of a label'],
    [{ domain: 'münchen.example' }, "domain: 'münchen.example' is no DNS name"],
    [{ domain: 'acme.internal\n' }, 'is no DNS name'],
    [{ domain: 'acme..internal' }, 'is no DNS name'],
    [{ namespaces: { system: '' } }, "namespaces.system: '' is no DNS label"],
    [{ namespaces: { system: 5 } }, "namespaces.system: '5' is no DNS label"],
    [{ namespaces: { valkey: 'a'.repeat(64) } }, 'namespaces.valkey:'],
    [{ imagePullSecrets: ['Has Blank'] }, "imagePullSecrets: 'Has Blank' is no DNS name"],
    [{ apiServerCidrs: ['010.0.0.0/8'] }, "'010.0.0.0/8' is no address range"],
    [{ apiServerCidrs: ['10.0.0.1/8'] }, "'10.0.0.1/8' has bits beyond its prefix"],
    [{ apiServerCidrs: ['10.0.0.0/33'] }, "'10.0.0.0/33' is no address range"],
    [{ apiServerCidrs: [':::/8'] }, "':::/8' is no address range"],
    [{ apiServerCidrs: ['fd00::1/64'] }, "'fd00::1/64' has bits beyond its prefix"],
    [{ defaults: { resources: { cpu: '9'.repeat(30) } } }, 'is no CPU quantity'],
    [{ defaults: { resources: { memory: '-1Gi' } } }, "'-1Gi' is no size"],
    [{ defaults: { labels: { 'bad key': 'x' } } }, "defaults.labels: 'bad key' is no key"],
    [
      { defaults: { nodeSelector: { 'Acme.Example/pool': 'x' } } },
      "defaults.nodeSelector: 'Acme.Example' is no DNS name",
    ],
    [{ components: { dex: { podAnnotations: { 'a/b/c': 'x' } } } }, "podAnnotations: 'a/b/c' is no key"],
    [{ pricing: { schedule: '99 * * * *' } }, "pricing.schedule: '99' of '99 * * * *' is out of bounds"],
    [{ pricing: { schedule: '0 8-2 * * *' } }, "'8-2' of"],
    [{ exposure: { kind: 'nodePort' } }, "exposure.kind: 'nodePort' is unknown: use ingress or gateway"],
    [{ exposure: { kind: 'ingress', className: 'nginx' } }, 'exposure.tlsSecret: must be given'],
    [{ exposure: { kind: 'gateway' } }, 'exposure.namespace: must be given'],
    [{ valkey: { ...store, host: undefined } }, 'valkey.host: must be given'],
    [{ clickhouse: { ...store, port: undefined } }, 'clickhouse.port: must be given'],
    [{ monitoring: { runbookBaseUrl: 'javascript:alert(1)' } }, 'monitoring.runbookBaseUrl:'],
    [{ dex: {} }, 'dex.connectors: nobody could sign in'],
    [
      { dex: { connectors: [connector, connector].map((c) => ({ ...c, config: {} })) } },
      "'corp' is another connector's",
    ],
    [{ dex: { connectors: [{ id: 'corp', name: 'Corp' }] } }, 'dex.connectors[0].type: must be given'],
  ])('%p is refused', (overrides, message) => {
    expect(saidOfHub(overrides)).toContain(message);
  });

  it.each<[Overrides, string]>([
    [{ hubEndpoint: 'https://hub..acme' }, "hubEndpoint: 'hub..acme' is no DNS name"],
    [{ hubEndpoint: 'https://hub.acme:99999' }, 'is no endpoint'],
    [{ hubEndpoint: 'https://user:pw@hub.acme' }, 'hubEndpoint: holds a password in a URL'],
    [
      { components: { dashboard: { replicas: 2 } } },
      "components: 'dashboard' is none: use operator, collector",
    ],
    [{ certificateSecret: '' }, "certificateSecret: '' is no DNS name"],
  ])('an edge with %p is refused', (overrides, message) => {
    expect(saidOfEdge(overrides)).toContain(message);
  });

  it.each(['Mars/Olympus', '', 'UTC; DROP TABLE'])('a budget in the time zone %p is refused', (timeZone) => {
    const app = new App();
    new BudgetPolicy(app, 'budget', { name: 'b', scope: { namespaces: ['a'] }, ceiling: '$1/d', timeZone });
    expect(said(app)).toContain('[budget] timeZone: ');
  });
});

describe('an empty list, which Kubernetes takes for everything', () => {
  it.each<[string, Overrides]>([
    ['exposure.edgeCidrs', { exposure: { ...hubProps().exposure, edgeCidrs: [] } }],
    ['dex.cidrs', { dex: { connectors: [{ ...connector, config: {} }], cidrs: [] } }],
    ['pricing.egressCidrs', { pricing: { egressCidrs: [] } }],
    ['pricing.egressPorts', { pricing: { egressPorts: [] } }],
    ['backup.cidrs', { backup: { url: 's3://acme-backups', cidrs: [] } }],
    ['clickhouse.coldStorage.cidrs', { clickhouse: { coldStorage: { url: 's3://acme-cold', cidrs: [] } } }],
  ])('%s is refused', (prop, overrides) => {
    expect(saidOfHub(overrides)).toContain(`${prop}: must be a list of at least one`);
  });

  it('hubCidrs of an edge is refused, and a text in the place of a list', () => {
    expect(saidOfEdge({ hubCidrs: [] })).toContain('hubCidrs: must be a list of at least one');
    expect(saidOfEdge({ hubCidrs: '10.0.0.0/8' })).toContain('hubCidrs: must be a list of at least one');
  });
});

describe('secrets in plain text', () => {
  const key = '-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n';
  it.each<[string, Overrides]>([
    [
      'components.dex.env.LDAP_PASSWORD: is a secret by its name',
      { components: { dex: { env: { LDAP_PASSWORD: 'hunter2' } } } },
    ],
    [
      'defaults.env.GITHUB_TOKEN: is a secret by its name',
      { defaults: { env: { GITHUB_TOKEN: 'hunter2' } } },
    ],
    [
      'defaults.env.DSN: holds a password in a URL',
      { defaults: { env: { DSN: 'postgres://me:hunter2@db/x' } } },
    ],
    ['defaults.podAnnotations.key: holds a private key', { defaults: { podAnnotations: { key } } }],
    ['defaults.env.ID: holds an access key of AWS', { defaults: { env: { ID: `AKIA${'A'.repeat(16)}` } } }],
    [
      'dex.connectors[0].config.tls.clientSecret: is a secret in plain text',
      { dex: { connectors: [{ ...connector, config: { tls: { clientSecret: 'hunter2' } } }] } },
    ],
    [
      'dex.secretEnv.DEX_POSTGRES_PASSWORD: is set by the construct',
      {
        dex: {
          connectors: [{ ...connector, config: {} }],
          secretEnv: { DEX_POSTGRES_PASSWORD: { name: 'mine', key: 'password' } },
        },
      },
    ],
  ])('%s', (message, overrides) => {
    const text = saidOfHub(overrides);
    expect(text).toContain(message);
    expect(text).not.toContain('hunter2');
  });

  it('a file of one may be named', () => {
    expect(saidOfHub({ defaults: { env: { LDAP_PASSWORD_FILE: '/etc/ldap/password' } } })).toBe('');
  });
});

describe('what would take the cluster apart', () => {
  it.each(['kube-system', 'kube-public', 'default'])('the namespace %s is never ours', (name) => {
    expect(saidOfHub({ namespaces: { system: name } })).toContain(
      `namespaces.system: '${name}' is the cluster's own`,
    );
  });

  it('Prometheus does not stand among the collectors', () => {
    expect(saidOfHub({ monitoring: { namespace: 'kubehero-collector' } })).toContain(
      'monitoring.namespace: ',
    );
  });

  it('one chart holds one installation; an app may hold many', () => {
    const edge = (scope: App | Chart, id: string): KubeHeroEdge =>
      new KubeHeroEdge(scope, id, { images: fullLock(), hubEndpoint: 'hub.acme', caBundle: certificate });
    const app = new App();
    const chart = new Chart(app, 'chart');
    new KubeHeroHub(chart, 'hub', hubProps());
    edge(chart, 'edge');
    expect(said(app)).toContain("[chart/hub] 'chart/edge' in the same chart makes the same objects");
    const wide = new App();
    new KubeHeroHub(wide, 'eu', hubProps());
    new KubeHeroHub(wide, 'us', hubProps());
    edge(wide, 'edge');
    expect(said(wide)).toBe('');
  });
});

describe('an air gap', () => {
  function saidOfGap(props: Partial<AirGapOverlayProps>, annotations: Record<string, string> = {}): string {
    const app = new App();
    const chart = new Chart(app, 'mine');
    new ApiObject(chart, 'map', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'map', annotations },
    });
    new AirGapOverlay(app, 'gap', { registry: 'registry.site', writeImageList: false, ...props });
    return said(app);
  }

  it.each([
    'https://evil.example.com/x',
    'HTTPS://EVIL.example.com',
    'ldaps://evil.example.com:636',
    'postgres://evil.example.com/db',
    'https://me@evil.example.com/x',
  ])('finds the host of %s, whatever the key of the annotation', (url) => {
    expect(saidOfGap({}, { description: url })).toContain("names the outside host 'evil.example.com'");
    expect(saidOfGap({ allowedHosts: ['*.example.com'] }, { description: url })).toBe('');
  });

  it.each([
    ['http://[2606:4700::1111]/', '[2606:4700::1111]'],
    ['http://16843009/', '16843009'],
    ['tcp://1.1.1.1:53', '1.1.1.1'],
  ])('finds the address in %s', (url, host) => {
    expect(saidOfGap({}, { address: url })).toContain(`names the outside host '${host}'`);
  });

  it.each([
    'http://[::1]:8080',
    'http://[fd00::5]/',
    'http://service:80',
    'https://a.b.svc.cluster.local',
    's3://bucket/x',
  ])('lets %s be', (url) => {
    expect(saidOfGap({}, { address: url })).toBe('');
  });

  it.each<[Partial<AirGapOverlayProps>, string]>([
    [{ egressCidrs: ['0.0.0.0/1'] }, 'is a large part of the internet'],
    [{ egressCidrs: ['::/0'] }, 'is the whole internet'],
    [{ allowedHosts: ['*.com'] }, "'*.com' allows a whole top-level domain"],
    [{ allowedHosts: [''] }, "allowedHosts: '' is no DNS name"],
    [{ allowedHosts: ['*'] }, "allowedHosts: '*' is no DNS name"],
    [{ runbookBaseUrl: 'ftp://runbooks.site' }, 'runbookBaseUrl: '],
    [{ registry: '' }, "registry: '' is no registry"],
    [{ imagePullSecrets: ['a b'] }, "imagePullSecrets: 'a b' is no DNS name"],
  ])('refuses %p', (props, message) => {
    expect(saidOfGap(props)).toContain(message);
  });

  it('refuses to cover nothing', () => {
    const app = new App();
    new AirGapOverlay(new Chart(app, 'elsewhere'), 'gap', { registry: 'registry.site' });
    new KubeHeroHub(app, 'kubehero', hubProps());
    expect(said(app)).toContain('[elsewhere/gap] covers nothing');
  });
});

describe('an image lock', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  it.each([
    ['a repository with a scheme', { repository: 'https://ghcr.io/a/b', tag: '1', digest }],
    ['a repository in capitals', { repository: 'ghcr.io/Acme/B', tag: '1', digest }],
    ['a line break', { repository: 'ghcr.io/a/b\nimage: evil', tag: '1', digest }],
    ['a tag with a digest in it', { repository: 'ghcr.io/a/b', tag: `1@${digest}`, digest }],
    ['a digest in capitals', { repository: 'ghcr.io/a/b', tag: '1', digest: digest.toUpperCase() }],
  ])('is refused with %s', (_what, image) => {
    const text = JSON.stringify({ version: 1, images: { dex: image } });
    expect(() => ImageLock.fromJson(text)).toThrow(/images\.dex/);
  });
});
