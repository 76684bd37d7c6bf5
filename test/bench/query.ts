import { CostQuery, NameDirectory, type CostQuestion } from '@kubehero/control-plane';
import { MEASURES, NAMESPACE_TABLE_OF, TABLE_OF } from '@kubehero/store-clickhouse';
import { addCluster } from '@kubehero/store-postgres';
import { sql } from '@kubehero/store-postgres';
import { parseArgs } from 'node:util';
import { nowS, openBenchStores } from './support/bench-stores.js';
import { quantile, report, rounded, timed } from './support/figures.js';

/**
 * Reads as people make them, through the product's query: 30 days by namespace of a whole fleet (days inside, hours
 * and minutes at the edges), and the last 15 minutes of one namespace second by second; one user after another, then
 * many at once. The bare scan sums the same rows of the day and hour tables without FINAL, in the same run.
 *
 * `node dist/js/test/bench/query.js [--pods 30000] [--days 30] [--users 50] [--runs 40]`
 */
const { values: flags } = parseArgs({
  options: {
    pods: { type: 'string', default: '30000' },
    days: { type: 'string', default: '30' },
    users: { type: 'string', default: '50' },
    runs: { type: 'string', default: '40' },
  },
});
const PODS = Number(flags.pods);
const DAYS = Number(flags.days);
const USERS = Number(flags.users);
const RUNS = Number(flags.runs);
const NAMESPACES = 50;
const NODES = Math.ceil(PODS / 30);
const DAY = 86_400;
const CHUNK_HOURS = 6;
const LAST_S = 900;
const namespaceName = (number: number): string => `ns-${number}`;

const stores = await openBenchStores();
const { clickhouse, db } = stores;
const cluster = await addCluster(db, { id: 'bench', name: 'bench', cloud: '', region: '' });
const now = nowS() - (nowS() % 60);
/** The window's edges lie within days, so that hours are read too. */
const window = { from: now - (now % 3600) - DAYS * DAY, to: now - (now % 3600) };
const firstDay = window.from - (window.from % DAY);

const at = (second: number): string => `toDateTime(${second}, 'UTC')`;

async function fillDirectory(): Promise<void> {
  await sql`insert into namespace (cluster_key, name) select ${cluster.key}::int, 'ns-' || n from generate_series(1, ${NAMESPACES}) n`.execute(
    db,
  );
  await sql`insert into node (cluster_key, uid, name, spec) select ${cluster.key}::int, 'node-' || n, 'node-' || n, '{}'::jsonb from generate_series(1, ${NODES}) n`.execute(
    db,
  );
  await sql`insert into node_progress (node_key, incarnation, boot_id, booted_at, source, first_second, last_second)
    select key, 1, '', 0, 'SOURCE_SIMULATED', ${firstDay}, ${now} from node`.execute(db);
  await sql`insert into ingest_minute (cluster_key, minute, row_count, node_seconds, cost, changes, rolled)
    select ${cluster.key}::int, m, 1, 1, 1, 1, 1 from generate_series(${firstDay}::bigint, ${now - LAST_S - 60}::bigint, 60) m`.execute(
    db,
  );
  // The newest minute is not rolled up yet
  await sql`insert into ingest_minute (cluster_key, minute, row_count, node_seconds, cost, changes, rolled)
    values (${cluster.key}, ${now - 60}, 1, 1, 1, 1, 0)`.execute(db);
  await sql`insert into rollup_period (cluster_key, level, start, changes, rolled)
    select ${cluster.key}::int, 'hour', h, 1, 1 from generate_series(${firstDay}::bigint, ${now}::bigint, 3600) h
    union all select ${cluster.key}::int, 'day', d, 1, 1 from generate_series(${firstDay}::bigint, ${now - DAY}::bigint, 86400) d`.execute(
    db,
  );
}

const ROLLED =
  'cluster, ns, id, ts, state, v, seconds, cpu_cost, ram_cost, cpu_us, ram_byte_seconds, cpu_request_seconds, ram_request_seconds, net_zone';

/** Rolled rows of all pods for periods of a length from a start on. */
async function fillRolled(table: string, start: number, periods: number, length: number): Promise<void> {
  await clickhouse.command(
    `INSERT INTO kubehero.${table} (${ROLLED})
     SELECT ${cluster.key}, 1 + intHash32(id) % ${NAMESPACES}, id, toDateTime(${start} + ${length} * (number % ${periods}), 'UTC'), 0, 1, ${length},
       ${length} * (400000 + intHash32(id) % 3000000) + intHash32(number) % 1000000, ${length} * (200000 + intHash32(id + 1) % 2000000),
       ${length} * (intHash32(id) % 200000) + intHash32(number) % 1000000, ${length} * 1048576 * (20 + intHash32(id) % 500), ${length} * 250, ${length} * 268435456,
       if(intHash32(number) % 25 = 0, intHash32(number), 0)
     FROM (SELECT number, 1 + intDiv(number, ${periods}) AS id FROM numbers(${PODS * periods}))`,
  );
}

