import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inventory, type RpcChannel, type RpcError } from '@kubehero/rpc';
import { silentLogger } from '@kubehero/runtime';
import { addCluster } from '@kubehero/store-postgres';
import type {
  NodeRecord,
  ServiceRecord,
} from '../../../../services/control-plane/inventory/inventory-records.js';
import { Inventory } from '../../../../services/control-plane/inventory/inventory.js';
import { TopologyTable } from '../../../../services/control-plane/inventory/topology-table.js';
import { openClusterChannel } from '../../../support/cluster-channel.js';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';

const sameNode = 1;
const sameZone = 2;
const crossZone = 3;
const unknown = 0;

const labelsOf = (zone?: string): Record<string, string> =>
  zone === undefined ? {} : { 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': zone };

const nodeOf = (index: number, zone?: string): NodeRecord => ({
  uid: `n${index}`,
  name: `node-${index}`,
  providerId: '',
  labels: labelsOf(zone),
  annotations: {},
  podCidrs: [`10.${Math.floor(index / 256)}.${index % 256}.0/24`],
  addresses: [`172.16.${Math.floor(index / 256)}.${index % 256}`, `node-${index}`],
});

const serviceOf = (ip: string, ...endpointAddresses: string[]): ServiceRecord => ({
  uid: ip,
  namespace: 'web',
  name: ip,
  type: 'ClusterIP',
  clusterIps: [ip],
  loadBalancerAddresses: [],
  endpointAddresses,
});

/** What the last entry says of a prefix, as a table that is loaded in order has it. */
const classesOf = (table: TopologyTable, nodeUid: string): Record<string, number> =>
  Object.fromEntries(table.forNode(nodeUid).prefixes.map(({ cidr, networkClass }) => [cidr, networkClass]));

describe('where addresses are, as a node sees it', () => {
  const nodes = new Map([nodeOf(1, 'a'), nodeOf(2, 'a'), nodeOf(3, 'b'), nodeOf(4)].map((n) => [n.uid, n]));

  it('tells its own, its zone, other zones, and what has no zone apart', () => {
    expect(classesOf(new TopologyTable(nodes, []), 'n1')).toEqual({
      '10.0.1.0/24': sameNode,
      '172.16.0.1': sameNode,
      '10.0.2.0/24': sameZone,
      '172.16.0.2': sameZone,
      '10.0.3.0/24': crossZone,
      '172.16.0.3': crossZone,
      '10.0.4.0/24': unknown,
      '172.16.0.4': unknown,
    });
  });

  it('knows only itself where the node has no zone, and nothing where the node is not known', () => {
    const table = new TopologyTable(nodes, []);

    const own = Object.entries(classesOf(table, 'n4')).filter(([, networkClass]) => networkClass !== unknown);
    expect(own).toEqual([
      ['10.0.4.0/24', sameNode],
      ['172.16.0.4', sameNode],
    ]);
    expect(new Set(Object.values(classesOf(table, 'never-seen')))).toEqual(new Set([unknown]));
  });

  it('takes a zone of the same name in another region for another one', () => {
    const far: NodeRecord = {
      ...nodeOf(5, 'a'),
      labels: { 'topology.kubernetes.io/region': 'far', 'topology.kubernetes.io/zone': 'a' },
    };

    const classes = classesOf(new TopologyTable(new Map([...nodes, ['n5', far]]), []), 'n1');

    expect(classes['10.0.5.0/24']).toBe(crossZone);
  });

  it("tells a service's address by its endpoints where they agree", () => {
    const services = [
      serviceOf('10.96.0.1', '10.0.1.7'),
      serviceOf('10.96.0.2', '10.0.1.7', '10.0.2.7'),
      serviceOf('10.96.0.3', '10.0.3.7', '172.16.0.3'),
      serviceOf('10.96.0.4', '10.0.1.7', '10.0.3.7'),
      serviceOf('10.96.0.5', '10.0.1.7', '192.0.2.1'),
      serviceOf('10.96.0.6'),
      serviceOf('None', '10.0.1.7'),
    ];

    const classes = classesOf(new TopologyTable(nodes, services), 'n1');

    expect(classes).toMatchObject({
      '10.96.0.1': sameNode,
      '10.96.0.2': sameZone,
      '10.96.0.3': crossZone,
      '10.96.0.4': unknown,
      '10.96.0.5': unknown,
      '10.96.0.6': unknown,
    });
    expect(classes).not.toHaveProperty('None');
  });

  it('is worked out once for a zone: 1,000 nodes and 2,000 services are told to all in a moment', () => {
    const many = new Map(
      Array.from({ length: 1000 }, (_, index) => nodeOf(index, `z${index % 3}`)).map((n) => [n.uid, n]),
    );
    const services = Array.from({ length: 2000 }, (_, index) =>
      serviceOf(`10.97.${Math.floor(index / 256)}.${index % 256}`, `10.0.${index % 256}.9`),
    );
    const startedAt = performance.now();

    const table = new TopologyTable(many, services);
    const told = [...many.keys()].map((uid) => table.forNode(uid).prefixes.length);

    const elapsedMs = performance.now() - startedAt;
    process.stderr.write(
      `topology of 1,000 nodes, 2,000 services: ${elapsedMs.toFixed(0)} ms for all nodes\n`,
    );
    expect(Math.min(...told)).toBeGreaterThanOrEqual(4000);
    expect(elapsedMs).toBeLessThan(5000);
  });
});

describe('WatchTopology', () => {
  let stores: Stores;
  let plane: Plane;
  const channels: RpcChannel[] = [];

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
  }, 60_000);
  afterAll(async () => {
    for (const channel of channels) channel.close();
    await plane.stop();
    await stores.close();
  });

  const open = async (
    clusterId: string,
    role: 'operator' | 'collector',
    name: string,
  ): Promise<RpcChannel> => {
    const channel = await openClusterChannel(plane, { clusterId, role, name });
    channels.push(channel);
    return channel;
  };
  const nodeInput = (index: number, zone: string): inventory.NodeInput => nodeOf(index, zone);

  it('pushes the table of its own cluster alone, at first and after each change, with a rising version', async () => {
    for (const name of ['east', 'west'])
      await addCluster(stores.db, { id: name, name, cloud: '', region: '' });
    const foreign = (await open('west', 'operator', 'op')).client(inventory.InventoryService).Report();
    await foreign.send({ sequence: 1, nodes: [{ ...nodeInput(99, 'a'), podCidrs: ['10.99.0.0/24'] }] });
    const operator = (await open('east', 'operator', 'op')).client(inventory.InventoryService).Report();
    const receipts = operator.responses[Symbol.asyncIterator]();
    await operator.send({ sequence: 1, nodes: [nodeInput(1, 'a'), nodeInput(2, 'b')] });
    await receipts.next();
    const collector = (await open('east', 'collector', 'n1')).client(inventory.InventoryService);
    const watch = collector.WatchTopology({ nodeUid: 'n1' })[Symbol.asyncIterator]();

    const first = (await watch.next()).value as inventory.Topology;
    await operator.send({ sequence: 2, nodes: [nodeInput(2, 'a')] });
    const second = (await watch.next()).value as inventory.Topology;

    const classes = ({ prefixes }: inventory.Topology): (number | undefined)[] =>
      ['10.0.1.0/24', '10.0.2.0/24', '10.99.0.0/24'].map(
        (wanted) => prefixes.findLast(({ cidr }) => cidr === wanted)?.networkClass,
      );
    expect(classes(first)).toEqual([sameNode, crossZone, undefined]);
    expect(classes(second)).toEqual([sameNode, sameZone, undefined]);
    expect(Number(second.version)).toBeGreaterThan(Number(first.version));
  });

  it('refuses a cluster that is not registered', async () => {
    const stranger = (await open('stranger', 'collector', 'n1')).client(inventory.InventoryService);

    const first = stranger.WatchTopology({ nodeUid: 'n1' })[Symbol.asyncIterator]().next();

    await expect(first).rejects.toMatchObject({ code: 'permission_denied' } satisfies Partial<RpcError>);
  });

  it('rests on what every replica reads: a follower knows what the leader stored', async () => {
    const follower = new Inventory({ db: stores.db, logger: silentLogger, nowS: () => 0 });
    await follower.start();

    const key = (await addCluster(stores.db, { id: 'east', name: 'east', cloud: '', region: '' })).key;
    expect([...follower.directory.nodes(key).keys()].sort()).toEqual(['n1', 'n2']);
    expect(() => {
      follower.open({
        clusterKey: key,
        reporter: { role: 'operator', name: 'op' },
        listing: undefined,
        acknowledge: () => undefined,
        fail: () => undefined,
      });
    }).toThrow(expect.objectContaining({ code: 'unavailable' }));
    await follower.stop();
  });
});
