import { Fleet, TelemetryGenerator, encodeReport, toNodeBatch } from '@kubehero/cli';
import {
  IdentityMirror,
  MinuteGuard,
  NodeDictionary,
  PriceSource,
  Repricer,
  Rollup,
  shippedCatalogues,
  standardPrices,
  type Session,
} from '@kubehero/control-plane';
import { defaultProtocol, telemetry } from '@kubehero/rpc';
import { createLogger, Metrics } from '@kubehero/runtime';
import { addCluster, addReprice, listIdentities, sql, tryFindReprice } from '@kubehero/store-postgres';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { leadIngest, nowS, openBenchStores } from './support/bench-stores.js';
import { report, rounded } from './support/figures.js';

/**
 * Some minutes of a fleet priced again, from the stored rows to durable ones, against the ingest of the same minutes in
 * the same run, merges running: by itself, and with the rollups that it waits for.
 *
 * `node dist/js/test/bench/reprice.js [--nodes 1000] [--pods 30] [--minutes 2]`
 */
const { values: flags } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '30' },
    minutes: { type: 'string', default: '2' },
  },
});
const NODES = Number(flags.nodes);
const PODS = Number(flags.pods);
const MINUTES = Number(flags.minutes);
const ROWS = NODES * (PODS + 1) * MINUTES * 60;
const SECONDS_PER_MESSAGE = 10;
const FROM = nowS() - (nowS() % 60) - 7200;
const TO = FROM + MINUTES * 60;

const stores = await openBenchStores();
const { db, clickhouse, term } = stores;
const cluster = await addCluster(db, { id: 'bench', name: 'bench', cloud: '', region: '' });
const logger = createLogger();

/** The window as messages of collectors. */
function makeMessages(): Buffer[] {
  const fleet = new Fleet({
    ...{ nodes: NODES, podsPerNode: PODS, seed: 1, cluster: 'bench', nodePricePerHour: '0.4', startS: FROM },
  });
  const generator = new TelemetryGenerator(fleet, {});
  const messages: Buffer[] = [];
  for (let first = FROM; first < TO; first += SECONDS_PER_MESSAGE) {
    const seconds = Array.from({ length: SECONDS_PER_MESSAGE }, (_, i) => first + i);
    for (let node = 0; node < NODES; node += 1) {
      const batch = toNodeBatch(fleet, generator.columns(node, seconds), first === FROM);
      messages.push(encodeReport({ batch: { sequence: messages.length + 1, nodes: [batch] } }));
    }
  }
  return messages;
}

/** Stores the window as ingest does. @returns rows in a second */
async function ingestWindow(messages: readonly Buffer[]): Promise<number> {
  const ingest = await leadIngest(stores, 'kubehero');
  const fleet = new Fleet({
    ...{ nodes: NODES, podsPerNode: PODS, seed: 1, cluster: 'bench', nodePricePerHour: '0.4', startS: FROM },
  });
  let acknowledged = 0;
  const session: Session = {
    clusterKey: cluster.key,
    nodes: Array.from({ length: NODES }, (_, node) => ({
      uid: fleet.nodeUid(node),
      incarnation: '1',
      dictionary: new NodeDictionary(),
      state: undefined,
    })),
    output: {
      acknowledge: (sequence) => (acknowledged = Number(sequence)),
      reject: ({ message }) => {
        throw new Error(message);
      },
      fail: (reason) => {
        throw new Error(reason);
      },
    },
  };
  ingest.open(session);
  const method = defaultProtocol().service(telemetry.TelemetryService.typeName)['Report'];
  let started = performance.now();
  for (const [at, bytes] of messages.entries()) {
    if (at === NODES) {
      // Nodes and pods that were never seen are registered by now
      while (acknowledged < NODES) await sleep(5);
      started = performance.now();
    }
    const request = method?.requestDeserialize(bytes) as telemetry.ReportRequest;
    if (request.batch === undefined) throw new Error('no batch');
    await ingest.enqueue({
      session,
      batch: { ...request.batch, sequence: String(at + 1) },
      bytes: bytes.length,
    });
    if (at % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  while (acknowledged < messages.length) await sleep(5);
  const rate = (ROWS * (1 - NODES / messages.length)) / ((performance.now() - started) / 1000);
  ingest.close(session);
  await ingest.follow('the window is stored');
  await new IdentityMirror(clickhouse, 'kubehero').write(await listIdentities(db, 0, NODES * (PODS + 1)));
  return rate;
}

/** Prices the window again. @returns rows in a second */
async function reprice(pricePerHour: string): Promise<number> {
  const repricer = new Repricer({
    ...{ db, clickhouse, logger, nowS },
    database: 'kubehero',
    horizonS: () => 0,
    guard: new MinuteGuard(),
    registry: { addRepriced: () => Promise.resolve() },
    prices: () => new PriceSource(standardPrices({ currency: 'USD' }), shippedCatalogues()),
  });
  const window = { clusterKeys: [cluster.key], nodeKeys: undefined, from: FROM, to: TO };
  const key = await addReprice(db, {
    ...window,
    pricePerHour,
    dryRun: false,
    reason: '',
    requestedBy: 'bench',
  });
  const started = performance.now();
  await repricer.lead(term);
  for (;;) {
    const now = await tryFindReprice(db, key);
    if (now?.status === 'done') {
      if (now.rows !== ROWS) throw new Error(`${now.rows} of ${ROWS} rows were priced again`);
      break;
    }
    await sleep(20);
  }
  const rate = ROWS / ((performance.now() - started) / 1000);
  await repricer.follow();
  return rate;
}

/** As if rollups took no time. */
async function withoutRollups(work: () => Promise<number>): Promise<number> {
  let isOver = false;
  const marking = (async (): Promise<void> => {
    while (!isOver) {
      await sql`update ingest_minute set rolled = changes where rolled < changes`.execute(db);
      await sleep(100);
    }
  })();
  const rate = await work();
  isOver = true;
  await marking;
  return rate;
}

const ingestRate = await ingestWindow(makeMessages());
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const alone = await withoutRollups(() => reprice('0.3123456789'));
delay.disable();
const rollup = new Rollup({ db, clickhouse, database: 'kubehero', nowS, logger, metrics: new Metrics() });
rollup.lead(term);
const whole = await reprice('0.2987654321');
await rollup.follow();
report('reprice', {
  rows: ROWS,
  rowsPerSecond: Math.round(alone),
  withRollupsRowsPerSecond: Math.round(whole),
  ingestRowsPerSecond: Math.round(ingestRate),
  ratioToIngest: rounded(alone / ingestRate),
  eventLoopMaxMs: rounded(delay.max / 1e6),
  residentMib: Math.round(process.memoryUsage().rss / 2 ** 20),
});
await stores.close();
