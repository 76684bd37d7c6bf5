import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ControlPlane, standardPrices } from '@kubehero/control-plane';
import { createLogger } from '@kubehero/runtime';
import { addCluster } from '@kubehero/store-postgres';
import { writeFile } from 'node:fs/promises';
import { nowS, openBenchStores } from './support/bench-stores.js';
import { report, rounded } from './support/figures.js';

/**
 * Pod-seconds a second through gRPC with mutual TLS into durable rows: a control plane in this process over the
 * embedded stores, and an emitter in a process of its own that sends messages it encoded before, as fast as they are
 * acknowledged.
 *
 * `node dist/js/test/bench/grpc-ingest.js [--seconds 60] [--nodes 1000] [--pods 30]`
 */
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '30' },
  },
});

const stores = await openBenchStores([]);
const plane = new ControlPlane({
  db: stores.db,
  clickhouse: stores.clickhouse,
  database: 'kubehero',
  http: { host: '127.0.0.1', port: 0 },
  grpc: { host: '127.0.0.1', port: 0 },
  serverNames: ['127.0.0.1', 'localhost'],
  advertisedAddress: '127.0.0.1',
  tokens: ['bench'],
  sealingKey: Buffer.alloc(32, 7),
  prices: standardPrices({ currency: 'USD' }),
  rawRetentionDays: 30,
  maxAheadS: 10,
  minuteRetentionDays: 90,
  logger: createLogger(),
});
// The benchmark's own lease goes, so that the control plane can take it
await stores.db.deleteFrom('leader_lease').execute();
await plane.start();
while (!plane.isLeading) await sleep(20);
const cluster = await addCluster(stores.db, { id: 'bench', name: 'bench', cloud: '', region: '' });
const issued = await plane.authority.issueCluster(cluster.id);
const access = join(stores.folder, 'emitter.json');
await writeFile(
  access,
  JSON.stringify({
    target: `127.0.0.1:${plane.grpcPort}`,
    tls: {
      caBundlePem: plane.authority.caBundlePem,
      certificateChainPem: issued.certificateChainPem,
      privateKeyPem: issued.privateKeyPem,
    },
    nodes: Number(flags.nodes),
    pods: Number(flags.pods),
    startS: nowS() - 25_000,
    seconds: Number(flags.seconds),
  }),
);

const delay = monitorEventLoopDelay({ resolution: 5 });
const emitter = spawn(process.execPath, [join(import.meta.dirname, 'support/emitter-main.js'), access], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const lines = createInterface({ input: emitter.stdout });
let before = process.cpuUsage();
let result: { podSeconds: number; seconds: number; cpuSeconds: number; bytes: number } | undefined;
for await (const line of lines) {
  if (line === 'begins') {
    delay.enable();
    before = process.cpuUsage();
  } else result = JSON.parse(line) as typeof result;
}
if (result === undefined) throw new Error('the emitter ended without a result');
const used = process.cpuUsage(before);
delay.disable();
const [stored] = await stores.clickhouse.query<{ rows: string }>(
  'SELECT count() AS rows FROM kubehero.pod_cost_1s WHERE state = 0',
);
await plane.stop();
await stores.close();

const cpu = (used.user + used.system) / 1e6;
report('grpc-ingest', {
  podSecondsPerSecond: Math.round(result.podSeconds / result.seconds),
  podSecondsPerCpuSecond: Math.round(result.podSeconds / cpu),
  seconds: rounded(result.seconds, 1),
  rows: Number(stored?.rows),
  wireBytesPerPodSecond: rounded(result.bytes / result.podSeconds),
  controlPlaneCores: rounded(cpu / result.seconds),
  emitterCores: rounded(result.cpuSeconds / result.seconds),
  eventLoopMaxMs: rounded(delay.max / 1e6, 1),
  eventLoopP99Ms: rounded(delay.percentile(99) / 1e6, 1),
});
