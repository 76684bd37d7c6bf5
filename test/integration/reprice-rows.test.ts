import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import { PriceHistory, RowRepricer, type RepricedMinute, type RepricedNode } from '@kubehero/control-plane';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { listActivations, listNodes } from '@kubehero/store-postgres';
import { startPlane, startStores, type Plane, type Stores } from '../support/stack.js';

const FIRST = Math.floor(Date.now() / 60_000) * 60 - 1200;
const SECONDS = 180;
const OLD_PRICE = '0.38412345';
const NEW_PRICE = '0.2712345678';

interface Installation {
  readonly stores: Stores;
  readonly plane: Plane;
}

/** Each row's digits by whom it is of, whatever keys the store gave them. */
async function fingerprint({ stores }: Installation, until = FIRST + SECONDS): Promise<object | undefined> {
  const [found] = await stores.clickhouse.query<{ rows: string; cost: string; hash: string }>(
    `SELECT count() AS rows, sum(toInt128(c.cpu_cost + c.ram_cost + c.gpu_cost + c.network_cost)) AS cost,
       groupBitXor(cityHash64(i.pod_uid, i.container, i.kind, toUnixTimestamp(c.ts), c.state, c.cpu_cost, c.ram_cost,
         c.gpu_cost, c.network_cost, c.cpu_rate, c.ram_rate, c.cpu_rest, c.ram_rest, c.cpu_us, c.ram_bytes,
         c.cpu_request, c.ram_request, c.net_unknown, c.net_node, c.net_zone, c.net_cross_tx, c.net_cross_rx,
         c.net_internet_tx, c.net_internet_rx)) AS hash
     FROM (SELECT *, cpu_cost, ram_cost FROM kubehero.pod_cost_1s FINAL WHERE ts < toDateTime(${until}, 'UTC')) AS c
     ANY LEFT JOIN (SELECT * FROM kubehero.identity FINAL) AS i ON i.key = c.id`,
  );
  return found;
}

async function send({ plane }: Installation, flags: Record<string, unknown>): Promise<void> {
  const all = {
    ...{ nodes: '5', podsPerNode: '23', seconds: String(SECONDS), network: true, client: plane.clientFile },
    ...{ start: new Date(FIRST * 1000).toISOString(), ...flags },
  };
  const context = { logger: silentLogger, signal: AbortSignal.timeout(60_000), now: Date.now };
  await simulate(readSettings(simulateSettings, { flags: all }), context);
}

/** Prices of an installation's nodes, under the keys that they have in another one. */
async function pricesOf(from: Installation, into: Installation): Promise<readonly RepricedNode[]> {
  const keys = new Map((await listNodes(into.stores.db)).map(({ uid, key }) => [uid, key]));
  const activations = await listActivations(from.stores.db);
  const assets = await from.stores.db.selectFrom('asset').select(['node_key', 'resources']).execute();
  return (await listNodes(from.stores.db)).map(({ key, uid }) => {
    const history = new PriceHistory(activations.filter(({ nodeKey }) => nodeKey === key));
    const capacity = assets.find(({ node_key }) => node_key === key)?.resources;
    return {
      nodeKey: keys.get(uid) ?? 0,
      price: history.at(FIRST, capacity as Parameters<PriceHistory['at']>[1]),
    };
  });
}

function minutes(): readonly RepricedMinute[] {
  return [0, 60, 120].map((offset) => {
    const start = FIRST + offset;
    return { clusterKey: 1, start, from: start, to: start + 60 };
  });
}

describe('stored seconds are priced again inside the engine', () => {
  let old: Installation;
  let fresh: Installation;
  let nodes: readonly RepricedNode[] = [];

  beforeAll(async () => {
    const made: Installation[] = [];
    for (const nodePrice of [OLD_PRICE, NEW_PRICE]) {
      const stores = await startStores();
      const installation = { stores, plane: await startPlane(stores, { cluster: 'same' }) };
      made.push(installation);
      await send(installation, { nodePrice });
    }
    [old, fresh] = made as [Installation, Installation];
    nodes = await pricesOf(fresh, old);
  }, 180_000);
  afterAll(async () => {
    for (const { stores, plane } of [old, fresh]) {
      await plane.stop();
      await stores.close();
    }
  });

  it('sums tell what would change, and write nothing', async () => {
    const before = await fingerprint(old);
    const after = await fingerprint(fresh);
    const repricer = new RowRepricer(old.stores.clickhouse, 'kubehero');

    const sums = (await Promise.all(minutes().map((minute) => repricer.sums(minute, nodes)))).flat();

    const total = (pick: 'before' | 'after'): string =>
      sums.reduce((sum, entry) => sum + entry[pick], 0n).toString();
    expect(sums.reduce((sum, { nodeSeconds }) => sum + nodeSeconds, 0)).toBe(5 * SECONDS);
    expect(before).toMatchObject({ cost: total('before') });
    expect(after).toMatchObject({ cost: total('after') });
    expect(total('before')).not.toBe(total('after'));
    expect(await fingerprint(old)).toEqual(before);
  }, 60_000);

  it('rows are digit for digit what a fresh ingest at that price stores, also when a minute is repeated', async () => {
    const repricer = new RowRepricer(old.stores.clickhouse, 'kubehero');

    for (const minute of minutes()) await repricer.rewrite(minute, nodes, 1);
    expect(await fingerprint(old)).toEqual(await fingerprint(fresh));

    for (const minute of minutes()) await repricer.rewrite(minute, nodes, 1);
    expect(await fingerprint(old)).toEqual(await fingerprint(fresh));
  }, 60_000);
});