/** Raw seconds of all pods for the last quarter of an hour and the minute before it. */
async function fillRaw(): Promise<void> {
  const span = 60;
  for (let start = now - LAST_S; start < now; start += span) {
    await clickhouse.command(
      `INSERT INTO kubehero.pod_cost_1s (cluster, ns, id, ts, state, activation, v, cpu_rest, ram_rest, cpu_us, ram_bytes, cpu_request, ram_request)
       SELECT ${cluster.key}, 1 + intHash32(id) % ${NAMESPACES}, id, toDateTime(${start} + number % ${span}, 'UTC'), 0, 1, 1,
         400000 + intHash32(id) % 3000000, 200000 + intHash32(id + 1) % 2000000, intHash32(id) % 200000 + intHash32(number) % 2000,
         1048576 * (20 + intHash32(id) % 500), 250, 268435456
       FROM (SELECT number, 1 + intDiv(number, ${span}) AS id FROM numbers(${PODS * span}))`,
    );
  }
}

/** The same by namespace, as rolling up writes it. */
async function fillNamespaces(level: 'second' | 'hour' | 'day'): Promise<void> {
  const names = MEASURES.map(([rolled]) => rolled);
  const source = level === 'second' ? MEASURES.map(([, raw]) => raw) : names;
  await clickhouse.command(
    `INSERT INTO kubehero.${NAMESPACE_TABLE_OF[level]} (cluster, ns, ts, state, v, ${names.join(', ')})
     SELECT cluster, ns, ts, state, 1, ${source.map((name) => `sum(${name})`).join(', ')} FROM kubehero.${TABLE_OF[level]}
     WHERE ts < ${at(now - 60)} GROUP BY cluster, ns, ts, state`,
  );
}

await fillDirectory();
await fillRolled('pod_cost_1d', firstDay, DAYS + 1, DAY);
for (const edge of [firstDay, window.to - (window.to % DAY)]) {
  for (let hour = 0; hour < 24; hour += CHUNK_HOURS) {
    await fillRolled('pod_cost_1h', edge + hour * 3600, CHUNK_HOURS, 3600);
  }
}
await fillRaw();
for (const level of ['second', 'hour', 'day'] as const) await fillNamespaces(level);

const query = new CostQuery({
  db,
  clickhouse,
  database: 'kubehero',
  names: new NameDirectory(db),
  nowS,
  forgetAfterS: 3600,
});
const month: CostQuestion = { by: ['namespace'], window, where: [] };
const dayFrom = Math.ceil(window.from / DAY) * DAY;
const dayTo = Math.floor(window.to / DAY) * DAY;
const bareColumns =
  'sum(cpu_cost), sum(ram_cost), sum(gpu_cost), sum(network_cost), sum(seconds), sum(cpu_us), sum(ram_byte_seconds), sum(net_zone)';
const bareMonth = `SELECT ns, ${bareColumns} FROM (
    SELECT * FROM kubehero.pod_cost_1d WHERE ts >= ${at(dayFrom)} AND ts < ${at(dayTo)}
    UNION ALL SELECT * EXCEPT bucket FROM kubehero.pod_cost_1h
      WHERE (ts >= ${at(window.from)} AND ts < ${at(dayFrom)}) OR (ts >= ${at(dayTo)} AND ts < ${at(window.to)})
  ) GROUP BY ns`;
/** Second by second: the chart of one namespace. */
const lastSeconds = (user: number): CostQuestion => ({
  by: ['namespace'],
  window: { from: now - LAST_S, to: now },
  where: [{ key: 'namespace', value: namespaceName(1 + (user % NAMESPACES)) }],
  stepS: 1,
});

async function repeat(work: (run: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) times.push(await timed(() => work(run)));
  return times;
}

async function atOnce(work: (user: number) => Promise<unknown>): Promise<number[]> {
  return await Promise.all(Array.from({ length: USERS }, (_, user) => timed(() => work(user))));
}

const answer = await query.ask(month);
if (answer.groups.length !== NAMESPACES)
  throw new Error(`${answer.groups.length} namespaces instead of ${NAMESPACES}`);
const seconds = await query.ask(lastSeconds(0));
if (seconds.groups.length !== LAST_S)
  throw new Error(`${seconds.groups.length} seconds instead of ${LAST_S}`);

const bare = await repeat(() => clickhouse.query(bareMonth));
const asked = await repeat(() => query.ask(month));
const raw = await repeat((run) => query.ask(lastSeconds(run)));
const crowdMonth = await atOnce(() => query.ask(month));
/** Nobody asks what another asks: each window begins an hour later. */
const crowdEach = await atOnce((user) =>
  query.ask({
    ...month,
    window: {
      ...window,
      from: window.from + 3600 * (1 + (user % 20)),
      to: window.to - 3600 * Math.floor(user / 20),
    },
  }),
);
const crowdRaw = await atOnce(() => query.ask(lastSeconds(0)));
const crowdRawEach = await atOnce((user) => query.ask(lastSeconds(user)));
await stores.close();

const figures = (times: readonly number[]): { p50Ms: number; p95Ms: number } => ({
  p50Ms: rounded(quantile(times, 0.5), 1),
  p95Ms: rounded(quantile(times, 0.95), 1),
});
report('query', {
  pods: PODS,
  days: DAYS,
  month: {
    ...figures(asked),
    ratioToBare: rounded(quantile(asked, 0.5) / quantile(bare, 0.5)),
    bare: figures(bare),
  },
  lastQuarterHour: figures(raw),
  atOnce: {
    users: USERS,
    month: figures(crowdMonth),
    monthEachDifferent: figures(crowdEach),
    lastQuarterHour: figures(crowdRaw),
    lastQuarterHourEachDifferent: figures(crowdRawEach),
  },
});
