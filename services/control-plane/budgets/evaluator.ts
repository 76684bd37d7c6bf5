import { judge, type Judgement, type SpendBook } from '@kubehero/domain';
import type { BudgetVerdictRow, LabelledCluster } from '@kubehero/store-postgres';
import type { Observation } from './collectors.js';
import type { Fault, Plan, Subject } from './policy-plan.js';
import { partsOf, ScopeStatements, staleStatement } from './statements.js';
import { figuresOf, toBody, toFaultBody, isNews, type VerdictBody } from './verdict-message.js';

/** A verdict with its place in the order. */
export interface Published {
  readonly subjectKey: string;
  readonly policyUid: string;
  /** Zero for all clusters together. */
  readonly clusterKey: number;
  readonly judgement: Judgement;
  readonly body: VerdictBody;
  readonly epoch: number;
  readonly version: number;
  /** More than figures is new. */
  readonly isUrgent: boolean;
  readonly atS: number;
}

/** What evaluation works with. */
export interface EvaluatorOptions {
  readonly epoch: number;
  readonly currency: string;
  /** Hourly cost of idle nodes that the stopped pods of a policy leave behind, undefined while nothing is stopped. */
  readonly stillPaid: (subject: Subject) => bigint | undefined;
}

/** Figures alone are told this often, each subject's in a second of its own, so that they do not come together. */
const ROUTINE_S = 5;
/** What does not come from rows is looked at this often, likewise. */
const TOUCH_S = 10;
const SLICE_MS = 10;

