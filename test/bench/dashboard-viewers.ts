import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LiveTick } from '../../services/dashboard/features/live/model/live-messages.js';
import { StreamReader } from '../support/dashboard-http.js';
import { DashboardProcess } from '../support/dashboard-process.js';
import { FakeControlPlane } from '../support/fake-control-plane.js';

/**
 * Viewers of one dashboard replica: memory and CPU time of its process, and how long a second takes from the control
 * plane's stream through the dashboard to each viewer, while some viewers read nothing at all.
 *
 * `node dist/js/test/bench/dashboard-viewers.js [--viewers 200] [--slow 5] [--seconds 60] [--pods 30000]`
 */
const { values: flags } = parseArgs({
  options: {
    viewers: { type: 'string', default: '200' },
    slow: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '60' },
    pods: { type: 'string', default: '30000' },
  },
});

const viewers = Number(flags.viewers);
const fake = new FakeControlPlane({ pods: Number(flags.pods), nodes: 1000 });
const dashboard = await DashboardProcess.start(await fake.start(), fake.token);
const url = `${dashboard.url}/api/live?by=namespace`;
await sleep(3000);
const idleMib = residentMib(dashboard.pid);

const direct = await StreamReader.open(url);
await direct.find(({ event }) => event === 'tick', 30_000);
const oneViewerMib = residentMib(dashboard.pid);
const crowd = await Promise.all(Array.from({ length: viewers }, () => StreamReader.open(url)));
await Promise.all(crowd.map((viewer) => viewer.find(({ event }) => event === 'snapshot', 30_000)));
const slow = await Promise.all(Array.from({ length: Number(flags.slow) }, () => StreamReader.open(url)));
for (const viewer of slow) viewer.response.pause();

const sentAt = new Map<number, number>();
fake.onEmit = (second) => sentAt.set(second, performance.now());
const latencies: number[] = [];
for (const viewer of crowd) viewer.onEvent = (event) => note(event.event, event.data as LiveTick);
const cpuBefore = cpuSeconds(dashboard.pid);
await sleep(Number(flags.seconds) * 1000);
const cpu = cpuSeconds(dashboard.pid) - cpuBefore;
const crowdMib = residentMib(dashboard.pid);

latencies.sort((a, b) => a - b);
const at = (share: number): string =>
  `${(latencies[Math.floor(latencies.length * share)] ?? NaN).toFixed(1)} ms`;
console.log(
  `viewers ${viewers} and ${slow.length} that read nothing, ${flags.pods} pods, ${flags.seconds} s`,
);
console.log(
  `ticks received ${latencies.length} of ${sentAt.size * viewers} (viewers lost: ${crowd.filter((v) => v.closed).length})`,
);
console.log(`tick to viewer: median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(0.999999)}`);
console.log(`resident memory: started ${idleMib} MiB, one viewer ${oneViewerMib} MiB, all ${crowdMib} MiB`);
console.log(
  `CPU: ${((cpu / Number(flags.seconds)) * 1000).toFixed(0)} mCPU; upstream streams: ${fake.streams}`,
);
for (const viewer of [direct, ...crowd, ...slow]) viewer.close();
const { code, ms } = await dashboard.stop();
console.log(`stopped with ${String(code)} in ${ms.toFixed(0)} ms`);
await fake.stop();

function note(event: string, tick: LiveTick): void {
  const sent = event === 'tick' ? sentAt.get(tick.second) : undefined;
  if (sent !== undefined) latencies.push(performance.now() - sent);
}

function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** User and system time of a process; the kernel counts in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
