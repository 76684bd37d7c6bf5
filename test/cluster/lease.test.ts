import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { kubeconfigServer, type ApiServer } from '@kubehero/kubernetes';
import { fencedServer, LeaseElector } from '@kubehero/operator';
import { silentLogger, waitForAbort } from '@kubehero/runtime';
import { Cluster } from '../support/cluster/cluster.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { describeWith } from '../support/requirements.js';
import { waitUntil } from '../support/wait-until.js';

const durationMs = 4000;

describeWith([clusterBinaries('etcd', 'kube-apiserver')], 'the election of the active operator', () => {
  let cluster: Cluster;
  let server: ApiServer;
  let count = 0;
  const electors: LeaseElector[] = [];
  const log: { who: string; what: 'begins' | 'ends'; at: number }[] = [];

  beforeAll(async () => {
    cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
    server = await kubeconfigServer(cluster.writeKubeconfig('election.kubeconfig', cluster.adminToken));
    await waitUntil('the namespace is there', async () => {
      return (await cluster.call({ path: '/api/v1/namespaces/default' })).status === 200;
    });
  }, 60_000);
  afterEach(async () => {
    await Promise.all(electors.splice(0).map((elector) => elector.stop()));
    log.length = 0;
  });
  afterAll(() => cluster.stop());

  function campaign(who: string, lease: string, api = server): LeaseElector {
    const elector = new LeaseElector({
      server: api,
      namespace: 'default',
      name: lease,
      holder: `${who}-${++count}`,
      logger: silentLogger,
      durationMs,
      renewMs: 500,
      lead: async (signal) => {
        log.push({ who, what: 'begins', at: performance.now() });
        await waitForAbort(signal);
        log.push({ who, what: 'ends', at: performance.now() });
      },
    });
    electors.push(elector);
    elector.start();
    return elector;
  }

  const begins = (who: string): boolean => log.some((entry) => entry.who === who && entry.what === 'begins');

  it('lets one replica lead, and the other as soon as the first one stops', async () => {
    const first = campaign('first', 'graceful');
    await waitUntil('the first one leads', () => first.isActive());
    const second = campaign('second', 'graceful');
    await first.stop();
    await waitUntil('the second one leads', () => second.isActive(), durationMs);
    expect(log.map(({ who, what }) => `${who} ${what}`)).toEqual([
      'first begins',
      'first ends',
      'second begins',
    ]);
    expect(first.isActive()).toBe(false);
  }, 30_000);

  it('takes the lease of a replica that is cut off, which has ended its work before', async () => {
    let cut = false;
    const wire = fencedServer(server, () => !cut);
    const first = campaign('first', 'cut', wire);
    await waitUntil('the first one leads', () => first.isActive());
    campaign('second', 'cut');
    cut = true;
    await waitUntil('the second one leads', () => begins('second'), 3 * durationMs);
    const [, ended, took] = log;
    expect(log.map(({ who, what }) => `${who} ${what}`)).toEqual([
      'first begins',
      'first ends',
      'second begins',
    ]);
    expect(took?.at ?? 0).toBeGreaterThan(ended?.at ?? Infinity);
  }, 30_000);

  it('refuses every call of a replica whose time is over', async () => {
    const first = campaign('first', 'fence');
    const fenced = fencedServer(server, () => first.isActive());
    await waitUntil('it leads', () => first.isActive());
    expect(await fenced.authorization()).toBe(`Bearer ${cluster.adminToken}`);
    await first.stop();
    await expect(fenced.authorization()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  }, 30_000);

  it('counts every change of the holder in the lease', async () => {
    const first = campaign('first', 'count');
    await waitUntil('the first one leads', () => first.isActive());
    await first.stop();
    const second = campaign('second', 'count');
    await waitUntil('the second one leads', () => second.isActive());
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/count';
    const { spec } = (await cluster.call({ path })).body as {
      spec: { leaseTransitions: number; holderIdentity: string };
    };
    expect([spec.holderIdentity, spec.leaseTransitions > 1]).toEqual([`second-${count}`, true]);
  }, 30_000);
});
