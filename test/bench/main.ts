import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * All benchmarks one after another, in sizes that end within half an hour, then a table of the figures beside
 * their targets. Speed never fails it; a benchmark that breaks does.
 *
 * `npm run bench [-- NAME …]`
 */
const { positionals } = parseArgs({ allowPositionals: true });

type Figures = Readonly<Record<string, unknown>>;

interface Target {
  readonly text: string;
  /** Path of the figure, dots between. */
  readonly figure: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

interface Bench {
  readonly name: string;
  /** @default - named as the benchmark */
  readonly script?: string;
  readonly args: readonly string[];
  readonly targets: readonly Target[];
}

const BENCHES: readonly Bench[] = [
  {
    name: 'start',
    args: [],
    targets: [{ text: 'start to the first priced tick, s', figure: 'first.firstPricedTickS', atMost: 10 }],
  },
  {
    name: 'ingest',
    args: ['--seconds', '90'],
    targets: [
      { text: 'pod-seconds/s, bytes to durable rows', figure: 'podSecondsPerSecond', atLeast: 1_500_000 },
      { text: "ratio to the engine's own insert", figure: 'ratioToEngine', atLeast: 0.9 },
      { text: 'the same with the settings of ours', figure: 'ratioToEngineLikeOurs', atLeast: 0.9 },
      { text: 'event loop held at most, ms', figure: 'eventLoopMaxMs', atMost: 50 },
    ],
  },
  {
    name: 'grpc-ingest',
    args: ['--seconds', '90'],
    targets: [
      { text: 'pod-seconds/s through gRPC, mutual TLS', figure: 'podSecondsPerSecond', atLeast: 800_000 },
      { text: 'event loop held at most, ms', figure: 'eventLoopMaxMs', atMost: 50 },
    ],
  },
  {
    name: 'rollup',
    args: ['--runs', '7'],
    targets: [
      { text: 'clean minute, ratio to the bare SQL', figure: 'clean.ratio', atMost: 1.2 },
      { text: 'late rows, ratio to the bare SQL', figure: 'dirtyByLateRows.ratio', atMost: 2 },
      { text: 'repeated rows, ratio to the bare SQL', figure: 'dirtyByRepeatedRows.ratio', atMost: 2 },
    ],
  },
  {
    name: 'query',
    args: [],
    targets: [
      { text: '30 days by namespace, p95 ms', figure: 'month.p95Ms', atMost: 75 },
      { text: 'the same, ratio to the bare scan', figure: 'month.ratioToBare', atMost: 1.5 },
      { text: '15 minutes by second, p95 ms', figure: 'lastQuarterHour.p95Ms', atMost: 50 },
      { text: '30 days, 50 users at once, p95 ms', figure: 'atOnce.month.p95Ms', atMost: 500 },
      { text: '50 users who ask different things', figure: 'atOnce.monthEachDifferent.p95Ms', atMost: 500 },
      { text: '15 minutes, 50 users at once, p95 ms', figure: 'atOnce.lastQuarterHour.p95Ms', atMost: 500 },
      {
        text: '50 users of different namespaces',
        figure: 'atOnce.lastQuarterHourEachDifferent.p95Ms',
        atMost: 500,
      },
    ],
  },
  {
    name: 'control-plane',
    args: ['--seconds', '60'],
    targets: [
      { text: '1,000 nodes at real time, cores', figure: 'cores', atMost: 1 },
      { text: 'resident memory, MiB', figure: 'residentMib', atMost: 2048 },
      { text: 'end of a second to its tick, p95 ms', figure: 'tickP95Ms', atMost: 2000 },
    ],
  },
  {
    name: 'at-rest',
    args: ['--seconds', '150'],
    targets: [
      { text: 'bytes per pod-second, as recorded', figure: 'bytesPerPodSecond', atMost: 3 },
      { text: 'the same with requests', figure: 'withRequests.without_0.perPodSecond', atMost: 3 },
      { text: 'with requests on 70 %', figure: 'withRequests.without_30.perPodSecond', atMost: 3 },
    ],
  },
  {
    name: 'collector',
    args: ['--cgroups', '120', '--seconds', '60'],
    targets: [
      { text: 'collector, 120 cgroups, mCPU', figure: 'milliCpu', atMost: 10 },
      { text: 'anonymous and kernel memory, MiB', figure: 'memoryMiB', atMost: 50 },
    ],
  },
  {
    name: 'collector-busy',
    script: 'collector',
    args: ['--cgroups', '2000', '--seconds', '240'],
    targets: [
      { text: 'collector, 2,000 busy cgroups, mCPU', figure: 'milliCpu', atMost: 10 },
      { text: 'CPU time that no cgroup accounts for, ns', figure: 'residualNs', atMost: 0 },
    ],
  },
  {
    name: 'budgets',
    args: [],
    targets: [
      { text: 'budgets, full pass, ms', figure: 'fullPassMs', atMost: 500 },
      { text: 'budgets, incremental pass, p95 ms', figure: 'incrementalPassP95Ms', atMost: 20 },
    ],
  },
  {
    name: 'enforcement',
    args: [],
    targets: [
      { text: 'verdict to scale-down written, p99 ms', figure: 'written.p99Ms', atMost: 5000 },
      { text: 'verdict to pods denied, p99 ms', figure: 'denied.p99Ms', atMost: 5000 },
      { text: 'operator, 30,000 pods, MiB', figure: 'memoryAfter.residentMib', atMost: 256 },
      { text: 'reconcile p99 while pods churn, s', figure: 'reconcileP99AtMostS', atMost: 2 },
    ],
  },
  {
    name: 'budget-crossing',
    args: [],
    targets: [
      { text: 'crossed to scaled down, p99 ms', figure: 'scaledDown.p99Ms', atMost: 5000 },
      { text: 'crossed to pods denied, p99 ms', figure: 'denied.p99Ms', atMost: 5000 },
    ],
  },
  {
    name: 'dashboard-viewers',
    args: ['--seconds', '30'],
    targets: [
      { text: 'a second to 200 viewers, p95 ms', figure: 'tickP95Ms', atMost: 500 },
      { text: 'viewers lost', figure: 'viewersLost', atMost: 0 },
    ],
  },
  {
    name: 'pricing',
    args: [],
    targets: [
      { text: 'reading a 450 MB offer, MiB', figure: 'parse.peakRssMib', atMost: 128 },
      { text: 'speed against a bare token stream', figure: 'speedAgainstTokenStream', atLeast: 0.6 },
      { text: 'prices of 10,000 nodes, ms', figure: 'lookups.milliseconds', atMost: 1000 },
    ],
  },
  {
    name: 'reprice',
    args: [],
    targets: [
      { text: 'pod-seconds/s priced again', figure: 'rowsPerSecond', atLeast: 500_000 },
      { text: 'the same with the rollups', figure: 'withRollupsRowsPerSecond', atLeast: 250_000 },
    ],
  },
  {
    name: 'constructs',
    args: [],
    targets: [
      { text: 'hub, edge and air gap, ms', figure: 'hubEdgeAirGapMs', atMost: 1000 },
      { text: '100 edges, ms', figure: 'edges100Ms', atMost: 3000 },
      { text: 'twice as many edges, times', figure: 'perDoubling', atMost: 2.2 },
    ],
  },
];

interface Outcome {
  readonly bench: Bench;
  /** The last line of JSON, undefined where it broke. */
  readonly figures: Figures | undefined;
}

async function run(bench: Bench): Promise<Outcome> {
  process.stderr.write(`${bench.name} …\n`);
  const script = join(import.meta.dirname, `${bench.script ?? bench.name}.js`);
  const child = spawn(process.execPath, [script, ...bench.args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    process.stdout.write(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  return { bench, figures: code === 0 ? (JSON.parse(last) as Figures) : undefined };
}

function find(figures: Figures, path: string): number {
  let value: unknown = figures;
  for (const name of path.split('.')) value = (value as Figures | undefined)?.[name];
  if (typeof value !== 'number') throw new Error(`there is no figure ${path}`);
  return value;
}

function line({ bench, figures }: Outcome, target: Target): string {
  const { atLeast, atMost } = target;
  const wanted = atLeast === undefined ? `≤ ${atMost ?? ''}` : `≥ ${atLeast}`;
  const label = `${bench.name.padEnd(14)} ${target.text.padEnd(42)}`;
  if (figures === undefined) return `${label} ${'broke'.padStart(12)}  ${wanted}`;
  const value = find(figures, target.figure);
  const holds = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
  return `${label} ${String(value).padStart(12)}  ${wanted.padEnd(12)} ${holds ? 'holds' : 'falls short'}`;
}

const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  const names = BENCHES.map(({ name }) => name).join(', ');
  process.stderr.write(`there is no benchmark ${unknown.join(', ')}: give some of ${names}\n`);
  process.exit(2);
}
const outcomes: Outcome[] = [];
for (const bench of BENCHES) {
  if (positionals.length === 0 || positionals.includes(bench.name)) outcomes.push(await run(bench));
}
const lines = outcomes.flatMap((outcome) => outcome.bench.targets.map((target) => line(outcome, target)));
process.stdout.write(`\n${lines.join('\n')}\n`);
if (outcomes.some(({ figures }) => figures === undefined)) process.exitCode = 1;
