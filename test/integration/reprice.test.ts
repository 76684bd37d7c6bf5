import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import { createConnectClient, pricing } from '@kubehero/rpc';
import { readSettings, silentLogger } from '@kubehero/runtime';
import type { ClickHouseEngine } from '@kubehero/store-clickhouse';
import { listActivations, listRepricedActivations, sql, tryFindOpenReprice } from '@kubehero/store-postgres';
import { sumNamespaces, sumTable, waitForRollups } from '../support/ledger.js';
import { startPlane, startStores, type Plane, type Stores } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';

const FIRST = Math.floor(Date.now() / 60_000) * 60 - 3000;
const MINUTES = 13;
const SECONDS = MINUTES * 60;
const NODES = 3;
const PODS = 17;
const OLD_PRICE = '0.38412345';
const NEW_PRICE = '0.2712345678';
/** A minute that is sent late, after the reprice. */
const LATE = { offset: 240, seconds: 60 } as const;
const LEVELS = ['second', 'minute', 'hour', 'day'] as const;

interface Installation {
  readonly stores: Stores;
  plane: Plane;
}

/** Each row's digits by whom it is of, whatever keys the store gave them. */
async function fingerprint({ stores }: Installation): Promise<object | undefined> {
  const [found] = await stores.clickhouse.query<object>(
    `SELECT count() AS rows, sum(toInt128(c.cpu_cost + c.ram_cost + c.gpu_cost + c.network_cost)) AS cost,
       groupBitXor(cityHash64(i.pod_uid, i.container, i.kind, toUnixTimestamp(c.ts), c.state, c.cpu_cost, c.ram_cost,
         c.gpu_cost, c.network_cost, c.cpu_rate, c.ram_rate, c.cpu_rest, c.ram_rest, c.cpu_us, c.ram_bytes,
         c.cpu_request, c.ram_request, c.gpu_request, c.net_unknown, c.net_node, c.net_zone, c.net_cross_tx,
         c.net_cross_rx, c.net_internet_tx, c.net_internet_rx)) AS hash
     FROM (SELECT *, cpu_cost, ram_cost FROM kubehero.pod_cost_1s FINAL) AS c
     ANY LEFT JOIN (SELECT * FROM kubehero.identity FINAL) AS i ON i.key = c.id`,
  );
  return found;
}

/** What all tables hold, by pods and by namespaces. */
async function tables({ stores }: Installation): Promise<readonly unknown[]> {
  await waitForRollups(stores.db);
  const sums: unknown[] = [];
  for (const level of LEVELS) {
    const [byPod, byNamespace] = await Promise.all([
      sumTable(stores.clickhouse, level, 1),
      sumNamespaces(stores.clickhouse, level, 1),
    ]);
    sums.push({ level, byPod, byNamespace });
  }
  return sums;
}

/** The ledger of ingest; counters of changes are no part of it. */
async function ledger({ stores }: Installation): Promise<readonly unknown[]> {
  const { rows } = await sql`select cluster_key, minute, row_count, node_seconds, cost from ingest_minute
    order by cluster_key, minute`.execute(stores.db);
  return rows;
}

async function send(
  { plane }: Installation,
  from: number,
  seconds: number,
  nodePrice: string,
): Promise<void> {
  const flags = {
    ...{
      nodes: String(NODES),
      podsPerNode: String(PODS),
      seconds: String(seconds),
      network: true,
      nodePrice,
    },
    ...{ client: plane.clientFile, start: new Date(from * 1000).toISOString() },
  };
  const context = { logger: silentLogger, signal: AbortSignal.timeout(60_000), now: Date.now };
  await simulate(readSettings(simulateSettings, { flags }), context);
}

/** Everything but the minute that comes late. */
async function sendInTime(installation: Installation, nodePrice: string): Promise<void> {
  await send(installation, FIRST, LATE.offset, nodePrice);
  const after = LATE.offset + LATE.seconds;
  await send(installation, FIRST + after, SECONDS - after, nodePrice);
}

function clientOf({ plane }: Installation) {
  return createConnectClient({ server: plane.plane.url, token: plane.token }).client(pricing.RepriceService);
}

const WHOLE = {
  cluster: '',
  from: new Date(FIRST * 1000).toISOString(),
  to: new Date((FIRST + SECONDS) * 1000).toISOString(),
  nodes: [] as string[],
  pricePerHour: NEW_PRICE,
  reason: 'the rack was cheaper than we thought',
  by: 'somebody',
  dryRun: false,
};

