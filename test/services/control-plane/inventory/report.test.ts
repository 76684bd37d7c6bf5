import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inventory, type ClientStream, type RpcChannel } from '@kubehero/rpc';
import { addCluster, listInventory, sql } from '@kubehero/store-postgres';
import { openClusterChannel, type ChannelIdentity } from '../../../support/cluster-channel.js';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';

type Report = inventory.InventoryReportInput;

/** A stream of reports that counts them and waits for their receipts. */
class Reporter {
  readonly #call: ClientStream<Report, inventory.InventoryReceipt>;
  readonly #receipts: AsyncIterator<inventory.InventoryReceipt>;
  #sequence = 0;

  constructor(readonly channel: RpcChannel) {
    this.#call = channel.client(inventory.InventoryService).Report();
    this.#receipts = this.#call.responses[Symbol.asyncIterator]();
  }

  /** Sends a report and waits until it is stored. */
  async say(report: Report): Promise<void> {
    await this.send(report);
    await this.settled();
  }

  async send(report: Report): Promise<void> {
    this.#sequence += 1;
    await this.#call.send({ sequence: this.#sequence, ...report });
  }

  async settled(): Promise<void> {
    for (let through = 0; through < this.#sequence;) {
      const next = await this.#receipts.next();
      if (next.done === true) throw new Error('the stream ended before its reports were stored');
      through = Number(next.value.throughSequence);
    }
  }

