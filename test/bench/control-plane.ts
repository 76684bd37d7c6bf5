import { readClientFile } from '@kubehero/rpc';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { start, startUp } from '../support/product.js';
import { stopChild } from '../support/stack.js';
import { cpuSeconds, quantile, report, residentMib, rounded } from './support/figures.js';
import { readEvents } from './support/live-events.js';

/**
 * A fleet at real time through gRPC with mutual TLS into `kubehero up`: CPU and memory of the control plane's process
 * with the embedded engine in it, time from the end of a second to its tick on the live stream, and how long the event
 * loop was held. PostgreSQL and the simulator are processes of their own and not counted.
 *
 * `node dist/js/test/bench/control-plane.js [--seconds 90] [--nodes 1000] [--pods 30]`
 */
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '90' },
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '30' },
  },
});
const SECONDS = Number(flags.seconds);
const NODES = Number(flags.nodes);
const LOCAL = '127.0.0.1:0';
const PATIENCE_MS = 300_000;
/** Introducing the fleet is not the real-time load: figures begin when its seconds arrive in time. */
const CAUGHT_UP_MS = 2000;
const MAX_WARM_UP_S = 90;

const folder = await mkdtemp(join(tmpdir(), 'kubehero-plane-'));
const up = await startUp(
  folder,
  ['--http', LOCAL, '--grpc', LOCAL, '--dashboard', 'off', '--collector', 'off'],
  PATIENCE_MS,
);
const client = await readClientFile(up.client);
const pid = up.child.pid ?? 0;
const latencies: number[] = [];
const shown = new Set<number>();
let incomplete = 0;
let counting = false;

interface Tick {
  readonly second: number;
  readonly observedNodes: number;
}

let caughtUpAfterS: number | undefined;

/** A second counts when it is on the stream with all its nodes; what comes of it before is incomplete. */
function note({ second, observedNodes }: Tick): void {
  const late = Date.now() - (second + 1) * 1000;
  if (observedNodes === NODES && late < CAUGHT_UP_MS) caughtUpAfterS ??= (performance.now() - begun) / 1000;
  if (!counting || shown.has(second)) return;
  if (observedNodes < NODES) {
    incomplete += 1;
    return;
  }
  shown.add(second);
  latencies.push(late);
}

const begun = performance.now();
const reading = new AbortController();
const watching = (async (): Promise<void> => {
  for await (const { event, data } of readEvents(client, '/live?by=namespace', reading.signal)) {
    if (event === 'tick') note(data as Tick);
  }
})().catch((error: unknown) => {
  if (!reading.signal.aborted) throw error;
});

/** Longest hold since the scrape before, milliseconds. */
async function longestHoldMs(): Promise<number> {
  const page = await fetch(new URL('/metrics', client.server));
  const found = /^kubehero_event_loop_delay_seconds\{quantile="1"\} (\S+)$/m.exec(await page.text())?.[1];
  return Number(found) * 1000;
}

const simulator = start([
  'simulate',
  '--client',
  up.client,
  '--nodes',
  String(NODES),
  '--pods-per-node',
  flags.pods,
  '--seconds',
  String(SECONDS + MAX_WARM_UP_S + 10),
  '--realtime',
  '--give-up-after',
  '300',
]);
try {
  while (caughtUpAfterS === undefined && performance.now() - begun < MAX_WARM_UP_S * 1000) await sleep(200);
  await longestHoldMs();
  counting = true;
  const cpuBefore = cpuSeconds(pid);
  const startedAt = performance.now();
  let peakMib = 0;
  while (performance.now() - startedAt < SECONDS * 1000) {
    await sleep(1000);
    peakMib = Math.max(peakMib, residentMib(pid));
  }
  const elapsed = (performance.now() - startedAt) / 1000;
  const cores = (cpuSeconds(pid) - cpuBefore) / elapsed;
  counting = false;
  const eventLoopMaxMs = await longestHoldMs();
  if (latencies.length === 0) throw new Error(`no second was complete: ${up.errors()} ${simulator.errors()}`);
  report('control-plane', {
    nodes: NODES,
    pods: Number(flags.pods),
    seconds: rounded(elapsed, 1),
    caughtUpAfterS: caughtUpAfterS === undefined ? null : rounded(caughtUpAfterS, 1),
    cores: rounded(cores),
    residentMib: peakMib,
    ticks: latencies.length,
    incompleteTicks: incomplete,
    tickP50Ms: Math.round(quantile(latencies, 0.5)),
    tickP95Ms: Math.round(quantile(latencies, 0.95)),
    eventLoopMaxMs: rounded(eventLoopMaxMs, 1),
  });
} finally {
  reading.abort();
  await watching;
  await stopChild(simulator.child);
  await stopChild(up.child);
  await rm(folder, { recursive: true, force: true });
}