async function finish(installation: Installation, id: number): Promise<pricing.Reprice> {
  let now: pricing.Reprice | null = null;
  await waitUntil(
    `reprice ${id} is done`,
    async () => {
      now = (await clientOf(installation).GetReprice({ id })).reprice;
      return now?.status === 'done';
    },
    90_000,
  );
  return now as unknown as pricing.Reprice;
}

async function reprice(
  installation: Installation,
  changes: Partial<typeof WHOLE> = {},
): Promise<pricing.Reprice> {
  const { reprice: started } = await clientOf(installation).StartReprice({ ...WHOLE, ...changes });
  return await finish(installation, started?.id ?? 0);
}

describe('stored seconds are priced again', () => {
  let old: Installation;
  let fresh: Installation;

  beforeAll(async () => {
    const made: Installation[] = [];
    for (const price of [OLD_PRICE, NEW_PRICE]) {
      const stores = await startStores();
      const installation = { stores, plane: await startPlane(stores, { cluster: 'same' }) };
      made.push(installation);
      await sendInTime(installation, price);
    }
    [old, fresh] = made as [Installation, Installation];
  }, 180_000);
  afterAll(async () => {
    for (const { stores, plane } of [old, fresh]) {
      await plane.stop();
      await stores.close();
    }
  }, 60_000);

  it('a dry run shows what would change, to the picodollar, and changes nothing', async () => {
    const before = [await fingerprint(old), await tables(old), await ledger(old)];
    const activations = await listActivations(old.stores.db);

    const shown = await reprice(old, { dryRun: true });

    expect(await fingerprint(old)).toMatchObject({ cost: shown.beforePicodollars });
    expect(await fingerprint(fresh)).toMatchObject({ cost: shown.afterPicodollars });
    expect(shown.afterPicodollars).not.toBe(shown.beforePicodollars);
    expect(shown.byNode).toHaveLength(NODES);
    expect([await fingerprint(old), await tables(old), await ledger(old)]).toEqual(before);
    expect(await listActivations(old.stores.db)).toEqual(activations);
    expect(await listRepricedActivations(old.stores.db)).toEqual([]);
  }, 120_000);

  it('killed after rows were written and before anybody knew, the next leader goes on: as if never killed', async () => {
    await old.plane.stop();
    let inserts = 0;
    const engine = old.stores.clickhouse;
    const dying: ClickHouseEngine = {
      query: engine.query.bind(engine),
      queryNative: engine.queryNative.bind(engine),
      command: engine.command.bind(engine),
      insertObjects: engine.insertObjects.bind(engine),
      usage: engine.usage.bind(engine),
      close: engine.close.bind(engine),
      insertNative: async (...insert) => {
        await engine.insertNative(...insert);
        inserts += 1;
        if (inserts > 1) throw new Error('killed');
      },
    };
    old.plane = await startPlane({ ...old.stores, clickhouse: dying }, { cluster: 'same' });
    const { reprice: started } = await clientOf(old).StartReprice(WHOLE);
    await waitUntil('the second insert dies', () => inserts > 1, 60_000);
    await old.plane.stop();
    expect(await tryFindOpenReprice(old.stores.db)).toMatchObject({ status: 'running', minutesDone: 10 });
    expect(await fingerprint(old)).toEqual(await fingerprint(fresh)); // rows yes, ledger and progress not

    old.plane = await startPlane(old.stores, { cluster: 'same' });
    const done = await finish(old, started?.id ?? 0);

    expect(await fingerprint(old)).toEqual(await fingerprint(fresh));
    expect(await ledger(old)).toEqual(await ledger(fresh));
    const total = (pick: 'beforePicodollars' | 'afterPicodollars'): string =>
      done.byNamespace.reduce((sum, entry) => sum + BigInt(entry[pick]), 0n).toString();
    expect(done).toMatchObject({
      beforePicodollars: total('beforePicodollars'),
      afterPicodollars: total('afterPicodollars'),
      rows: String(NODES * (PODS + 1) * (SECONDS - LATE.seconds)),
      minutesDone: MINUTES - 1,
      reason: WHOLE.reason,
      requestedBy: WHOLE.by,
    });
    expect(await fingerprint(fresh)).toMatchObject({ cost: done.afterPicodollars });
    const dry = (await clientOf(old).GetReprice({ id: 1 })).reprice;
    expect(done.beforePicodollars).toBe(dry?.beforePicodollars);
  }, 180_000);

  it('minutes, hours, days and namespaces are rolled up again', async () => {
    expect(await tables(old)).toEqual(await tables(fresh));
  }, 120_000);

  it('seconds that come after it have its price, also by a leader that began later', async () => {
    await send(old, FIRST + LATE.offset, LATE.seconds, OLD_PRICE);
    await send(fresh, FIRST + LATE.offset, LATE.seconds, NEW_PRICE);

    expect(await fingerprint(old)).toEqual(await fingerprint(fresh));
    expect(await tables(old)).toEqual(await tables(fresh));
  }, 120_000);

  it('seconds that are sent again change nothing', async () => {
    await send(old, FIRST, LATE.offset, OLD_PRICE);

    expect(await fingerprint(old)).toEqual(await fingerprint(fresh));
    expect(await ledger(old)).toEqual(await ledger(fresh));
  }, 120_000);

  it('repeated, it changes nothing; and names the price of every row', async () => {
    const again = await reprice(old);

    expect(again.afterPicodollars).toBe(again.beforePicodollars);
    expect(await fingerprint(old)).toEqual(await fingerprint(fresh));
    expect(await tables(old)).toEqual(await tables(fresh));
    const used = await old.stores.clickhouse.query<{ activation: number }>(
      'SELECT DISTINCT activation FROM kubehero.pod_cost_1s FINAL ORDER BY activation',
    );
    const named = await listRepricedActivations(old.stores.db, { repriceKey: again.id });
    expect(used.map(({ activation }) => activation)).toEqual(
      named.map(({ key }) => key).sort((a, b) => a - b),
    );
    expect(named[0]?.explanation[0]).toContain(WHOLE.reason);
  }, 120_000);

  it('one node and half a minute of it: the others stay, and back again all is as before', async () => {
    const [node] = (await clientOf(old).GetReprice({ id: 1 })).reprice?.byNode ?? [];
    const part = {
      nodes: [node?.name ?? ''],
      from: new Date((FIRST + 30) * 1000).toISOString(),
      to: new Date((FIRST + 95) * 1000).toISOString(),
    };
    const before = await tables(old);

    const changed = await reprice(old, { ...part, pricePerHour: OLD_PRICE });
    expect(changed).toMatchObject({ rows: String(65 * (PODS + 1)) });
    expect(changed.byNode).toMatchObject([{ name: node?.name }]);
    expect(await tables(old)).not.toEqual(before);
    const [raw, minutes] = (await tables(old)) as [{ byPod: unknown }, { byPod: unknown }];
    expect(raw.byPod).toEqual(minutes.byPod);

    const back = await reprice(old, { ...part, pricePerHour: NEW_PRICE });
    expect(back.afterPicodollars).toBe(changed.beforePicodollars);
    expect(await fingerprint(old)).toEqual(await fingerprint(fresh));
    expect(await tables(old)).toEqual(before);
  }, 180_000);

  it.each([
    ['the future', { to: new Date(Date.now() + 3_600_000).toISOString() }, 'lies in the future'],
    ['the last minutes', { to: new Date(Date.now() - 60_000).toISOString() }, 'may still arrive: end it by'],
    ['expired seconds', { from: '2020-01-01T00:00:00Z' }, 'have expired: begin it'],
    ['an empty window', { to: WHOLE.from }, 'is empty'],
    ['a price that is none', { pricePerHour: '1e3' }, 'is no amount of money'],
    ['a price out of range', { pricePerHour: '144001' }, 'give 0 to 144000'],
    ['an unknown cluster', { cluster: 'nowhere' }, "see 'kubehero cluster list'"],
    ['an unknown node', { nodes: ['nobody'] }, 'has ever reported'],
  ])('%s is refused with the way out, and nothing is recorded', async (_name, changes, words) => {
    const count = (await clientOf(old).ListReprices({})).reprices.length;

    await expect(clientOf(old).StartReprice({ ...WHOLE, ...changes })).rejects.toThrow(words);

    expect((await clientOf(old).ListReprices({})).reprices).toHaveLength(count);
  });
});
