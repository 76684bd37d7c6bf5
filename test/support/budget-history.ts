import {
  coversNamespace,
  judge,
  periodAt,
  SpendBook,
  StoredSeconds,
  type BudgetPeriod,
  type BudgetScope,
  type Judgement,
  type PartSpec,
  type ScopeNamespace,
  type SpendCell,
  type SpendLoad,
  type Window,
} from '@kubehero/domain';
import fc from 'fast-check';
import { modelSpend, type ModelRow, type ModelScope, type ModelSecond } from './budget-model.js';

/** What a policy of a history asks. */
export interface HistoryPolicy {
  readonly scope: number;
  readonly period: BudgetPeriod;
  readonly zone: string;
  readonly includeIdle: boolean;
  readonly ceiling: bigint;
}

/** A step of a history. */
export type HistoryStep =
  | { readonly kind: 'tick'; readonly afterS: number; readonly silent: number; readonly cost: number }
  | { readonly kind: 'late'; readonly pick: number; readonly cost: number }
  | { readonly kind: 'old'; readonly backS: number; readonly node: number; readonly cost: number }
  | { readonly kind: 'edit'; readonly policy: number; readonly to: HistoryPolicy }
  | { readonly kind: 'add'; readonly policy: HistoryPolicy }
  | { readonly kind: 'remove'; readonly policy: number }
  | { readonly kind: 'relabel'; readonly namespace: number; readonly team: string }
  | { readonly kind: 'begin' }
  | { readonly kind: 'finish' }
  | { readonly kind: 'persist' }
  | { readonly kind: 'reprice'; readonly factor: number }
  | { readonly kind: 'takeover'; readonly lost: number };

/** A whole history. */
export interface History {
  readonly startS: number;
  readonly policies: readonly HistoryPolicy[];
  readonly steps: readonly HistoryStep[];
}

const CLUSTERS = [1, 2];
const NODES = 4;
const SCOPES: readonly BudgetScope[] = [
  { namespaces: ['a'] },
  { namespaces: ['a', 'b'] },
  { namespaceSelector: { matchLabels: { team: 'x' } } },
  { namespaceSelector: {} },
  { workloadSelector: { matchLabels: { app: 'web' } } },
  {
    namespaces: ['b'],
    workloadSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] },
  },
  {
    namespaceSelector: { matchLabels: { team: 'y' } },
    workloadSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
  },
];
const POD_LABELS: readonly Record<string, string>[] = [
  { app: 'web' },
  { app: 'db' },
  { app: 'web', tier: 'front' },
  {},
];

const policies: fc.Arbitrary<HistoryPolicy> = fc.record({
  scope: fc.nat(SCOPES.length - 1),
  period: fc.constantFrom<BudgetPeriod>('h', 'h', 'd', 'w', 'mo'),
  zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/New_York'),
  includeIdle: fc.boolean(),
  ceiling: fc.bigInt({ min: 1n, max: 60_000n }),
});
const costs = fc.integer({ min: 0, max: 1000 });

/** Random histories; every kind of trouble is in them. */
export const histories: fc.Arbitrary<History> = fc.record({
  // Around a change of clocks in Berlin and New York, and around ends of hours, days, weeks and months
  startS: fc.constantFrom(
    1_774_745_400,
    1_774_746_000,
    1_772_952_600,
    1_777_586_100,
    1_775_000_000,
    1_791_129_000,
  ),
  policies: fc.array(policies, { minLength: 1, maxLength: 4 }),
  steps: fc.array(
    fc.oneof(
      {
        weight: 10,
        arbitrary: fc.record({
          kind: fc.constant('tick' as const),
          afterS: fc.constantFrom(1, 1, 7, 40, 61, 290, 301, 1500, 4000, 90_000),
          silent: fc.nat(15),
          cost: costs,
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('late' as const), pick: fc.nat(100), cost: costs }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('old' as const),
          backS: fc.nat(8000),
          node: fc.nat(NODES - 1),
          cost: costs,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('edit' as const), policy: fc.nat(5), to: policies }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('add' as const), policy: policies }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), policy: fc.nat(5) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('relabel' as const),
          namespace: fc.nat(5),
          team: fc.constantFrom('x', 'y'),
        }),
      },
      { weight: 2, arbitrary: fc.constant({ kind: 'begin' as const }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'finish' as const }) },
      { weight: 2, arbitrary: fc.constant({ kind: 'persist' as const }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('reprice' as const),
          factor: fc.integer({ min: 2, max: 9 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeover' as const), lost: fc.nat(3) }) },
    ),
    { maxLength: 40, size: 'max' },
  ),
});

