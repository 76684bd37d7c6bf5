import { Rollup } from '@kubehero/control-plane';
import { createLogger, Metrics } from '@kubehero/runtime';
import { MEASURES, type ClickHouseEngine } from '@kubehero/store-clickhouse';
import { addCluster, addToLedger, markDirty } from '@kubehero/store-postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nowS, openBenchStores } from './support/bench-stores.js';
import { quantile, report, rounded, timed } from './support/figures.js';

/**
 * One minute of a fleet rolled up by the product's rollup, against the bare statement without FINAL over the same
 * rows in the same run: a clean minute, then the same minute after a tenth of its rows was stored again
 * in later parts.
 *
 * The product's time is that of all statements it runs on the engine for the minute, its checks included; the time
 * of the whole pass with its transactions in PostgreSQL is reported beside it.
 *
 * `node dist/js/test/bench/rollup.js [--nodes 1000] [--pods 30] [--runs 5]`
 */
const { values: flags } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '30' },
    runs: { type: 'string', default: '5' },
  },
});
const NODES = Number(flags.nodes);
const PODS = Number(flags.pods);
const IDS = NODES * (PODS + 1);
const MINUTE = nowS() - (nowS() % 60) - 3600;
/** Seconds of one insert: parts as a loaded control plane makes them. */
const SECONDS_PER_INSERT = 10;

const stores = await openBenchStores();
const { clickhouse, db, term } = stores;
const cluster = await addCluster(db, { id: 'bench', name: 'bench', cloud: '', region: '' });

/** Rows as ingest writes them: the node's own row after its pods'. */
async function insertSeconds(minute: number, from: number, ids: string): Promise<void> {
  await clickhouse.command(
    `INSERT INTO kubehero.pod_cost_1s (cluster, ns, id, ts, state, activation, v, cpu_rest, ram_rest, cpu_us, ram_bytes, cpu_request, ram_request)
     SELECT ${cluster.key}, if(state = 1, 0, 1 + intHash32(id) % 40), id, toDateTime(${minute + from} + intDiv(number, ${IDS}), 'UTC') AS ts,
       if(id % ${PODS + 1} = 0, 1, 0) AS state, 1, 1, 400000 + intHash32(id) % 3000000, 200000 + intHash32(id + 1) % 2000000,
       if(state = 1, 0, intHash32(id) % 200000 + intHash32(number) % 2000), if(state = 1, 0, 1048576 * (20 + intHash32(id) % 500)), 250, 268435456
     FROM (SELECT number, 1 + number % ${IDS} AS id FROM numbers(${IDS * SECONDS_PER_INSERT})) WHERE ${ids}
     SETTINGS optimize_on_insert = 0`,
  );
}

/** The minute's ledger as ingest would have written it. */
async function addLedger(minute: number): Promise<void> {
  const [sums] = await clickhouse.query<{ rows: string; cost: string }>(
    `SELECT count() AS rows, sum(cpu_cost + ram_cost) AS cost FROM kubehero.pod_cost_1s FINAL
     WHERE cluster = ${cluster.key} AND bucket = toDateTime(${minute}, 'UTC')`,
  );
  const known = await db
    .selectFrom('ingest_minute')
    .select(['row_count', 'cost'])
    .where('minute', '=', minute)
    .executeTakeFirst();
  const rows = Number(sums?.rows) - (known?.row_count ?? 0);
  const cost = BigInt(sums?.cost ?? 0) - BigInt(known?.cost ?? 0);
  await addToLedger(db, [{ clusterKey: cluster.key, minute, rows, nodeSeconds: 0, cost }]);
}

async function fill(minute: number, ids: string): Promise<void> {
  for (let from = 0; from < 60; from += SECONDS_PER_INSERT) await insertSeconds(minute, from, ids);
  await addLedger(minute);
}

/** A tenth of the rows comes again, as after a lost acknowledgement. */
async function repeatSome(minute: number): Promise<void> {
  for (const from of [10, 40]) await insertSeconds(minute, from, 'intHash32(id) % 1000 < 300');
}

/** Statements that rolling up runs on the engine, timed one by one. */
let statementMs: number[] = [];
/** The hour above the minute is rolled up next, which is not what is measured. */
function note(started: number, parameters: Parameters<typeof clickhouse.query>[1]): void {
  if (Number(parameters?.['end']) - Number(parameters?.['start']) === 60)
    statementMs.push(performance.now() - started);
}

const timedEngine: ClickHouseEngine = {
  queryNative: (sql, parameters, signal) => clickhouse.queryNative(sql, parameters, signal),
  insertNative: (table, insert) => clickhouse.insertNative(table, insert),
  insertObjects: (table, rows) => clickhouse.insertObjects(table, rows),
  close: () => clickhouse.close(),
  usage: () => clickhouse.usage(),
  query: async <Row>(...args: Parameters<typeof clickhouse.query>): Promise<Row[]> => {
    const started = performance.now();
    try {
      return await clickhouse.query<Row>(...args);
    } finally {
      note(started, args[1]);
    }
  },
  command: async (...args: Parameters<typeof clickhouse.command>): Promise<void> => {
    const started = performance.now();
    await clickhouse.command(...args);
    note(started, args[1]);
  },
};

