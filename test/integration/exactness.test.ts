import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings, type SimulationResult } from '@kubehero/cli';
import { createConnectClient, query } from '@kubehero/rpc';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { tryFindClusterByName } from '@kubehero/store-postgres';
import { sumNamespaces, sumTable, waitForRollups } from '../support/ledger.js';
import { startPlane, startStores, type Plane, type Stores } from '../support/stack.js';

const START = `${new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000).toISOString().slice(0, 14)}58:30Z`;

describe('what is stored equals what was emitted, to the picodollar', () => {
  let stores: Stores;
  let plane: Plane;

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
  });
  afterAll(async () => {
    await plane.stop();
    await stores.close();
  });

  const run = async (cluster: string, flags: Record<string, unknown>): Promise<SimulationResult> => {
    const settings = readSettings(simulateSettings, {
      flags: {
        nodes: '7',
        podsPerNode: '13',
        seconds: '200',
        start: START,
        cluster,
        client: plane.clientFile,
        ...flags,
      },
    });
    const { result } = await simulate(settings, {
      logger: silentLogger,
      signal: AbortSignal.timeout(50_000),
      now: Date.now,
    });
    return result;
  };

  const costOf = async (
    cluster: string,
    by: readonly string[],
    stepS = 0,
  ): Promise<query.GetCostResponse> => {
    const client = createConnectClient({ server: plane.plane.url, token: plane.token }).client(
      query.CostService,
    );
    const from = new Date(Date.parse(START) - 3_600_000).toISOString();
    const to = new Date(Date.parse(START) + 3_600_000).toISOString();
    return await client.GetCost({
      by: [...by],
      where: [{ key: 'cluster', value: cluster }],
      from,
      to,
      stepS,
    });
  };

  it.each([
    ['in order', {}],
    ['sent twice', { repeat: '2' }],
    ['out of order', { shuffle: true }],
    ['with a tenth of it late', { late: '0.1' }],
    ['twice, out of order and late', { repeat: '2', shuffle: true, late: '0.1', seed: '7' }],
    ['with network traffic', { network: true }],
  ])('holds for telemetry %s, in rows and in rollups', async (name, flags) => {
    const cluster = name.replace(/[^a-z]+/g, '-');
    const emitted = await run(cluster, flags);
    await waitForRollups(stores.db);

    const key = (await tryFindClusterByName(stores.db, cluster))?.key ?? 0;
    const seconds = await sumTable(stores.clickhouse, 'second', key);
    const answer = await costOf(cluster, ['pod']);
    const network = answer.rows.reduce((sum, row) => sum + BigInt(row.byResource?.network ?? 0), 0n);

    expect(emitted.acknowledgedSeconds).toBe(1400);
    expect(seconds.rows).toBe(7 * 200 * (13 + 1));
    expect(seconds.cost - network).toBe(BigInt(emitted.costPicodollars));
    expect(network > 0n).toBe('network' in flags);
    expect(await sumTable(stores.clickhouse, 'minute', key)).toEqual(seconds);
    expect(await sumTable(stores.clickhouse, 'hour', key)).toEqual(seconds);
    expect(await sumNamespaces(stores.clickhouse, 'second', key)).toEqual(seconds);
    expect(await sumNamespaces(stores.clickhouse, 'minute', key)).toEqual(seconds);
    expect(await sumNamespaces(stores.clickhouse, 'hour', key)).toEqual(seconds);
    expect(answer.total?.costPicodollars).toBe(seconds.cost.toString());
    expect(answer.coverage).toMatchObject({ expectedNodeSeconds: '1400', observedNodeSeconds: '1400' });
  });

  it('says the same by namespace, by pod, by second and by minute', async () => {
    const cluster = 'steps';
    await run(cluster, {});
    await waitForRollups(stores.db);
    const pods = await costOf(cluster, ['namespace', 'pod']);
    const whole = await costOf(cluster, ['namespace']);
    const seconds = await costOf(cluster, ['namespace'], 2);
    const minutes = await costOf(cluster, ['namespace'], 60);

    const byNamespace = (answer: query.GetCostResponse): Record<string, string> => {
      const sums = new Map<string, bigint>();
      for (const { keys, costPicodollars } of answer.rows) {
        const name = keys['namespace'] ?? '';
        sums.set(name, (sums.get(name) ?? 0n) + BigInt(costPicodollars));
      }
      return Object.fromEntries([...sums].sort().map(([name, sum]) => [name, sum.toString()]));
    };
    expect(byNamespace(pods)).toEqual(byNamespace(whole));
    expect(byNamespace(seconds)).toEqual(byNamespace(whole));
    expect(byNamespace(minutes)).toEqual(byNamespace(whole));
    expect(new Set(seconds.rows.map(({ start }) => start)).size).toBe(100);
    expect(minutes.rows.map(({ start }) => start)).toEqual(minutes.rows.map(({ start }) => start).sort());
  });

  it('rolls a minute up again when seconds arrive after it was rolled up', async () => {
    await run('late', { seconds: '120' });
    await waitForRollups(stores.db);
    const more = await run('late', { seconds: '240' });
    await waitForRollups(stores.db);

    const key = (await tryFindClusterByName(stores.db, 'late'))?.key ?? 0;
    const seconds = await sumTable(stores.clickhouse, 'second', key);

    expect(seconds.cost).toBe(BigInt(more.costPicodollars));
    expect(await sumTable(stores.clickhouse, 'minute', key)).toEqual(seconds);
    expect(await sumTable(stores.clickhouse, 'hour', key)).toEqual(seconds);
    expect(await sumNamespaces(stores.clickhouse, 'second', key)).toEqual(seconds);
    expect(await sumNamespaces(stores.clickhouse, 'hour', key)).toEqual(seconds);
  });
});