interface Policy {
  readonly key: string;
  generation: number;
  asked: HistoryPolicy;
}

interface Stored extends ModelSecond {
  /** What it costs by now, after reprices. */
  factor: bigint;
}

/** Plays a history on the book and on the model. @throws Error where they differ */
export function playHistory(history: History): void {
  new Player(history).play();
}

class Player {
  readonly #stored = new Map<string, Stored>();
  readonly #missed: { node: number; second: number }[] = [];
  readonly #teams = new Map<number, string>();
  readonly #persisted = new Map<string, SpendCell & { question: string }>();
  readonly #kept = new Map<string, Judgement>();
  readonly #model = new Map<string, { generation: number; from: number; exceeded: boolean }>();
  readonly #policies: Policy[] = [];
  #judged = new Map<string, Judgement>();
  #resent = new StoredSeconds();
  #loads: { load: SpendLoad; snapshot: Stored[] }[] = [];
  #book: SpendBook;
  #nowS: number;
  #count = 0;
  /** From the first reprice on no new question is asked: it would be answered at today's prices, which is right. */
  #repriced = false;

  constructor(private readonly history: History) {
    this.#nowS = history.startS;
    this.#book = new SpendBook(minuteOf(this.#nowS) - 300);
  }

  play(): void {
    for (const asked of this.history.policies) this.#addPolicy(asked);
    this.#configure();
    for (const step of this.history.steps) {
      this.#step(step);
      this.#rollOver();
      this.#judge();
    }
    for (let tries = 0; this.#book.waiting().length > 0 && tries < 3; tries += 1) {
      this.#begin();
      this.#finish();
    }
    if (this.#book.waiting().length > 0) throw new Error('figures were never complete');
    this.#judge();
  }

  #step(step: HistoryStep): void {
    switch (step.kind) {
      case 'tick':
        return this.#tick(step);
      case 'late':
      case 'old':
        return this.#repriced ? undefined : this.#fill(step);
      case 'edit':
      case 'add':
      case 'remove':
        return this.#change(step);
      case 'relabel':
        return this.#relabel(step);
      case 'takeover':
        return this.#takeOver(step.lost);
      default:
        return this.#work(step);
    }
  }