/** Judges what changed, and says what is new. A subject is judged once its figures are complete. */
export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #published = new Map<string, Published>();
  #plan: Plan = { subjects: [], faults: [] };
  #subjectOf = new Map<string, Subject>();
  #scope: ScopeStatements | undefined;
  #clusters: readonly LabelledCluster[] = [];
  #bySubjectKey = new Map<string, Subject>();
  /** Subjects in turn, for what is done to some of them every second. */
  readonly #turns = new Map<Subject, number>();
  /** Spend at which the next thing is crossed, of what was judged under this plan. */
  readonly #edges = new Map<Subject, bigint | undefined>();
  readonly #crossing = new Set<Subject>();
  #waiting = new Set<Subject>();
  #touchedAtS = 0;
  #areFaultsNew = false;
  /** Figures moved, and nothing else. */
  readonly #routine = new Set<Subject>();
  #version = 0;

  constructor(options: EvaluatorOptions, stored: readonly BudgetVerdictRow[]) {
    this.#options = options;
    for (const row of stored) {
      const published = fromRow(row);
      this.#published.set(published.subjectKey, published);
    }
  }

  /** What was said last of a subject. */
  tryFind(subjectKey: string): Published | undefined {
    return this.#published.get(subjectKey);
  }

  /** A subject of the plan. */
  tryFindSubject(subjectKey: string): Subject | undefined {
    return this.#bySubjectKey.get(subjectKey);
  }

  /** The plan in work. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Replaces what is to be judged. @returns what was judged and is no more */
  configure(plan: Plan, clusters: readonly LabelledCluster[], book: SpendBook): Published[] {
    this.#plan = plan;
    this.#clusters = clusters;
    this.#subjectOf = new Map(
      plan.subjects.flatMap((one) => one.parts.map(({ key }) => [key, one] as const)),
    );
    this.#bySubjectKey = new Map(plan.subjects.map((one) => [one.key, one]));
    this.#scope = new ScopeStatements(plan.subjects, book);
    this.#waiting = new Set(plan.subjects);
    this.#areFaultsNew = true;
    for (const left of [this.#routine, this.#crossing, this.#edges, this.#turns]) left.clear();
    plan.subjects.forEach((subject, turn) => this.#turns.set(subject, turn));
    const wanted = new Set([
      ...plan.subjects.map(({ key }) => key),
      ...plan.faults.map(({ policy }) => `${policy.uid}/0`),
    ]);
    // What was in force for a policy that cannot be judged stays
    const faulty = new Set(plan.faults.map(({ policy }) => policy.uid));
    const gone = [...this.#published.values()].filter(
      ({ subjectKey, policyUid }) => !wanted.has(subjectKey) && !faulty.has(policyUid),
    );
    for (const { subjectKey } of gone) this.#published.delete(subjectKey);
    return gone;
  }

  /** A place in the order, after all so far. */
  nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  /** Judges all again, for new rows are not all that changed. */
  touchAll(book: SpendBook): void {
    this.#scope = new ScopeStatements(this.#plan.subjects, book);
    for (const subject of this.#plan.subjects) this.#waiting.add(subject);
  }

  /** Judges some again for what does not come from new rows: staleness, the clock, which pods are there. */
  touchSome(book: SpendBook, nowS: number): void {
    if (nowS === this.#touchedAtS) return;
    if (isDue(0, TOUCH_S, this.#touchedAtS, nowS))
      this.#scope = new ScopeStatements(this.#plan.subjects, book);
    for (const [subject, turn] of this.#turns) {
      if (isDue(turn, TOUCH_S, this.#touchedAtS, nowS)) this.#waiting.add(subject);
    }
    this.#touchedAtS = nowS;
  }

  /** Judges at once whatever spend passed something of, before all that only moved. */
  judgeCrossings(book: SpendBook, observe: (clusterKey: number) => Observation, nowS: number): Published[] {
    this.#sort(book);
    return [...this.#crossing].flatMap((subject) => this.#judge(subject, book, observe, nowS) ?? []);
  }

  /** Judges what changed; yields when it takes long. */
  async evaluate(
    book: SpendBook,
    observe: (clusterKey: number) => Observation,
    nowS: number,
  ): Promise<Published[]> {
    const news = this.judgeCrossings(book, observe, nowS);
    for (const subject of this.#routine) if (this.#isRoutineDue(subject, nowS)) this.#waiting.add(subject);
    if (this.#areFaultsNew)
      news.push(...this.#plan.faults.flatMap((one) => this.#judgeFault(one, nowS) ?? []));
    this.#areFaultsNew = false;
    let sliceEnds = performance.now() + SLICE_MS;
    for (const subject of [...this.#waiting]) {
      const published = this.#judge(subject, book, observe, nowS);
      if (published !== undefined) news.push(published);
      if (performance.now() < sliceEnds) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      sliceEnds = performance.now() + SLICE_MS;
    }
    return news;
  }

  #sort(book: SpendBook): void {
    for (const part of book.takeChanged()) {
      const subject = this.#subjectOf.get(part.key);
      if (subject === undefined) continue;
      if (!this.#edges.has(subject)) this.#waiting.add(subject);
      else if (this.#isCrossing(subject, book)) this.#crossing.add(subject);
      else this.#routine.add(subject);
    }
  }

  #isRoutineDue(subject: Subject, nowS: number): boolean {
    const toldAtS = this.#published.get(subject.key)?.atS ?? 0;
    return isDue(this.#turns.get(subject) ?? 0, ROUTINE_S, toldAtS, nowS);
  }

  #judge(
    subject: Subject,
    book: SpendBook,
    observe: (clusterKey: number) => Observation,
    nowS: number,
  ): Published | undefined {
    const parts = partsOf(subject, book);
    if (parts.length < subject.parts.length || parts.some(({ ready }) => !ready)) return undefined;
    const before = this.#published.get(subject.key);
    const stale = staleStatement(subject, observe, this.#clusters);
    const observed = subject.clusterKeys.map((key) => observe(key).throughS).filter((through) => through > 0);
    const throughS = observed.length === 0 ? nowS : Math.min(...observed);
    const figures = figuresOf(parts, { throughS, isStale: stale.status === 'True' });
    const judgement = judge(before?.judgement, {
      generation: subject.policy.generation,
      periodStartsAtS: subject.period.from,
      nowS,
      ceiling: subject.ceiling.picounits,
      spend: figures.spend,
      forecast: figures.forecast?.expected,
      thresholds: subject.thresholds,
    });
    for (const left of [this.#waiting, this.#routine, this.#crossing]) left.delete(subject);
    this.#edges.set(subject, nextEdge(subject, judgement));
    const body = toBody(subject, {
      figures,
      judgement,
      throughS,
      originClusterId: this.#idOf(subject.policy.clusterKey),
      statements: [...subject.statements, ...(this.#scope?.of(subject) ?? []), stale],
      stillPaidPerHour: this.#options.stillPaid(subject),
    });
    return this.#publish(
      subject.key,
      { judgement, body },
      { nowS, isFigureDue: this.#isRoutineDue(subject, nowS) },
    );
  }

  /** True where spend passes something: what costs a judgement more often than figures are told. */
  #isCrossing(subject: Subject, book: SpendBook): boolean {
    const edge = this.#edges.get(subject);
    if (edge === undefined) return false;
    let spend = 0n;
    for (const { key } of subject.parts) spend += book.tryFind(key)?.cells.total ?? 0n;
    return spend >= edge;
  }

  #judgeFault({ policy, statement }: Fault, nowS: number): Published | undefined {
    const key = `${policy.uid}/0`;
    const before = this.#published.get(key) ?? this.#published.get(`${policy.uid}/${policy.clusterKey}`);
    const body = toFaultBody(policy, statement, {
      before: before?.body,
      originClusterId: this.#idOf(policy.clusterKey),
      nowS,
      currency: this.#options.currency,
    });
    if (before !== undefined && JSON.stringify(before.body.conditions) === JSON.stringify(body.conditions)) {
      return undefined;
    }
    const judgement = before?.judgement ?? {
      generation: policy.generation,
      periodStartsAtS: nowS,
      exceeded: false,
      exceededAtS: 0,
      crossed: [],
    };
    return this.#publish(key, { judgement, body }, { nowS, isFigureDue: true });
  }

  #publish(
    subjectKey: string,
    { judgement, body }: Pick<Published, 'judgement' | 'body'>,
    { nowS, isFigureDue }: { readonly nowS: number; readonly isFigureDue: boolean },
  ): Published | undefined {
    const before = this.#published.get(subjectKey);
    // Whatever a leader before said is said again under this term
    const isUrgent = before?.epoch !== this.#options.epoch || isNews(before.body, body);
    const isMoved = before?.body.spendPicounits !== body.spendPicounits;
    if (!isUrgent && !(isMoved && isFigureDue)) return undefined;
    const published = {
      subjectKey,
      policyUid: body.policyUid as string,
      clusterKey: clusterOf(subjectKey),
      judgement,
      body,
      isUrgent,
      epoch: this.#options.epoch,
      version: this.nextVersion(),
      atS: nowS,
    };
    this.#published.set(subjectKey, published);
    return published;
  }

  #idOf(clusterKey: number): string {
    return this.#clusters.find(({ key }) => key === clusterKey)?.id ?? '';
  }
}

/** True where the second of one's turn came since something was done, at latest with `everyS`. */
function isDue(turn: number, everyS: number, sinceS: number, nowS: number): boolean {
  return Math.floor((nowS + turn) / everyS) > Math.floor((sinceS + turn) / everyS);
}

/** The least spend at which a judgement would say more than it does. */
function nextEdge({ ceiling, thresholds }: Subject, judgement: Judgement): bigint | undefined {
  const edges = thresholds
    .filter(({ percent, basis }) => {
      const isSaid = judgement.crossed.some((one) => one.on === 'Spend' && one.percent === percent);
      return basis !== 'Forecast' && !isSaid;
    })
    .map(({ percent }) => (ceiling.picounits * BigInt(percent) + 99n) / 100n);
  if (!judgement.exceeded) edges.push(ceiling.picounits);
  return edges.reduce<bigint | undefined>((least, edge) => {
    return least === undefined || edge < least ? edge : least;
  }, undefined);
}

function clusterOf(subjectKey: string): number {
  return Number(subjectKey.slice(subjectKey.lastIndexOf('/') + 1));
}

/** What a leader before said. */
function fromRow(row: BudgetVerdictRow): Published {
  return {
    subjectKey: `${row.policyUid}/${row.clusterKey}`,
    policyUid: row.policyUid,
    clusterKey: row.clusterKey,
    judgement: row.judgement as Judgement,
    body: row.message as VerdictBody,
    isUrgent: false,
    epoch: row.epoch,
    version: row.version,
    atS: 0,
  };
}
