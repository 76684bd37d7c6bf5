import { NodeDictionary, type Ingest, type Session } from '@kubehero/control-plane';
import { defaultProtocol, telemetry } from '@kubehero/rpc';
import { encodeReport } from '@kubehero/cli';
import { openEmbeddedClickHouse, type ClickHouseEngine } from '@kubehero/store-clickhouse';
import { addCluster } from '@kubehero/store-postgres';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startUp } from '../support/product.js';
import { stopChild } from '../support/stack.js';
import { leadIngest, openBenchStores } from './support/bench-stores.js';
import { BusyCgroups } from './support/busy-cgroups.js';
import { report, rounded } from './support/figures.js';

/**
 * Bytes at rest per pod-second, merged, of what the collector recorded from real programs on this machine, stored by
 * `kubehero up`. The programs have no requests, so that their costs wander with their usage; the recorded seconds are
 * stored again as pods with requests, all of them and 70 % of them, through the product's ingest. Needs root.
 *
 * `node dist/js/test/bench/at-rest.js [--seconds 300] [--cgroups 100] [--keep]`
 */
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    cgroups: { type: 'string', default: '100' },
    keep: { type: 'boolean', default: false },
  },
});
const WITHOUT_REQUESTS = [0, 0.3] as const;

interface Recorded {
  readonly id: number;
  readonly second: number;
  readonly cpu: number;
  readonly ram: string;
}

/** Bytes of a table that is one part in the form that large tables have, by column and per row of a pod. */
async function sizes(
  clickhouse: ClickHouseEngine,
  database: string,
): Promise<{ perPodSecond: number; podSeconds: number; columns: Record<string, number> }> {
  const table = `${database}.pod_cost_1s`;
  await clickhouse.command(`ALTER TABLE ${table} MODIFY SETTING min_bytes_for_wide_part = 0`);
  await clickhouse.command(`OPTIMIZE TABLE ${table} FINAL SETTINGS optimize_skip_merged_partitions = 0`);
  const [count] = await clickhouse.query<{ rows: string }>(
    `SELECT count() AS rows FROM ${table} FINAL WHERE state = 0`,
  );
  const columns = await clickhouse.query<{ column: string; bytes: string }>(
    `SELECT column, sum(column_data_compressed_bytes) AS bytes FROM system.parts_columns
     WHERE active AND database = '${database}' AND table = 'pod_cost_1s' GROUP BY column ORDER BY bytes DESC`,
  );
  const podSeconds = Number(count?.rows);
  const perRow = columns.map(
    ({ column, bytes }) => [column, rounded(Number(bytes) / podSeconds, 3)] as const,
  );
  return {
    podSeconds,
    perPodSecond: rounded(columns.reduce((sum, { bytes }) => sum + Number(bytes), 0) / podSeconds),
    columns: Object.fromEntries(perRow.filter(([, bytes]) => bytes >= 0.01)),
  };
}

/** The recorded usage as seconds of one node whose pods ask for what they use on average, rounded up. */
function toBatches(rows: readonly Recorded[], withoutRequests: number): telemetry.NodeBatchInput[] {
  const byId = groupBy(rows, ({ id }) => id);
  const indexOf = new Map([...byId.keys()].map((id, index) => [id, index]));
  const bySecond = groupBy(rows, ({ second }) => second);
  const identities = [...byId].map(([id, own], index) => {
    const asks = (index % 10) / 10 >= withoutRequests;
    const cores = own.reduce((sum, { cpu }) => sum + cpu, 0) / own.length / 1000;
    const memory = Math.max(...own.map(({ ram }) => Number(ram)));
    return {
      kind: 'IDENTITY_KIND_CONTAINER' as const,
      podUid: `pod-${id}`,
      namespace: `ns-${index % 12}`,
      pod: `pod-${id}`,
      container: 'main',
      cpuRequestMillicores: asks ? Math.ceil((1.5 * cores + 1) / 10) * 10 : 0,
      memoryRequestBytes: asks ? Math.ceil(memory / 2 ** 25) * 2 ** 25 : 0,
    };
  });
  return [...bySecond.values()].map((own, at) => ({
    node: 0,
    source: 'SOURCE_BPF' as const,
    ...(at === 0 ? { resetDictionary: true, identities, spec } : {}),
    second: bytes(Uint32Array.of(own[0]?.second ?? 0)),
    rowCount: bytes(Uint32Array.of(own.length)),
    identity: bytes(Uint32Array.from(own, ({ id }) => indexOf.get(id) ?? 0)),
    cpuUs: bytes(Uint32Array.from(own, ({ cpu }) => cpu)),
    memoryBytes: bytes(BigUint64Array.from(own, ({ ram }) => BigInt(ram))),
  }));
}