  #work(step: Extract<HistoryStep, { kind: 'begin' | 'finish' | 'persist' | 'reprice' }>): void {
    if (step.kind === 'begin') this.#begin();
    else if (step.kind === 'finish') this.#finish();
    else if (step.kind === 'persist') this.#persist();
    else this.#reprice(step.factor);
  }

  #fill(step: Extract<HistoryStep, { kind: 'late' | 'old' }>): void {
    if (step.kind === 'late') this.#late(step);
    else this.#store(step.node, this.#nowS - step.backS, step.cost, true);
  }

  #tick({ afterS, silent, cost }: Extract<HistoryStep, { kind: 'tick' }>): void {
    this.#nowS += afterS;
    this.#rollOver();
    for (let node = 0; node < NODES; node += 1) {
      if ((silent >> node) % 2 === 1) this.#missed.push({ node, second: this.#nowS });
      else this.#store(node, this.#nowS, cost + node, true);
    }
    this.#book.settle();
    this.#book.advance(this.#nowS);
  }

  #late({ pick, cost }: Extract<HistoryStep, { kind: 'late' }>): void {
    const [missed] = this.#missed.splice(pick % Math.max(1, this.#missed.length), 1);
    if (missed !== undefined) this.#store(missed.node, missed.second, cost, true);
    this.#book.settle();
  }

  /** A repeat is left out, as ingest does. */
  #store(node: number, second: number, cost: number, isTold: boolean): void {
    const key = `${node}/${second}`;
    if (this.#stored.has(key)) return;
    const one = { node, second, rows: rowsOf(node, cost), factor: 1n };
    this.#stored.set(key, one);
    if (isTold) this.#tell(one);
  }

  #tell({ node, second, rows }: ModelSecond): void {
    if (this.#resent.take(node, second)) return;
    for (const { clusterKey, namespaceKey, id, isIdle, cost } of rows) {
      const row = { clusterKey, namespaceKey, id, second, cost: Number(cost) };
      if (isIdle) this.#book.addIdle(row);
      else this.#book.add(row);
    }
  }

  #relabel({ namespace, team }: Extract<HistoryStep, { kind: 'relabel' }>): void {
    if (this.#repriced) return;
    this.#teams.set(namespace + 1, team);
    this.#configure();
  }

  #change(step: Extract<HistoryStep, { kind: 'edit' | 'add' | 'remove' }>): void {
    if (this.#repriced) return;
    if (step.kind === 'add') this.#addPolicy(step.policy);
    else if (step.kind === 'remove') this.#policies.splice(step.policy, 1);
    else {
      const policy = this.#policies[step.policy % Math.max(1, this.#policies.length)];
      if (policy !== undefined) Object.assign(policy, { asked: step.to, generation: policy.generation + 1 });
    }
    this.#configure();
  }

  #addPolicy(asked: HistoryPolicy): void {
    this.#count += 1;
    this.#policies.push({ key: `p${this.#count}`, generation: 1, asked });
  }

  #configure(): void {
    this.#book.configure(
      this.#policies.flatMap((policy) => CLUSTERS.map((clusterKey) => this.#toPart(policy, clusterKey))),
      this.#namespaces(),
    );
    this.#loads = [];
    for (let id = 1; id <= NODES * POD_LABELS.length; id += 1) this.#book.addLabels(id, labelsOf(id));
  }

  #toPart({ key, asked }: Policy, clusterKey: number): PartSpec {
    const scope = SCOPES[asked.scope] ?? {};
    const { workloadSelector } = scope;
    return {
      key: `${key}/${clusterKey}`,
      clusterKey,
      question: JSON.stringify([asked.scope, asked.period, asked.zone, asked.includeIdle]),
      period: periodAt(asked.period, asked.zone, this.#nowS),
      includeIdle: asked.includeIdle,
      coversNamespace: (name, labels) => coversNamespace(scope, name, labels),
      ...(workloadSelector === undefined ? {} : { workloadSelector }),
    };
  }

  #namespaces(): ReadonlyMap<number, ScopeNamespace> {
    return new Map(
      [1, 2, 3, 4].map((key) => [
        key,
        { key, clusterKey: key <= 2 ? 1 : 2, name: nameOf(key), labels: this.#labelsOfNamespace(key) },
      ]),
    );
  }

  #labelsOfNamespace(key: number): Record<string, string> {
    return { team: this.#teams.get(key) ?? 'x' };
  }

  #begin(): void {
    const waiting = this.#book.waiting();
    for (const start of new Set(waiting.map(({ period }) => period.from))) {
      const parts = waiting.filter(({ period }) => period.from === start);
      const load = this.#book.beginLoad(parts);
      const wanted = new Map(parts.map((part) => [part.key, part]));
      for (const [key, cell] of this.#persisted) {
        const [partKey = '', from] = key.split('@');
        const part = wanted.get(partKey);
        if (part?.question === cell.question && String(part.period.from) === from)
          load.restore(partKey, cell);
      }
      const snapshot = [...this.#stored.values()].filter(
        ({ second }) => second >= load.fromS && second < load.toS,
      );
      this.#loads.push({ load, snapshot });
    }
  }

  #finish(): void {
    for (const { load, snapshot } of this.#loads.splice(0)) {
      for (const one of snapshot) fill(load, one);
      this.#book.finishLoad(load);
    }
  }

  #persist(): void {
    this.#book.settle();
    for (const part of this.#parts()) {
      if (!part.ready || part.outdated) continue;
      for (const cell of this.#book.takeCells(part)) {
        this.#persisted.set(`${part.key}@${part.period.from}@${cell.startsAtS}`, {
          ...cell,
          question: part.question,
        });
      }
    }
    for (const [key, judgement] of this.#judged) this.#kept.set(key, judgement);
  }

  /** Of hours that are over, counted and kept: what comes late into such an hour, and no leader kept, has the new price. */
  #reprice(factor: number): void {
    const hasIdle = this.#policies.some(({ asked }) => asked.includeIdle);
    if (hasIdle || this.#book.waiting().length > 0) return;
    this.#persist();
    this.#repriced = true;
    for (const one of this.#stored.values()) {
      if (one.second < this.#nowS - 3600) one.factor *= BigInt(factor);
    }
  }

  /** Another leader begins with what is stored; of the last seconds ingest knows nothing, and they are sent again. */
  #takeOver(lost: number): void {
    if (this.#repriced) this.#persist();
    const newest = [...this.#stored.values()].slice(this.#stored.size - lost);
    this.#loads = [];
    this.#resent = new StoredSeconds();
    this.#book = new SpendBook(minuteOf(this.#nowS) - 300);
    for (const one of this.#stored.values()) this.#restore(one);
    this.#judged = new Map(this.#kept);
    this.#model.clear();
    for (const [key, judgement] of this.#kept) {
      const { generation, periodStartsAtS: from, exceeded } = judgement;
      this.#model.set(key, { generation, from, exceeded });
    }
    this.#configure();
    for (const one of newest) this.#resent.add(one.node, one.second);
    for (const one of newest) this.#tell(one);
    if (!this.#resent.isEmpty) throw new Error('a second that was sent again was not known');
  }

  #restore({ second, rows }: ModelSecond): void {
    const minute = minuteOf(second);
    for (const { isIdle, clusterKey, namespaceKey, id, cost } of rows) {
      if (isIdle) this.#book.restoreIdle({ minute, clusterKey, cost, rows: 1 });
      else this.#book.restore({ minute, clusterKey, namespaceKey, id, cost: Number(cost), rows: 1 });
    }
  }

  #rollOver(): void {
    const isOver = this.#parts().some(({ period }) => this.#nowS >= period.to);
    if (isOver) this.#configure();
  }

  #parts(): NonNullable<ReturnType<SpendBook['tryFind']>>[] {
    return this.#policies.flatMap(({ key }) =>
      CLUSTERS.flatMap((one) => this.#book.tryFind(`${key}/${one}`) ?? []),
    );
  }

  #judge(): void {
    this.#book.settle();
    for (const policy of this.#policies) {
      const parts = CLUSTERS.flatMap((one) => this.#book.tryFind(`${policy.key}/${one}`) ?? []);
      if (parts.some(({ ready, outdated }) => !ready || outdated)) continue;
      const period = parts[0]?.period ?? { from: 0, to: 0 };
      const spend = parts.reduce((sum, { cells }) => sum + cells.total, 0n);
      const judgement = judge(this.#judged.get(policy.key), {
        generation: policy.generation,
        periodStartsAtS: period.from,
        nowS: this.#nowS,
        ceiling: policy.asked.ceiling,
        spend,
        forecast: undefined,
        thresholds: [],
      });
      this.#judged.set(policy.key, judgement);
      this.#compare(policy, period, spend, judgement.exceeded);
    }
  }

  #compare(policy: Policy, period: Window, spend: bigint, exceeded: boolean): void {
    const right = modelSpend(this.#stored.values(), toModel(policy.asked), this.#world(), period);
    if (right !== spend) {
      throw new Error(
        `${policy.key} spent ${spend}, the model says ${right} from ${period.from} to ${period.to}`,
      );
    }
    const before = this.#model.get(policy.key);
    const stays =
      before?.exceeded === true && before.generation === policy.generation && before.from === period.from;
    const isExceeded = stays || right >= policy.asked.ceiling;
    this.#model.set(policy.key, { generation: policy.generation, from: period.from, exceeded: isExceeded });
    if (isExceeded !== exceeded)
      throw new Error(`${policy.key} is exceeded: ${exceeded}, the model says ${isExceeded}`);
  }

  #world(): Parameters<typeof modelSpend>[2] {
    return {
      namespaceOf: (key) => ({ name: nameOf(key), labels: this.#labelsOfNamespace(key) }),
      labelsOf,
    };
  }
}