  /** The error that ends the stream. */
  async failure(): Promise<unknown> {
    try {
      while ((await this.#receipts.next()).done !== true);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

const node = (uid: string, name = uid): inventory.NodeInput => ({ uid, name, labels: { zone: 'a' } });
const namespace = (uid: string, name: string, labels = {}): inventory.NamespaceInput => ({
  uid,
  name,
  labels,
});

describe('the inventory of a cluster', () => {
  let stores: Stores;
  let plane: Plane;
  let cluster: { id: string; key: number };
  let run = 0;
  const reporters: Reporter[] = [];

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
  }, 60_000);
  afterAll(async () => {
    for (const { channel } of reporters) channel.close();
    await plane.stop();
    await stores.close();
  });
  beforeEach(async () => {
    run += 1;
    cluster = await addCluster(stores.db, { id: `c${run}`, name: `c${run}`, cloud: '', region: '' });
  });

  const report = async (
    role: ChannelIdentity['role'] = 'operator',
    name: string = role,
    clusterId = cluster.id,
  ): Promise<Reporter> => {
    const reporter = new Reporter(await openClusterChannel(plane, { clusterId, role, name }));
    reporters.push(reporter);
    return reporter;
  };
  const held = async (key = cluster.key): Promise<string[]> =>
    (await listInventory(stores.db, key)).map(({ kind, name, uid }) => `${kind} ${name} ${uid}`).sort();
  const versions = async (
    uid: string,
  ): Promise<{ valid_to: number | null; record: { labels: object } }[]> => {
    const { rows } = await sql<{ valid_to: number | null; record: { labels: object } }>`
      select valid_to, record from inventory_object where cluster_key = ${cluster.key} and uid = ${uid}
      order by valid_from`.execute(stores.db);
    return rows;
  };

  it('is durable when its receipt comes', async () => {
    const operator = await report();

    await operator.say({
      nodes: [node('n1')],
      namespaces: [namespace('s1', 'web')],
      owners: [{ uid: 'o1', namespace: 'web', apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' }],
      volumes: [{ uid: 'v1', name: 'pv-1', namespace: 'web', claim: 'data' }],
      services: [{ uid: 'x1', name: 'api', namespace: 'web', clusterIps: ['10.96.0.1'] }],
    });

    expect(await held()).toEqual([
      'namespace web s1',
      'node n1 n1',
      'owner api o1',
      'service api x1',
      'volume pv-1 v1',
    ]);
  });

  it('loses by a full listing what is not named in it, and not before it is complete', async () => {
    const operator = await report();
    await operator.say({ nodes: [node('n1'), node('n2')], namespaces: [namespace('s1', 'web')] });

    await operator.say({ listingBegins: true, nodes: [node('n2')] });
    expect(await held()).toHaveLength(3);
    await operator.say({ listingComplete: true, namespaces: [namespace('s2', 'shop')] });

    expect(await held()).toEqual(['namespace shop s2', 'node n2 n2']);
  });

  it('loses what is said to be gone', async () => {
    const operator = await report();
    await operator.say({ namespaces: [namespace('s1', 'web'), namespace('s2', 'shop')] });

    await operator.say({ goneUids: ['s1', 'never-there'] });

    expect(await held()).toEqual(['namespace shop s2']);
  });

  it('keeps two objects of one name apart, one after the other', async () => {
    const operator = await report();
    await operator.say({ namespaces: [namespace('old', 'web', { team: 'a' })] });

    await operator.say({ namespaces: [namespace('new', 'web', { team: 'b' })] });

    expect(await held()).toEqual(['namespace web new']);
    expect((await versions('old'))[0]?.valid_to).not.toBeNull();
    expect((await versions('new'))[0]?.valid_to).toBeNull();
  });

  it('keeps the labels of the past, and not every count of replicas', async () => {
    const operator = await report();
    const owner = { uid: 'o1', namespace: 'web', apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' };
    await operator.say({ owners: [{ ...owner, labels: { tier: 'a' }, replicas: 1 }] });
    await operator.say({ owners: [{ ...owner, labels: { tier: 'a' }, replicas: 7 }] });
    await new Promise((resolve) => setTimeout(resolve, 1100));

    await operator.say({ owners: [{ ...owner, labels: { tier: 'b' }, replicas: 7 }] });

    const all = await versions('o1');
    expect(all.map(({ record }) => record.labels)).toEqual([{ tier: 'a' }, { tier: 'b' }]);
    expect(all.map(({ valid_to: validTo }) => validTo === null)).toEqual([false, true]);
    expect(all[1]?.record).toMatchObject({ replicas: 7 });
  });

  it('takes from a collector its own node alone, and never deletes by it', async () => {
    const operator = await report();
    const collector = await report('collector', 'n1');
    const stranger = await report('collector', 'n9');
    await operator.say({ nodes: [node('n1', 'as-the-operator-says'), node('n2')] });

    await collector.say({ listingBegins: true, listingComplete: true, nodes: [node('n1', 'mine')] });
    await stranger.send({ nodes: [node('n2', 'not-mine')] });

    expect(await stranger.failure()).toMatchObject({ code: 'permission_denied' });
    expect(await held()).toEqual(['node as-the-operator-says n1', 'node n2 n2']);
  });

  it('has from collectors what no operator reported yet, until one does', async () => {
    for (const name of ['n1', 'n2'])
      await (
        await report('collector', name)
      ).say({
        listingBegins: true,
        listingComplete: true,
        nodes: [node(name)],
      });
    expect(await held()).toEqual(['node n1 n1', 'node n2 n2']);

    const operator = await report();
    await operator.say({ listingBegins: true, listingComplete: true, nodes: [node('n2')] });

    expect(await held()).toEqual(['node n2 n2']);
  });

  it('belongs to the cluster of the certificate, also where UIDs are the same', async () => {
    const other = await addCluster(stores.db, { id: `d${run}`, name: `d${run}`, cloud: '', region: '' });
    await (await report()).say({ namespaces: [namespace('s1', 'web')] });

    const foreign = await report('operator', 'operator', other.id);
    await foreign.say({ listingBegins: true, listingComplete: true, namespaces: [namespace('s1', 'shop')] });

    expect(await held()).toEqual(['namespace web s1']);
    expect(await held(other.key)).toEqual(['namespace shop s1']);
  });

  it('has one operator at a time: the newer stream ends the older', async () => {
    const first = await report('operator', 'a');
    await first.say({ namespaces: [namespace('s1', 'web')] });

    const second = await report('operator', 'b');
    await second.say({ namespaces: [namespace('s2', 'shop')] });

    expect(await first.failure()).toMatchObject({ code: 'aborted' });
  });

  it.each<[string, Report]>([
    ['without a UID', { nodes: [{ name: 'n1' }] }],
    ['without a name', { nodes: [{ uid: 'n1' }] }],
    ['with a NUL in a label', { namespaces: [namespace('s1', 'web', { a: 'b\u0000' })] }],
    ['out of its order', { sequence: 7, nodes: [node('n1')] }],
  ])('refuses a report %s, and stores nothing of it', async (_name, bad) => {
    const operator = await report();

    await operator.send(bad);

    expect(await operator.failure()).toMatchObject({ code: 'invalid_argument' });
    expect(await held()).toEqual([]);
  });

  it('refuses a cluster that is not registered', async () => {
    const stranger = await report('operator', 'operator', 'stranger');

    expect(await stranger.failure()).toMatchObject({ code: 'permission_denied' });
  });

  it('takes 30,000 workloads in batches', async () => {
    const operator = await report();
    await operator.send({ listingBegins: true });
    for (let batch = 0; batch < 60; batch++) {
      const owners = Array.from({ length: 500 }, (_, index) => ({
        uid: `o${batch}-${index}`,
        namespace: `ns-${batch}`,
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: `api-${index}`,
        podLabels: { app: `api-${index}` },
      }));
      await operator.send({ owners });
    }
    await operator.send({ listingComplete: true });
    await operator.settled();

    expect(await held()).toHaveLength(30_000);
  }, 60_000);
});
