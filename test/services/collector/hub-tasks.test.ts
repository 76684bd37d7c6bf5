import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Collector } from '@kubehero/collector';
import { inventory, type ClientStream, type RpcChannel } from '@kubehero/rpc';
import { addCluster, listInventory } from '@kubehero/store-postgres';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { followTopology } from '../../../services/collector/hub/follow-topology.js';
import type { HubTask } from '../../../services/collector/hub/hub-task.js';
import { reportNode } from '../../../services/collector/hub/report-node.js';
import { TestCgroup } from '../../support/cgroup-workload.js';
import { openClusterChannel } from '../../support/cluster-channel.js';
import { ReportHub } from '../../support/report-hub.js';
import { bpf, describeWith } from '../../support/requirements.js';
import { startPlane, startStores, type Plane, type Stores } from '../../support/stack.js';
import { waitUntil } from '../../support/wait-until.js';

const link = 'kubehero2';
const peerScript = join(import.meta.dirname, '../../support/udp-peer.js');
const datagrams = 503;
const payload = 1000;
const sentBytes = datagrams * (payload + 28);
const cluster = 'edge';
const nodeUid = 'me';
const sameZone = 2;
const crossZone = 3;

const ip = (...parts: string[]): void => {
  execFileSync('ip', parts, { stdio: 'pipe' });
};
const zone = (name: string): Record<string, string> => ({ 'topology.kubernetes.io/zone': name });

describeWith([bpf], 'a collector and the inventory of its hub', () => {
  let stores: Stores;
  let plane: Plane;
  let channel: RpcChannel;
  let collector: Collector;
  let sending: TestCgroup;
  let operator: ClientStream<inventory.InventoryReportInput, inventory.InventoryReceipt>;
  const seconds = new ReportHub();
  const tasks: HubTask[] = [];
  const notices: string[] = [];
  let told = 0;
  let classOfPeer: number | undefined;

  const connect = async (role: 'collector' | 'operator', name: string): Promise<RpcChannel> =>
    await openClusterChannel(plane, { clusterId: cluster, role, name });

  beforeAll(async () => {
    // Whatever is sent to the other end of this link is counted, and lost there.
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', `${link}-peer`);
    ip('addr', 'add', '10.78.0.1/24', 'dev', link);
    ip('link', 'set', link, 'up');
    ip('link', 'set', `${link}-peer`, 'up');
    ip('neigh', 'add', '10.78.0.2', 'lladdr', '02:00:00:00:00:01', 'dev', link);
    sending = new TestCgroup('kubehero-test-topology');
    stores = await startStores();
    plane = await startPlane(stores);
    await addCluster(stores.db, { id: cluster, name: cluster, cloud: '', region: '' });
    channel = await connect('collector', nodeUid);
    await seconds.start();
    collector = new Collector({
      mode: 'bpf',
      nodeUid,
      openReport: seconds.openReport,
      emitter: 'test/1',
      onNotice: () => undefined,
    });
    await collector.start();
    const onNotice = (sentence: string): void => void notices.push(sentence);
    const hub = (): ReturnType<typeof channel.client<inventory.InventoryServiceShape>> =>
      channel.client(inventory.InventoryService);
    tasks.push(
      reportNode({ hub, nodeUid, onNotice, spec: () => collector.nodeSpec(), lookMs: 100 }),
      followTopology({
        hub,
        nodeUid,
        onNotice,
        firstBackoffMs: 100,
        setTopology: (prefixes) => {
          collector.setTopology(prefixes);
          told += 1;
          classOfPeer = prefixes.find(({ cidr }) => cidr === '10.78.0.0/24')?.networkClass;
        },
      }),
    );
    for (const task of tasks) task.start();
  }, 60_000);

  afterAll(async () => {
    for (const task of tasks) await task.stop();
    operator.cancel();
    channel.close();
    await collector.stop();
    seconds.close();
    await plane.stop();
    await stores.close();
    await sending.remove();
    ip('link', 'del', link);
  }, 30_000);

  const nodeNames = async (): Promise<string[]> => {
    const { key } = await addCluster(stores.db, { id: cluster, name: cluster, cloud: '', region: '' });
    return (await listInventory(stores.db, key)).map(({ uid }) => uid).sort();
  };

  /** Sends to an address behind the interface and returns what was counted by class. */
  const countSent = async (): Promise<Record<number, number>> => {
    const before = seconds.rowsOf('kubehero-test-topology').length;
    const role = [peerScript, sending.directory, 'send', '10.78.0.2', '7777', `${datagrams}`, `${payload}`];
    const [code] = (await once(spawn(process.execPath, role, { stdio: 'inherit' }), 'exit')) as [number];
    expect(code).toBe(0);
    const total = (): number => Object.values(sentSince(before)).reduce((sum, bytes) => sum + bytes, 0);
    await waitUntil('the seconds have come in which it was sent', () => total() >= sentBytes, 20_000);
    return sentSince(before);
  };

  const sentSince = (row: number): Record<number, number> => {
    const sum: Record<number, number> = {};
    for (const { network } of seconds.rowsOf('kubehero-test-topology').slice(row))
      for (const [networkClass, { tx }] of Object.entries(network))
        if (tx > 0) sum[Number(networkClass)] = (sum[Number(networkClass)] ?? 0) + tx;
    return sum;
  };

  it('reports its node until an operator does', async () => {
    await waitUntil('the node is in the inventory', async () => (await nodeNames()).length === 1);
    expect(await nodeNames()).toEqual([nodeUid]);

    operator = (await connect('operator', 'op')).client(inventory.InventoryService).Report();
    await operator.send({
      sequence: 1,
      listingBegins: true,
      listingComplete: true,
      nodes: [
        { uid: nodeUid, name: 'me', labels: zone('a') },
        { uid: 'peer', name: 'peer', labels: zone('b'), podCidrs: ['10.78.0.0/24'] },
      ],
    });

    await waitUntil('the operator is heard', async () => (await nodeNames()).length === 2);
  });

  it("counts traffic by the zones of the hub's topology, in the kernel", async () => {
    await waitUntil('the topology with zones is set', () => classOfPeer === crossZone);

    expect(await countSent()).toEqual({ [crossZone]: sentBytes });
  });

  it('follows a change', async () => {
    await operator.send({
      sequence: 2,
      nodes: [{ uid: 'peer', name: 'peer', labels: zone('a'), podCidrs: ['10.78.0.0/24'] }],
    });
    await waitUntil('the change is set', () => classOfPeer === sameZone);

    expect(await countSent()).toEqual({ [sameZone]: sentBytes });
  });

  it('keeps the last topology while the hub is away, and comes back', async () => {
    await plane.stop();
    await waitUntil('the loss is told', () => notices.some((text) => text.includes('network topology')));

    expect(await countSent()).toEqual({ [sameZone]: sentBytes });

    const before = told;
    const old = channel;
    plane = await startPlane(stores);
    channel = await connect('collector', nodeUid);
    old.close();
    await waitUntil('the topology comes again', () => told > before);
  }, 40_000);
});
