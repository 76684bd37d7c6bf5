import { SpendBook, type PartSpec, type ScopeNamespace, type SpendRow } from '@kubehero/domain';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Evaluator, planPolicies, type Plan } from '@kubehero/control-plane';

/**
 * A full evaluation pass (everything planned, matched, restored and judged anew) and an incremental one (a second of
 * every pod, and what it changes) over many policies and pods. The first seconds of a process, whose code is not
 * compiled yet, are told apart from those that follow.
 *
 * `node dist/js/test/bench/budgets.js [--policies 1000] [--pods 30000] [--seconds 300]`
 */
const { values } = parseArgs({
  options: {
    policies: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '30000' },
    seconds: { type: 'string', default: '300' },
  },
});
const POLICIES = Number(values.policies);
const PODS = Number(values.pods);
const SECONDS = Number(values.seconds);
const WARM_UP_S = 20;
const NAMESPACES = 300;
const TEAMS = 40;
const APPS = 25;
const CLUSTER = { key: 1, id: 'c1', name: 'c1', labels: { env: 'prod' } };
const startS = Math.floor(Date.now() / 1000 / 60) * 60;
const observation = { throughS: startS, expectedNodes: 1000, silentNodes: 0, isStale: false };

const namespaces: ReadonlyMap<number, ScopeNamespace> = new Map(
  Array.from({ length: NAMESPACES }, (_, at) => [
    at + 1,
    {
      key: at + 1,
      clusterKey: 1,
      name: `ns-${at}`,
      labels: { team: `t${at % TEAMS}`, stage: at % 3 === 0 ? 'prod' : 'dev' },
    },
  ]),
);
const labels = Array.from({ length: PODS }, (_, pod) => ({
  app: `app-${pod % APPS}`,
  'pod-template-hash': String(pod % 3000),
  tier: pod % 2 === 0 ? 'front' : 'back',
}));

/** A third by names, a third by labels of namespaces, a third by labels of pods; every tenth with idle. */
function specOf(at: number): object {
  const scopes = [
    { namespaces: [`ns-${at % NAMESPACES}`, `ns-${(at * 7) % NAMESPACES}`] },
    { namespaceSelector: { matchLabels: { team: `t${at % TEAMS}` } } },
    {
      namespaceSelector: { matchLabels: { team: `t${at % TEAMS}` } },
      workloadSelector: { matchLabels: { app: `app-${at % APPS}` } },
    },
  ];
  return { scope: scopes[at % 3], ceiling: `$${1000 + at}/mo`, includeIdle: at % 10 === 0 };
}

const policies = Array.from({ length: POLICIES }, (_, at) => ({
  uid: `p${at}`,
  clusterKey: 1,
  name: `policy-${at}`,
  generation: 1,
  specJson: JSON.stringify(specOf(at)),
  armedBy: '',
}));

const rows: { -readonly [Key in keyof SpendRow]: SpendRow[Key] }[] = Array.from(
  { length: PODS },
  (_, pod) => ({
    clusterKey: 1,
    namespaceKey: 1 + (pod % NAMESPACES),
    id: pod + 1,
    second: 0,
    cost: 1_000_000 + pod,
  }),
);

/** Gives a second's rows to the book, as the control plane does for every write. */
function observe(book: SpendBook, second: number): void {
  for (const row of rows) {
    row.second = second;
    book.add(row);
  }
  book.addIdle({ clusterKey: 1, namespaceKey: 0, id: 1_000_000, second, cost: 1_000_000_000 });
  book.settle();
}

/** Milliseconds of the full pass, and what it leaves. */
async function full(
  nowS: number,
): Promise<{ ms: number; longestMs: number; book: SpendBook; evaluator: Evaluator; plan: Plan }> {
  const book = new SpendBook(nowS - 300);
  labels.forEach((one, pod) => {
    book.addLabels(pod + 1, one);
  });
  for (const row of rows) book.restore({ ...row, minute: nowS, rows: 1 });
  const started = process.cpuUsage();
  const stretches: number[] = [];
  let since = started;
  const endStretch = async (): Promise<void> => {
    stretches.push(cpuMs(since));
    await yieldNow();
    since = process.cpuUsage();
  };
  const plan = planPolicies({ policies, clusters: [CLUSTER], currency: 'USD', nowS });
  const parts: PartSpec[] = plan.subjects.flatMap((subject) => subject.parts);
  book.configure(parts, namespaces);
  await endStretch();
  book.finishLoad(book.beginLoad(book.waiting()));
  await endStretch();
  const evaluator = new Evaluator({ epoch: 1, currency: 'USD', stillPaid: () => undefined }, []);
  evaluator.configure(plan, [CLUSTER], book);
  await endStretch();
  const news = await evaluator.evaluate(book, () => observation, nowS);
  if (news.length !== POLICIES) throw new Error(`${news.length} of ${POLICIES} policies were judged`);
  return { ms: cpuMs(started), longestMs: Math.max(...stretches), book, evaluator, plan };
}

/** Time of the processor, with that of the garbage collector's threads: what other programs on the machine take is left out. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

async function yieldNow(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

const rounds = [await full(startS), await full(startS), await full(startS)];
const { book, evaluator } = rounds[2] ?? rounds[0] ?? (await full(startS));
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const passes: number[] = [];
const coldPasses: number[] = [];
const judgements: number[] = [];
for (let second = 1; second <= WARM_UP_S + SECONDS; second += 1) {
  const nowS = startS + second;
  const started = process.cpuUsage();
  observe(book, nowS);
  const observed = process.cpuUsage();
  await evaluator.evaluate(book, () => ({ ...observation, throughS: nowS }), nowS);
  (second > WARM_UP_S ? passes : coldPasses).push(cpuMs(started));
  if (second > WARM_UP_S) judgements.push(cpuMs(observed));
  await yieldNow();
}
delay.disable();
const at = (list: readonly number[], share: number): number =>
  Math.round(
    ([...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))] ?? 0) * 10,
  ) / 10;
process.stdout.write(
  `${JSON.stringify({
    policies: POLICIES,
    pods: PODS,
    fullPassMs: at(
      rounds.map(({ ms }) => ms),
      1,
    ),
    fullPassLongestStretchMs: at(
      rounds.map(({ longestMs }) => longestMs),
      1,
    ),
    coldPassMaxMs: at(coldPasses, 1),
    incrementalPassP50Ms: at(passes, 0.5),
    incrementalPassP95Ms: at(passes, 0.95),
    judgingP95Ms: at(judgements, 0.95),
    eventLoopMaxMs: Math.round(delay.max / 1e5) / 10,
  })}\n`,
);
