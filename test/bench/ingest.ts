import { Fleet, TelemetryGenerator, encodeReport, toNodeBatch } from '@kubehero/cli';
import {
  Ingest,
  IngestMetrics,
  NodeDictionary,
  NodeRegistry,
  PriceSource,
  shippedCatalogues,
  standardPrices,
  DEFAULT_LIMITS,
  type Session,
} from '@kubehero/control-plane';
import { defaultProtocol, telemetry } from '@kubehero/rpc';
import { createLogger, Metrics } from '@kubehero/runtime';
import { openEmbeddedClickHouse, renderTables } from '@kubehero/store-clickhouse';
import {
  acquireLease,
  addCluster,
  connectPostgres,
  migratePostgres,
  startEmbeddedPostgres,
} from '@kubehero/store-postgres';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { findFreePort } from '../support/free-port.js';

/**
 * From the bytes of messages to durable rows in the embedded engine, merges running, against the engine's own insert
 * of the same rows into the same table from a binary file, in the same run: once as anyone would write it, once with
 * the settings of our own insert.
 *
 * `node dist/js/test/bench/ingest.js [--seconds 90] [--nodes 1000] [--pods 30]`
 */
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '90' },
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '30' },
  },
});
const NODES = Number(flags.nodes);
const PODS = Number(flags.pods);
const DURATION_MS = Number(flags.seconds) * 1000;
const SECONDS_PER_MESSAGE = 10;
const SETS = 4;
/** An insert of at least so many rows is repeated as the engine's own. */
const CAPTURED_ROWS = 250_000;

const folder = await mkdtemp(join(tmpdir(), 'kubehero-bench-'));
const postgres = await startEmbeddedPostgres({
  directory: join(folder, 'pg'),
  port: await findFreePort(),
  log: () => undefined,
});
const db = connectPostgres({ url: postgres.url, onIdleError: () => undefined });
await migratePostgres(db);
const clickhouse = await openEmbeddedClickHouse({ directory: join(folder, 'ch') });
const file = join(folder, 'block.native');
let captured: { readonly rows: number; readonly columns: readonly string[] } | undefined;
const insertNative = clickhouse.insertNative.bind(clickhouse);
clickhouse.insertNative = async (table, insert): Promise<void> => {
  if (captured === undefined && insert.rows > CAPTURED_ROWS) {
    captured = { rows: insert.rows, columns: insert.columns };
    await writeFile(file, Buffer.concat(insert.parts));
  }
  await insertNative(table, insert);
};
for (const database of ['kubehero', 'bare', 'bare_like_ours']) {
  const tables = renderTables({ database, rawRetentionDays: 30, minuteRetentionDays: 90 });
  for (const statement of tables) await clickhouse.command(statement);
}
const nowS = (): number => Math.floor(Date.now() / 1000);
const cluster = await addCluster(db, { id: 'bench', name: 'bench', cloud: '', region: '' });
const term = await acquireLease(db, { holder: 'bench', address: '' }, 3600);
if (term === undefined) throw new Error('the lease is taken');
const registry = new NodeRegistry({
  db,
  nowS,
  prices: new PriceSource(standardPrices({ currency: 'USD' }), shippedCatalogues()),
  activationDelayS: 120,
  onIdentities: () => undefined,
});
const ingest = new Ingest({
  db,
  clickhouse,
  registry,
  database: 'kubehero',
  metrics: new IngestMetrics(new Metrics()),
  logger: createLogger(),
  limits: { ...DEFAULT_LIMITS, maxAheadS: 10, nowS, horizonS: () => 0 },
  onDurable: () => Promise.resolve(),
});
await ingest.lead(term);

/** Messages of one span of seconds as bytes; moved on in time by rewriting the seconds in place. */
interface MessageSet {
  readonly messages: { readonly bytes: Buffer; readonly at: number; readonly seconds: number }[];
  first: number;
}

const startS = nowS() - 25_000;
const fleet = new Fleet({
  nodes: NODES,
  podsPerNode: PODS,
  seed: 1,
  cluster: 'bench',
  nodePricePerHour: '0.4',
  startS,
});
const generator = new TelemetryGenerator(fleet, {});
const method = defaultProtocol().service(telemetry.TelemetryService.typeName)['Report'];
if (method === undefined) throw new Error('no telemetry');

function makeSet(first: number, withSpec: boolean): MessageSet {
  const messages = Array.from({ length: NODES }, (_, node) => {
    const seconds = Array.from({ length: SECONDS_PER_MESSAGE }, (_unused, i) => first + i);
    const columns = generator.columns(node, seconds);
    const bytes = encodeReport({ batch: { sequence: 1, nodes: [toNodeBatch(fleet, columns, withSpec)] } });
    return { bytes, at: bytes.indexOf(Buffer.from(columns.second)), seconds: seconds.length };
  });
  return { messages, first };
}

function moveTo(set: MessageSet, first: number): void {
  for (const { bytes, at, seconds } of set.messages) {
    for (let i = 0; i < seconds; i += 1) bytes.writeUInt32LE(first + i, at + 4 * i);
  }
  set.first = first;
}