const rollup = new Rollup({
  db,
  clickhouse: timedEngine,
  database: 'kubehero',
  nowS,
  logger: createLogger(),
  metrics: new Metrics(),
});

async function isRolled(minute: number): Promise<boolean> {
  const row = await db
    .selectFrom('ingest_minute')
    .select(['changes', 'rolled'])
    .where('minute', '=', minute)
    .executeTakeFirstOrThrow();
  return row.changes === row.rolled;
}

/** Rolls the minute up by the product; marks it dirty before, and ages the mark past the product's pause. */
async function product(minute: number): Promise<{ steps: number[]; whole: number }> {
  await markDirty(db, [{ clusterKey: cluster.key, minute }]);
  await db.updateTable('ingest_minute').set({ changed_at: '2020-01-01' }).execute();
  statementMs = [];
  const started = performance.now();
  rollup.lead(term);
  while (!(await isRolled(minute))) await sleep(5);
  const figures = { steps: statementMs, whole: performance.now() - started };
  await rollup.follow();
  return figures;
}

const names = MEASURES.map(([rolled]) => rolled).join(', ');
const sums = MEASURES.map(([rolled, raw]) => `sum(${raw}) AS ${rolled}`).join(', ');
/** The least that any rollup has to do: the same groups and sums, written to a table of the same form. */
const bare = (minute: number): Promise<number> =>
  timed(() =>
    clickhouse.command(
      `INSERT INTO bare.pod_cost_1m (cluster, ns, id, ts, state, v, ${names})
       SELECT cluster, ns, id, toDateTime(${minute}, 'UTC'), state, ${Date.now()}, ${sums} FROM kubehero.pod_cost_1s
       WHERE cluster = ${cluster.key} AND bucket = toDateTime(${minute}, 'UTC') GROUP BY cluster, ns, id, state`,
    ),
  );

interface Times {
  readonly engine: number[];
  /** Without the two statements that roll up by namespace, which the bare SQL does not do. */
  readonly pods: number[];
  readonly whole: number[];
  readonly bare: number[];
  /** Of a clean minute: roll up, by namespace, its seconds by namespace, compare twice; of a dirty one a check before. */
  readonly steps: number[][];
}

/** Rows that no merge has collapsed yet. */
async function countRepeated(minute: number): Promise<number> {
  const [found] = await clickhouse.query<{ rows: string }>(
    `SELECT count() AS rows FROM kubehero.pod_cost_1s WHERE bucket = toDateTime(${minute}, 'UTC')`,
  );
  return Number(found?.rows) - IDS * 60;
}

const noTimes = (): Times => ({ engine: [], pods: [], whole: [], bare: [], steps: [] });
const clean = noTimes();
const late = noTimes();
const repeated = noTimes();

async function measure(minute: number, times: Times): Promise<void> {
  times.bare.push(await bare(minute));
  const { steps, whole } = await product(minute);
  const engine = steps.reduce((sum, ms) => sum + ms, 0);
  times.engine.push(engine);
  times.pods.push(engine - (steps.at(-4) ?? 0) - (steps.at(-3) ?? 0));
  times.whole.push(whole);
  times.steps.push(steps);
  times.bare.push(await bare(minute));
}

await clickhouse.command('CREATE DATABASE bare');
await clickhouse.command('CREATE TABLE bare.pod_cost_1m AS kubehero.pod_cost_1m');
let repeatedRows = 0;
for (let run = 0; run < Number(flags.runs); run += 1) {
  const minute = MINUTE - 60 * run;
  await fill(minute, 'intHash32(id) % 10 > 0');
  await measure(minute, clean);
  await fill(minute, 'intHash32(id) % 10 = 0');
  await measure(minute, late);
  await repeatSome(minute);
  repeatedRows += await countRepeated(minute);
  await measure(minute, repeated);
}
await stores.close();

const median = (values: readonly number[]): number => quantile(values, 0.5);
const best = (values: readonly number[]): number => Math.min(...values);
const shown = (times: Times): Record<string, unknown> => ({
  // Of the best runs: what others do on the machine only adds.
  ratio: rounded(best(times.pods) / best(times.bare)),
  ratioOfMedians: rounded(median(times.pods) / median(times.bare)),
  withNamespacesRatio: rounded(best(times.engine) / best(times.bare)),
  productMs: Math.round(median(times.engine)),
  withLedgerMs: Math.round(median(times.whole)),
  bareMs: Math.round(median(times.bare)),
  stepsMs: times.steps.map((steps) => steps.map(Math.round)),
  barePerRunMs: times.bare.map(Math.round),
});
report('rollup', {
  rows: IDS * 60,
  clean: shown(clean),
  dirtyByLateRows: shown(late),
  dirtyByRepeatedRows: { ...shown(repeated), repeatedRows },
});
