import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { installDefinition } from '@kubehero/cli';
import { budgetPolicyCrd } from '@kubehero/contract';
import { kubeconfigServer, type ApiServer } from '@kubehero/kubernetes';
import { EventRecorder, policiesPath, PolicyStore, type BudgetPolicyObject } from '@kubehero/operator';
import { silentLogger } from '@kubehero/runtime';
import { Cluster } from '../support/cluster/cluster.js';
import { FaultProxy } from '../support/cluster/fault-proxy.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { describeWith } from '../support/requirements.js';
import { waitUntil } from '../support/wait-until.js';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const definition = `${definitions}/${budgetPolicyCrd.metadata.name}`;
const { signal } = new AbortController();

interface StoredEvent {
  readonly regarding: { readonly name: string; readonly uid: string };
  readonly reason: string;
  readonly series?: { readonly count: number };
}

describeWith([clusterBinaries('etcd', 'kube-apiserver')], 'policies as objects of a real API server', () => {
  let cluster: Cluster;
  let server: ApiServer;

  beforeAll(async () => {
    cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
    server = await kubeconfigServer(cluster.writeKubeconfig('objects.kubeconfig', cluster.adminToken));
    await waitUntil('the namespace is there', async () => {
      return (await cluster.call({ path: '/api/v1/namespaces/default' })).status === 200;
    });
  }, 60_000);
  afterAll(() => cluster.stop());

  /** The definition of an older version, which knows no verdict in the status. */
  function olderDefinition(): object {
    const older = JSON.parse(JSON.stringify(budgetPolicyCrd)) as {
      spec: {
        versions: {
          schema: { openAPIV3Schema: { properties: { status: { properties: Record<string, unknown> } } } };
        }[];
      };
    };
    for (const { schema } of older.spec.versions) {
      Reflect.deleteProperty(schema.openAPIV3Schema.properties.status.properties, 'verdict');
    }
    return older;
  }

  async function create(name: string): Promise<void> {
    const body = {
      apiVersion: 'kubehero.kubehero.io/v1',
      kind: 'BudgetPolicy',
      metadata: { name },
      spec: { scope: { namespaces: ['web'] }, ceiling: '$10/d' },
    };
    expect((await cluster.call({ method: 'POST', path: policiesPath, body })).status).toBe(201);
  }

  async function open(): Promise<PolicyStore> {
    const store = new PolicyStore({
      server,
      writer: server,
      onChange: () => undefined,
      onFailure: () => undefined,
    });
    await store.start();
    return store;
  }

  function found(store: PolicyStore, name: string): BudgetPolicyObject {
    const policy = store.tryFind(name);
    if (policy === undefined) throw new Error(`${name} is not there`);
    return policy;
  }

  it('installs the definition where it is missing, replaces an older one, and leaves one of this version alone', async () => {
    expect(await installDefinition(server, signal)).toBe('installed');
    expect(await installDefinition(server, signal)).toBe('unchanged');
    await cluster.call({ method: 'DELETE', path: definition });
    await waitUntil('it is gone', async () => (await cluster.call({ path: definition })).status === 404);
    expect((await cluster.call({ method: 'POST', path: definitions, body: olderDefinition() })).status).toBe(
      201,
    );
    expect(await installDefinition(server, signal)).toBe('updated');
    expect(await installDefinition(server, signal)).toBe('unchanged');
  }, 60_000);

  it('refuses to overwrite what somebody else changed meanwhile', async () => {
    await create('locked');
    const store = await open();
    const before = found(store, 'locked');
    await store.patch(before, { spec: { armed: true } }, signal);
    await expect(store.patch(before, { spec: { armed: false } }, signal)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(found(store, 'locked').spec.armed).toBe(true);
    await store.stop();
  });

  it('tells what its own write changed when the answer comes before the watch does', async () => {
    await create('quick');
    const proxy = await FaultProxy.start(cluster.url, cluster.ca);
    proxy.decide = ({ path }) => (path.includes('watch=1') ? 'hang' : 'pass');
    const changes: (readonly [string, boolean])[] = [];
    const store = new PolicyStore({
      server: { url: new URL(proxy.url), authorization: () => server.authorization() },
      writer: server,
      onChange: (...change) => changes.push(change),
      onFailure: () => undefined,
    });
    await store.start();
    changes.length = 0;
    const armed = await store.patch(found(store, 'quick'), { spec: { armed: true } }, signal);
    expect(changes).toEqual([['quick', true]]);
    await store.patchStatus(armed, { phase: 'Tracking' }, signal);
    expect(changes).toHaveLength(1);
    await store.stop();
    await proxy.stop();
  });

  it('removes from a status what it does not say any more', async () => {
    await create('forgetful');
    const store = await open();
    await store.patchStatus(found(store, 'forgetful'), { phase: 'Warning', spend: '8' }, signal);
    const after = await store.patchStatus(found(store, 'forgetful'), { phase: 'Tracking' }, signal);
    expect(after.status).toEqual({ phase: 'Tracking' });
    await store.stop();
  });

  it('makes and removes replicas, and knows them by the identity of their original', async () => {
    const store = await open();
    const spec = { scope: { namespaces: ['web'] }, ceiling: '$10/d' };
    await store.createReplica({ uid: 'far-away', name: 'copy', spec, armedBy: 'alice' }, signal);
    const replica = store.tryFindByIdentity('far-away');
    expect(replica?.metadata.annotations).toEqual({ 'kubehero.io/armed-by': 'alice' });
    await store.delete(found(store, 'copy'), signal);
    await waitUntil('the watch says so', () => store.tryFindByIdentity('far-away') === undefined);
    await store.stop();
  });

  it('counts an event that comes again in one series', async () => {
    await create('noisy');
    const store = await open();
    let now = Date.now();
    const recorder = new EventRecorder({
      server,
      instance: 'operator-0',
      logger: silentLogger,
      now: () => now,
    });
    const record = (): void => {
      recorder.record(found(store, 'noisy'), {
        type: 'Warning',
        reason: 'Test',
        action: 'Test',
        note: 'the same',
      });
    };
    record();
    record();
    await recorder.flush();
    now += 61_000;
    record();
    await recorder.flush();
    const { items } = (await cluster.call({ path: '/apis/events.k8s.io/v1/namespaces/default/events' }))
      .body as {
      items: StoredEvent[];
    };
    const ours = items.filter(({ reason }) => reason === 'Test');
    expect(ours.map(({ regarding, series }) => [regarding.name, series?.count])).toEqual([['noisy', 3]]);
    await store.stop();
  });
});
