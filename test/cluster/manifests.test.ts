import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Applier, type ManifestObject } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { applyAll, prepare } from '../support/cluster/installation.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { exampleNames, objectsOf, podTemplatesOf, synthesize } from '../support/manifests/examples.js';
import { describeWith } from '../support/requirements.js';

describeWith([clusterBinaries('etcd', 'kube-apiserver')], 'a real API server', () => {
  let cluster: Cluster;
  let applier: Applier;

  beforeAll(async () => {
    cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
    applier = new Applier(cluster);
    expect(await prepare(cluster, applier)).toEqual([]);
  }, 90_000);
  afterAll(() => cluster.stop());

  async function createPod(namespace: string, spec: unknown, labels: Readonly<Record<string, string>> = {}) {
    return cluster.call({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`,
      body: { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'try-', labels }, spec },
    });
  }

  async function createAccount(name: string, namespace: string): Promise<void> {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } };
    expect(await applier.apply(account, { dryRun: false })).toEqual([]);
  }

  it.each(exampleNames)(
    'takes every manifest of the example %s without an error or a warning',
    async (name) => {
      const objects = objectsOf(synthesize(name));
      expect(objects.length).toBeGreaterThan(1);
      expect(await applyAll(cluster, applier, objects)).toEqual([]);
    },
  );

  it.each(exampleNames)(
    'admits a pod of every template of the example %s under the Pod Security Standard of its namespace',
    async (name) => {
      const objects = objectsOf(synthesize(name));
      const templates = podTemplatesOf(objects);
      const made = objects.filter((o) => o.kind === 'ServiceAccount').map((o) => o.metadata.name);
      for (const template of templates) {
        const account = template.spec['serviceAccountName'] as string;
        // One that others make, as the manifests say
        if (!made.includes(account)) await createAccount(account, template.namespace);
        const answer = await createPod(template.namespace, template.spec, template.labels);
        expect({
          owner: template.owner,
          status: answer.status,
          warnings: answer.warnings,
          message: answer.body['message'],
        }).toEqual({
          owner: template.owner,
          status: 201,
          warnings: [],
          message: undefined,
        });
      }
    },
  );

  it('refuses a pod of the collector in a namespace that is restricted', async () => {
    const collector = podTemplatesOf(objectsOf(synthesize('reference'))).find(
      (t) => t.owner === 'DaemonSet/kubehero-collector',
    );
    const answer = await createPod('kubehero-system', {
      ...collector?.spec,
      serviceAccountName: 'kubehero-operator',
    });
    expect(answer.status).toBe(403);
    expect(String(answer.body['message'])).toContain('violates PodSecurity "restricted:latest"');
  });

  it('lets nothing but the collector into the namespace of the collector', async () => {
    const objects = objectsOf(synthesize('reference'));
    for (const object of objects.filter((o) => o.kind.startsWith('ValidatingAdmissionPolicy'))) {
      expect(await applier.apply(object, { dryRun: false })).toEqual([]);
    }
    const collector = podTemplatesOf(objects).find((t) => t.owner === 'DaemonSet/kubehero-collector');
    const spec = collector?.spec as PodSpec;
    await untilPolicyIsServed(() => createPod('kubehero-collector', { ...spec, hostPID: true }));
    expect((await createPod('kubehero-collector', spec)).status).toBe(201);
    const [container] = spec.containers;
    const changes: Record<string, [PodSpec, string]> = {
      'another image': [
        { ...spec, containers: [{ ...container, image: 'docker.io/library/busybox:1' }] },
        'its image must carry the digest',
      ],
      'a second container': [
        { ...spec, containers: [container, { ...container, name: 'second' }] as PodSpec['containers'] },
        'exactly one container',
      ],
      'another command': [
        { ...spec, containers: [{ ...container, command: ['/bin/sh'] }] as PodSpec['containers'] },
        "runs its image's own command",
      ],
      'other arguments': [
        { ...spec, containers: [{ ...container, args: ['simulate'] }] as PodSpec['containers'] },
        "runs its image's own command",
      ],
      'a variable that loads other code': [
        {
          ...spec,
          containers: [
            { ...container, env: [{ name: 'NODE_OPTIONS', value: '--require=/tmp/x.js' }] },
          ] as PodSpec['containers'],
        },
        'takes no variable but those',
      ],
      'a probe that runs a command': [
        {
          ...spec,
          containers: [
            { ...container, livenessProbe: { exec: { command: ['/bin/sh', '-c', 'id'] } } },
          ] as PodSpec['containers'],
        },
        'run no command in its container',
      ],
      privilege: [
        {
          ...spec,
          containers: [
            {
              ...container,
              securityContext: {
                ...container.securityContext,
                allowPrivilegeEscalation: undefined,
                privileged: true,
              },
            },
          ],
        },
        'must not be privileged',
      ],
      'another capability': [
        {
          ...spec,
          containers: [
            {
              ...container,
              securityContext: {
                ...container.securityContext,
                capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] },
              },
            },
          ],
        },
        'must drop ALL capabilities',
      ],
      'another host folder': [
        { ...spec, volumes: [...spec.volumes, { name: 'etc', hostPath: { path: '/etc' } }] },
        'may mount only',
      ],
      'a writable host folder': [
        {
          ...spec,
          containers: [
            { ...container, volumeMounts: container.volumeMounts.map((m) => ({ ...m, readOnly: false })) },
          ],
        },
        'read only',
      ],
      'the network of the host': [
        { ...spec, hostNetwork: true, containers: [{ ...container, ports: [] }] },
        'no namespace of the host',
      ],
      'another account': [{ ...spec, serviceAccountName: 'default' }, 'runs as the ServiceAccount'],
    };
    await cluster.call({
      method: 'POST',
      path: '/api/v1/namespaces/kubehero-collector/serviceaccounts',
      body: { metadata: { name: 'default' } },
    });
    for (const [what, [changed, message]] of Object.entries(changes)) {
      const answer = await createPod('kubehero-collector', changed);
      expect({ what, status: answer.status, message: String(answer.body['message']) }).toEqual({
        what,
        status: 403,
        message: expect.stringContaining(message) as unknown,
      });
    }
  });

  it('runs the rules of BudgetPolicy', async () => {
    const policy = (spec: unknown): ManifestObject => ({
      apiVersion: 'kubehero.kubehero.io/v1',
      kind: 'BudgetPolicy',
      metadata: { name: 'try' },
      spec,
    });
    const scope = { namespaces: ['web'] };
    const said = async (spec: unknown): Promise<string> =>
      (await applier.apply(policy(spec), { dryRun: true })).map((r) => r.message).join(' ');
    expect(await said({ scope, ceiling: '$500000/mo', hardStop: true })).toBe('');
    expect(await said({ scope, ceiling: 'EUR 12.50/d' })).toBe('');
    expect(await said({ scope: {}, ceiling: '$1/mo' })).toContain('an empty scope covers nothing');
    expect(await said({ scope, ceiling: '$0.00/mo' })).toContain('a ceiling of zero would stop everything');
    expect(await said({ scope, ceiling: '500/year' })).toContain('spec.ceiling');
    expect(await said({ scope, ceiling: '$1/mo', ceilingPer: 'Node' })).toContain('spec.ceilingPer');
    expect(await said({ scope, ceiling: '$1/mo', hardstop: true })).toContain('hardstop');
    expect(
      await said({
        scope: { workloadSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
        ceiling: '$1/mo',
      }),
    ).toContain('In and NotIn need values');
  });
});

interface PodSpec {
  readonly containers: [Container, ...Container[]];
  readonly volumes: readonly unknown[];
  readonly [key: string]: unknown;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly Record<string, unknown>[];
  readonly [key: string]: unknown;
}

/** Admission policies are compiled in the background: waits until a pod that breaks one is refused. */
async function untilPolicyIsServed(attempt: () => Promise<{ readonly status: number }>): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(200)) {
    if ((await attempt()).status === 403) return;
  }
  throw new Error('the admission policy is not enforced after 20 s');
}