const spec: telemetry.NodeSpecInput = {
  name: 'recorded',
  bootId: 'recorded',
  cpuCapacityMillicores: 32_000,
  memoryCapacityBytes: 64 * 2 ** 30,
  annotations: { 'kubehero.io/price-per-hour': '1.536' },
};

function groupBy(rows: readonly Recorded[], keyOf: (row: Recorded) => number): Map<number, Recorded[]> {
  const groups = new Map<number, Recorded[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row)) ?? [];
    group.push(row);
    groups.set(keyOf(row), group);
  }
  return groups;
}

function bytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

async function replay(
  ingest: Ingest,
  clusterKey: number,
  batches: readonly telemetry.NodeBatchInput[],
): Promise<void> {
  const method = defaultProtocol().service(telemetry.TelemetryService.typeName)['Report'];
  let acknowledged = 0;
  let failure: string | undefined;
  const session: Session = {
    clusterKey,
    nodes: [{ uid: 'recorded', incarnation: '1', dictionary: new NodeDictionary(), state: undefined }],
    output: {
      acknowledge: (sequence) => (acknowledged = Number(sequence)),
      reject: ({ message }) => (failure = message),
      fail: (reason) => (failure = reason),
    },
  };
  ingest.open(session);
  for (const [at, node] of batches.entries()) {
    const message = encodeReport({ batch: { sequence: at + 1, nodes: [node] } });
    const request = method?.requestDeserialize(message) as telemetry.ReportRequest;
    if (request.batch === undefined) throw new Error('no batch');
    await ingest.enqueue({ session, batch: request.batch, bytes: message.length });
  }
  while (acknowledged < batches.length && failure === undefined) await sleep(20);
  if (failure !== undefined) throw new Error(failure);
  ingest.close(session);
  await ingest.follow('done');
}

async function record(folder: string): Promise<void> {
  const cgroups = new BusyCgroups(Number(flags.cgroups));
  try {
    const local = '127.0.0.1:0';
    const up = await startUp(folder, ['--dashboard', 'off', '--http', local, '--grpc', local], 300_000);
    await sleep(Number(flags.seconds) * 1000);
    await stopChild(up.child);
    process.stderr.write(up.errors());
  } finally {
    await cgroups.remove();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'kubehero-rest-'));
await record(folder);
const recording = await openEmbeddedClickHouse({ directory: join(folder, 'clickhouse') });
const asRecorded = await sizes(recording, 'kubehero');
const rows = await recording.query<Recorded>(
  `SELECT id, toUnixTimestamp(ts) AS second, cpu_us AS cpu, ram_bytes AS ram FROM kubehero.pod_cost_1s FINAL
   WHERE state = 0 ORDER BY ts, id`,
);
await recording.close();

const databases = WITHOUT_REQUESTS.map((share) => `without_${share * 100}`);
const stores = await openBenchStores(databases);
const withRequests: Record<string, unknown> = {};
for (const [at, database] of databases.entries()) {
  const ingest = await leadIngest(stores, database);
  const cluster = await addCluster(stores.db, { id: database, name: database, cloud: '', region: '' });
  await replay(ingest, cluster.key, toBatches(rows, WITHOUT_REQUESTS[at] ?? 0));
  withRequests[database] = await sizes(stores.clickhouse, database);
}
await stores.close();
report('at-rest', {
  bytesPerPodSecond: asRecorded.perPodSecond,
  podSeconds: asRecorded.podSeconds,
  columns: asRecorded.columns,
  withRequests,
});
if (flags.keep) process.stderr.write(`the recording is in ${folder}\n`);
else await rm(folder, { recursive: true, force: true });
