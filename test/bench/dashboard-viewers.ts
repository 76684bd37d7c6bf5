import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LiveTick } from '../../services/dashboard/features/live/model/live-messages.js';
import { StreamReader } from '../support/dashboard-http.js';
import { DashboardProcess } from '../support/dashboard-process.js';
import { FakeControlPlane } from '../support/fake-control-plane.js';
import { cpuSeconds, quantile, report, residentMib, rounded } from './support/figures.js';

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

const upstreamStreams = fake.streams;
const viewersLost = crowd.filter((viewer) => viewer.closed).length;
for (const viewer of [direct, ...crowd, ...slow]) viewer.close();
const { code, ms } = await dashboard.stop();
await fake.stop();
const ticksExpected = sentAt.size * viewers;
report('dashboard-viewers', {
  viewers,
  slowViewers: slow.length,
  ticksMissing: ticksExpected - latencies.length,
  viewersLost,
  tickP50Ms: rounded(quantile(latencies, 0.5), 1),
  tickP95Ms: rounded(quantile(latencies, 0.95), 1),
  tickMaxMs: rounded(Math.max(...latencies), 1),
  residentIdleMib: idleMib,
  residentOneViewerMib: oneViewerMib,
  residentMib: crowdMib,
  milliCpu: rounded((cpu / Number(flags.seconds)) * 1000, 1),
  upstreamStreams,
  stopExitCode: code,
  stopMs: rounded(ms, 0),
});

function note(event: string, tick: LiveTick): void {
  const sent = event === 'tick' ? sentAt.get(tick.second) : undefined;
  if (sent !== undefined) latencies.push(performance.now() - sent);
}
