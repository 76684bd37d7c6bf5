import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ReportHub } from '../support/report-hub.js';
import { readCgroupMounts } from '../../services/collector/cgroups/cgroup-mounts.js';

/**
 * Footprint of the collector at 1 Hz: CPU time and memory while every cgroup runs a little each second. Needs root.
 *
 * `node dist/js/test/bench/collector.js [--cgroups 120,2000] [--seconds 60] [--node-flags='FLAGS']`
 */
const { values: flags } = parseArgs({
  options: {
    cgroups: { type: 'string', default: '120,2000' },
    seconds: { type: 'string', default: '60' },
    'node-flags': { type: 'string', default: '' },
  },
});
const warmUpS = 15;
const mebibyte = 2 ** 20;
const memoryV1 = '/sys/fs/cgroup/memory';

/**
 * Starts a sleeper in each folder that it reads, prints their ids, and becomes one itself: as their parent it must not
 * look at each of them whenever one of them stops.
 */
const startSleepers = `
while read -r folder; do
  sleep infinity & echo $! > "$folder/cgroup.procs"; echo $!
done
exec sleep infinity`;

/** Makes cgroups with a sleeping process in each; waking it by signals lets the cgroup use some microseconds. */
class BusyCgroups {
  private readonly directories: string[] = [];
  private readonly sleepers: number[] = [];
  private readonly parents: ChildProcess[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parent: string) {
    mkdirSync(parent);
  }

  async add(count: number): Promise<void> {
    const added = Array.from({ length: count - this.directories.length }, (_, index) =>
      join(this.parent, `c${this.directories.length + index}`),
    );
    for (const directory of added) mkdirSync(directory);
    this.directories.push(...added);
    const shell = spawn('sh', ['-c', startSleepers], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.parents.push(shell);
    shell.stdin.end(`${added.join('\n')}\n`);
    const lines = createInterface({ input: shell.stdout });
    lines.on('line', (line) => this.sleepers.push(Number(line)));
    while (this.sleepers.length < count) await sleep(50);
    lines.close();
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      this.wakeAll();
    }, 1000);
  }

  async remove(): Promise<void> {
    clearInterval(this.timer);
    for (const pid of this.sleepers) process.kill(pid, 'SIGKILL');
    for (const shell of this.parents) shell.kill('SIGKILL');
    await sleep(2000);
    for (const directory of this.directories) rmdirSync(directory);
    rmdirSync(this.parent);
  }

  private wakeAll(): void {
    for (const pid of this.sleepers) {
      process.kill(pid, 'SIGSTOP');
      process.kill(pid, 'SIGCONT');
    }
  }
}

interface Reading {
  readonly cpuUs: number;
  readonly anonymous: number;
  readonly kernel: number | undefined;
  readonly resident: number;
}

/** The collector in cgroups of its own, so that its CPU time and the memory of its maps can be read. */
class Subject {
  private child: ChildProcess | undefined;
  private readonly cpu: string;
  private readonly memory = join(memoryV1, 'kubehero-bench');

  constructor(root: string) {
    this.cpu = join(root, 'kubehero-bench-collector');
    mkdirSync(this.cpu);
    if (existsSync(memoryV1)) mkdirSync(this.memory, { recursive: true });
  }

