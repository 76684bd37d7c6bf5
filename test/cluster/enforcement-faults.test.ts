import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { tryFindActionFault } from '@kubehero/domain';
import type { ApiServer } from '@kubehero/kubernetes';
import { unknownOutcome } from '@kubehero/operator';
import { Cluster } from '../support/cluster/cluster.js';
import { type Fate, FaultProxy } from '../support/cluster/fault-proxy.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import {
  enforcementBinaries,
  EnforcementRig,
  operatorServer,
  policyOf,
} from '../support/enforcement/enforcement-rig.js';
import { deployment, statefulSet } from '../support/enforcement/workload-factory.js';
import { randomBySeed } from '../faults/crash-proof.js';
import { describeWith } from '../support/requirements.js';

const faults: readonly (readonly [string, Fate])[] = [
  ['answers 409', { status: 409 }],
  ['answers 429 and says when to come back', { status: 429, retryAfterS: 1 }],
  ['answers 500', { status: 500 }],
  ['cuts the connection before it does what it is asked', 'cut-before'],
  ['cuts the connection after it did what it was asked', 'cut-after'],
  ['never answers', 'hang'],
];

describeWith([clusterBinaries(...enforcementBinaries)], 'enforcement against a bad API server', () => {
  let cluster: Cluster;
  let proxy: FaultProxy;
  let direct: ApiServer;
  let rig: EnforcementRig;
  const namespace = 'bad-weather';

  beforeAll(async () => {
    cluster = await Cluster.start({
      binaries: clusterBinariesDir(...enforcementBinaries),
      kwokNodes: 1,
      auditLog: true,
    });
    proxy = await FaultProxy.start(cluster.url, cluster.ca);
    direct = await operatorServer(cluster);
    const bad = { url: new URL(proxy.url), authorization: () => direct.authorization() };
    rig = await EnforcementRig.on(cluster, bad, 700);
    await rig.namespaces(namespace);
    for (let index = 0; index < 6; index += 1)
      await rig.apply(deployment({ namespace, name: `web-${index}` }));
    await rig.apply(statefulSet({ namespace, name: 'db' }));
  }, 120_000);
  afterAll(async () => {
    await rig.stop();
    await proxy.stop();
    await cluster.stop();
  });

  async function replicas(): Promise<number[]> {
    const { items } = (await rig.get(`/apis/apps/v1/namespaces/${namespace}/deployments`)) as {
      items: { spec: { replicas: number }; metadata: { annotations?: Record<string, string> } }[];
    };
    return items.map(({ spec }) => spec.replicas);
  }

  it.each(faults)(
    'gets there when it %s every third time',
    async (_name, fate) => {
      const random = randomBySeed(faults.findIndex(([, each]) => each === fate) + 1);
      const policy = policyOf('bad-weather', { scope: { namespaces: [namespace] } });
      proxy.decide = ({ path }) => (path.includes('watch=1') || random() > 1 / 3 ? 'pass' : fate);

      await reconcilePatiently(policy, 'enforce', 'enforced');
      expect(new Set(await replicas())).toEqual(new Set([0]));
      await reconcilePatiently(policy, 'release', 'released');

      proxy.decide = () => 'pass';
      expect(new Set(await replicas())).toEqual(new Set([2]));
      expect(rig.enforcer.heldPolicies().size).toBe(0);
      await rig.untilPods(namespace, 14);
    },
    180_000,
  );

  it('records each action once, whatever became of the answers', async () => {
    await rig.enforcer.release('nobody', AbortSignal.timeout(10_000));
    const records = await rig.audit.pending(0n, 100_000);
    const done = cluster
      .writes()
      .filter(
        ({ user, responseStatus }) =>
          user.username.endsWith(':kubehero-operator') && (responseStatus?.code ?? 500) < 300,
      )
      .filter(({ requestObject }) => 'kubehero.io/held' in (requestObject?.metadata?.annotations ?? {}));

    expect(rig.audit.intents()).toEqual([]);
    expect(tryFindActionFault(records, rig.audit.publicKey)).toBeUndefined();
    expect(records.filter(({ action }) => action === 'Scale' || action === 'Restore').length).toBe(
      done.length,
    );
  });

  it('says in its record where nobody can tell any more whether an action was done', async () => {
    const doomed = 'doomed';
    await rig.namespaces(doomed);
    await rig.apply(deployment({ namespace: doomed, name: 'web' }));
    const path = `/apis/apps/v1/namespaces/${doomed}/deployments/web`;
    let isCut = false;
    proxy.decide = async (call) => {
      if (!call.path.startsWith(path)) return 'pass';
      if (call.method === 'PATCH' && !isCut) {
        isCut = true;
        return 'cut-after';
      }
      if (isCut && call.method === 'GET') await cluster.call({ method: 'DELETE', path });
      return 'pass';
    };

    await reconcilePatiently(policyOf(doomed, { scope: { namespaces: [doomed] } }), 'enforce', 'enforced');

    proxy.decide = () => 'pass';
    const records = await rig.audit.pending(0n, 100_000);
    const [record, ...more] = records.filter(
      ({ action, object }) => action === 'Scale' && object?.namespace === doomed,
    );
    expect(more).toEqual([]);
    expect(record?.reason).toContain(unknownOutcome);
    expect(rig.audit.intents()).toEqual([]);
    await reconcilePatiently(policyOf(doomed, { scope: { namespaces: [doomed] } }), 'release', 'released');
  }, 60_000);

  it('does not take a conflict for the end of what it deletes', async () => {
    let conflicts = 0;
    proxy.decide = ({ path, method }) => {
      const isFirst = method === 'DELETE' && path.includes('policybindings') && conflicts === 0;
      if (isFirst) conflicts += 1;
      return isFirst ? { status: 409 } : 'pass';
    };
    const policy = policyOf('conflicted', { scope: { namespaces: [namespace] } });

    await rig.reconcile(policy, 'enforce', 'enforced');
    await reconcilePatiently(policy, 'release', 'released');

    expect(conflicts).toBe(1);
    const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
    expect(((await rig.get(path)) as { items: unknown[] }).items).toEqual([]);
    await rig.untilPods(namespace, 14);
  }, 60_000);

  it('goes on when watches are cut, without listing everything again', async () => {
    let lists = 0;
    proxy.decide = ({ path, method }) => {
      if (method === 'GET' && path.includes('limit=500')) lists += 1;
      return 'pass';
    };
    for (let cut = 0; cut < 3; cut += 1) proxy.cutAll();
    const policy = policyOf('cut', { scope: { namespaces: [namespace] } });

    await rig.reconcile(policy, 'enforce', 'enforced');
    await rig.untilPods(namespace, 0);
    await rig.reconcile(policy, 'release', 'released');

    expect(lists).toBe(0);
    await rig.untilPods(namespace, 14);
  }, 60_000);

  /** As the controller's queue does: a pass that throws is tried again. */
  async function reconcilePatiently(...args: Parameters<EnforcementRig['reconcile']>): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await rig.reconcile(...args);
        return;
      } catch (error) {
        if (attempt >= 200) throw error;
      }
    }
  }
});