let acknowledged = 0;
let onAcknowledged = (): void => undefined;
const session: Session = {
  clusterKey: cluster.key,
  nodes: Array.from({ length: NODES }, (_, node) => ({
    uid: fleet.nodeUid(node),
    incarnation: '1',
    dictionary: new NodeDictionary(),
    state: undefined,
  })),
  output: {
    acknowledge: (sequence) => {
      acknowledged = Number(sequence);
      onAcknowledged();
    },
    reject: ({ message }) => {
      throw new Error(message);
    },
    fail: (reason) => {
      throw new Error(reason);
    },
  },
};
ingest.open(session);

async function until(sequence: number): Promise<void> {
  while (acknowledged < sequence) await new Promise<void>((resolve) => (onAcknowledged = resolve));
}

let sequence = 0;
async function send(set: MessageSet): Promise<number> {
  let sliceEnds = performance.now() + 5;
  for (const { bytes } of set.messages) {
    sequence += 1;
    const request = method?.requestDeserialize(bytes) as telemetry.ReportRequest;
    if (request.batch === undefined) throw new Error('no batch');
    await ingest.enqueue({
      session,
      batch: { ...request.batch, sequence: String(sequence) },
      bytes: bytes.length,
    });
    if (performance.now() > sliceEnds) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      sliceEnds = performance.now() + 5;
    }
  }
  return sequence;
}

const warmUp = makeSet(startS, true);
await until(await send(warmUp));
const sets = Array.from({ length: SETS }, (_, i) => makeSet(startS + (i + 1) * SECONDS_PER_MESSAGE, false));
const sentThrough = sets.map(() => 0);
let next = startS + (SETS + 1) * SECONDS_PER_MESSAGE;

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const cpu = process.cpuUsage();
const started = performance.now();
let rounds = 0;
while (performance.now() - started < DURATION_MS) {
  const at = rounds % SETS;
  const set = sets[at];
  if (set === undefined) break;
  if (rounds >= SETS) {
    await until(sentThrough[at] ?? 0);
    moveTo(set, next);
    next += SECONDS_PER_MESSAGE;
  }
  sentThrough[at] = await send(set);
  rounds += 1;
}
await until(sequence);
const elapsed = (performance.now() - started) / 1000;
delay.disable();
const used = process.cpuUsage(cpu);
const podSeconds = rounds * NODES * PODS * SECONDS_PER_MESSAGE;
const rate = podSeconds / elapsed;

const [stored] = await clickhouse.query<{ rows: string; parts: string; bytes: string }>(
  `SELECT sum(rows) AS rows, count() AS parts, sum(data_compressed_bytes) AS bytes FROM system.parts WHERE active AND database = 'kubehero' AND table = 'pod_cost_1s'`,
);

// The engine alone: one of our own inserts as a file, rows in the same order, moved on in time by the statement itself
if (captured === undefined) throw new Error('no insert was large enough to repeat');
const { rows: blockRows, columns: blockColumns } = captured;
const columns = blockColumns.join(', ');
const SPAN_S = Math.ceil(blockRows / (NODES * (PODS + 1)));
let offset = 0;

/** Rows per second of the engine alone. */
async function bareRate(database: string, settings: string): Promise<number> {
  let bareRows = 0;
  const bareStarted = performance.now();
  while (performance.now() - bareStarted < DURATION_MS / 3) {
    await clickhouse.command(
      `INSERT INTO ${database}.pod_cost_1s (${columns})
       SELECT ${columns.replace(' ts,', ` ts + ${offset} AS ts,`)} FROM file('${file}', 'Native') ${settings}`,
    );
    offset += SPAN_S;
    bareRows += blockRows;
  }
  return bareRows / ((performance.now() - bareStarted) / 1000);
}

const ordinaryRate = await bareRate('bare', '');
const likeOursRate = await bareRate('bare_like_ours', 'SETTINGS optimize_on_insert = 0');
const rowRate = rate * ((PODS + 1) / PODS);

process.stdout.write(
  `${JSON.stringify({
    benchmark: 'ingest',
    podSecondsPerSecond: Math.round(rate),
    rowsPerSecond: Math.round(rowRate),
    engineRowsPerSecond: Math.round(ordinaryRate),
    ratioToEngine: Number((rowRate / ordinaryRate).toFixed(3)),
    engineLikeOursRowsPerSecond: Math.round(likeOursRate),
    ratioToEngineLikeOurs: Number((rowRate / likeOursRate).toFixed(3)),
    seconds: Number(elapsed.toFixed(1)),
    rows: Number(stored?.rows),
    parts: Number(stored?.parts),
    bytesPerRow: Number((Number(stored?.bytes) / Number(stored?.rows)).toFixed(2)),
    eventLoopMaxMs: Number((delay.max / 1e6).toFixed(1)),
    eventLoopP99Ms: Number((delay.percentile(99) / 1e6).toFixed(1)),
    cpuPerPodSecondUs: Number(((used.user + used.system) / podSeconds).toFixed(3)),
  })}\n`,
);
ingest.close(session);
await ingest.follow('done');
await clickhouse.close();
await db.destroy();
await postgres.stop();
await rm(folder, { recursive: true, force: true });