  async start(port: number): Promise<void> {
    const script =
      'echo $$ > "$0/cgroup.procs"; [ -d "$1" ] && echo $$ > "$1/cgroup.procs"; exec "$2" $3 "$4" "$5"';
    const program = join(import.meta.dirname, 'collector-subject.js');
    const parts = [this.cpu, this.memory, process.execPath, flags['node-flags'], program, String(port)];
    this.child = spawn('sh', ['-c', script, ...parts], { stdio: ['ignore', 'pipe', 'inherit'] });
    const { child } = this;
    const ended = once(child, 'exit').then(() => {
      throw new Error('the collector ended before it was ready');
    });
    if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), ended]);
    ended.catch(() => undefined); // its later end is wanted
  }

  read(): Reading {
    const field = (path: string, name: string): number =>
      Number(new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(readFileSync(path, 'utf8'))?.[1]);
    const status = `/proc/${this.child?.pid ?? 0}/status`;
    const kernel = join(this.memory, 'memory.kmem.usage_in_bytes');
    return {
      cpuUs: field(join(this.cpu, 'cpu.stat'), 'usage_usec'),
      anonymous: field(status, 'RssAnon') * 1024,
      kernel: existsSync(kernel) ? Number(readFileSync(kernel, 'utf8')) : undefined,
      resident: field(status, 'VmRSS') * 1024,
    };
  }

  async statistics(): Promise<Record<string, unknown>> {
    if (this.child?.stdout == null) throw new Error('the collector does not run');
    const lines = createInterface({ input: this.child.stdout });
    this.child.kill('SIGUSR2');
    const [line] = (await once(lines, 'line')) as [string];
    lines.close();
    return JSON.parse(line) as Record<string, unknown>;
  }

  async stop(): Promise<void> {
    if (this.child?.kill('SIGTERM') === true) await once(this.child, 'exit');
    await sleep(200);
    rmdirSync(this.cpu);
    if (existsSync(this.memory)) rmdirSync(this.memory);
  }
}

/** Slope of a line through readings one second apart, per hour. Of a short run it shows the heap's warm-up. */
function slopePerHour(values: readonly number[]): number {
  const n = values.length;
  const meanX = (n - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / n;
  const covariance = values.reduce((sum, value, x) => sum + (x - meanX) * (value - meanY), 0);
  const variance = values.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0);
  return (covariance / variance) * 3600;
}

async function observe(
  subject: Subject,
  hub: ReportHub,
): Promise<{ readings: Reading[]; statistics: Record<string, unknown> }> {
  try {
    await subject.start(hub.port);
    await sleep(warmUpS * 1000);
    const readings = [subject.read()];
    for (let second = 0; second < Number(flags.seconds); second++) {
      await sleep(1000);
      readings.push(subject.read());
    }
    return { readings, statistics: await subject.statistics() };
  } finally {
    await subject.stop();
    hub.close();
  }
}

async function measure(root: string, cgroups: number, busy: BusyCgroups): Promise<void> {
  await busy.add(cgroups);
  const hub = new ReportHub();
  await hub.start();
  const { readings, statistics } = await observe(new Subject(root), hub);
  const first = readings[0];
  const last = readings.at(-1);
  if (first === undefined || last === undefined) throw new Error('nothing was read');
  const inMiB = (bytes: number | undefined): number | undefined =>
    bytes === undefined ? undefined : Number((bytes / mebibyte).toFixed(1));
  process.stdout.write(
    `${JSON.stringify({
      benchmark: 'collector',
      cgroups,
      seconds: Number(flags.seconds),
      milliCpu: Number(((last.cpuUs - first.cpuUs) / 1000 / Number(flags.seconds)).toFixed(2)),
      anonymousMiB: inMiB(last.anonymous),
      kernelMiB: inMiB(last.kernel),
      memoryMiB: inMiB(last.anonymous + (last.kernel ?? 0)),
      residentMiB: inMiB(last.resident),
      anonymousSlopeMiBPerHour: inMiB(
        slopePerHour(readings.slice(readings.length / 2).map((reading) => reading.anonymous)),
      ),
      lastTickMs: statistics['lastTickMs'],
      missingSeconds: statistics['missingSeconds'],
      residualNs: statistics['residualNs'],
      losses: statistics['losses'],
      rowsPerSecond: Math.round(hub.rows.length / hub.seconds.length),
    })}\n`,
  );
}

const { unified: root } = readCgroupMounts();
if (root === undefined) throw new Error('no cgroup2 hierarchy is mounted');
const busy = new BusyCgroups(join(root, 'kubehero-bench'));
try {
  for (const cgroups of flags.cgroups.split(',').map(Number)) await measure(root, cgroups, busy);
} finally {
  await busy.remove();
}