/** As the store answers: at the prices of now. */
function fill(load: SpendLoad, { second, rows, factor }: Stored): void {
  for (const row of rows) {
    const cost = row.cost * factor;
    if (row.isIdle) load.addIdle(second, row.clusterKey, cost, 1);
    else load.add({ ...row, at: second, cost, labels: labelsOf(row.id), rows: 1 });
  }
}

/** Nodes 0 and 1 are of cluster 1, the others of cluster 2; four pods each, in the cluster's two namespaces. */
function rowsOf(node: number, cost: number): ModelRow[] {
  const clusterKey = node < 2 ? 1 : 2;
  const pods = POD_LABELS.map((_, pod) => ({
    clusterKey,
    namespaceKey: 2 * clusterKey - 1 + (pod % 2),
    id: node * POD_LABELS.length + pod + 1,
    isIdle: false,
    cost: BigInt(cost * (pod + 1)),
  }));
  return [
    ...pods,
    { clusterKey, namespaceKey: 0, id: 1000 + node, isIdle: true, cost: BigInt(cost * 3 + 7) },
  ];
}

function labelsOf(id: number): Record<string, string> {
  return POD_LABELS[(id - 1) % POD_LABELS.length] ?? {};
}

function nameOf(namespaceKey: number): string {
  return namespaceKey % 2 === 1 ? 'a' : 'b';
}

function minuteOf(second: number): number {
  return second - (second % 60);
}

function toModel({ scope, includeIdle }: HistoryPolicy): ModelScope {
  const { namespaces, namespaceSelector, workloadSelector } = SCOPES[scope] ?? {};
  return {
    clusterKeys: CLUSTERS,
    includeIdle,
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
    ...(workloadSelector === undefined ? {} : { workloadSelector }),
  };
}
