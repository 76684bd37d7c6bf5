import { judge, type Judgement, type SpendBook } from '@kubehero/domain';
import type { BudgetVerdictRow, LabelledCluster } from '@kubehero/store-postgres';
import type { Observation } from './collectors.js';
import type { Fault, Plan, Subject } from './policy-plan.js';
import { partsOf, ScopeStatements, staleStatement } from './statements.js';
import { figuresOf, toBody, toFaultBody, urgentTextOf, type VerdictBody } from './verdict-message.js';

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
  readonly urgentText: string;
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

/** Figures alone are told this often. */
const ROUTINE_S = 5;
const SLICE_MS = 10;

/** Judges what changed, and says what is new. A subject is judged once its figures are complete. */
export class Evaluator {
  readonly #options: EvaluatorOptions;
  readonly #published = new Map<string, Published>();
  #plan: Plan = { subjects: [], faults: [] };
  #subjectOf = new Map<string, Subject>();
  #scope: ScopeStatements | undefined;
  #clusters: readonly LabelledCluster[] = [];
  #waiting = new Set<Subject>();
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
    this.#scope = new ScopeStatements(plan.subjects, book);
    this.#waiting = new Set(plan.subjects);
    this.#routine.clear();
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

  /** Judges again what does not come from new rows of the scope: staleness, the clock, which pods are there. */
  touchAll(book: SpendBook): void {
    this.#scope = new ScopeStatements(this.#plan.subjects, book);
    for (const subject of this.#plan.subjects) this.#waiting.add(subject);
  }

  /** Judges what changed; yields when it takes long. */
  async evaluate(
    book: SpendBook,
    observe: (clusterKey: number) => Observation,
    nowS: number,
  ): Promise<Published[]> {
    for (const part of book.takeChanged()) {
      const subject = this.#subjectOf.get(part.key);
      if (subject !== undefined)
        (this.#isCrossing(subject, book) ? this.#waiting : this.#routine).add(subject);
    }
    for (const subject of this.#routine) {
      if (nowS - (this.#published.get(subject.key)?.atS ?? 0) >= ROUTINE_S) this.#waiting.add(subject);
    }
    const news: Published[] = this.#plan.faults.flatMap((fault) => this.#judgeFault(fault, nowS) ?? []);
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
    this.#waiting.delete(subject);
    this.#routine.delete(subject);
    const body = toBody(subject, {
      figures,
      judgement,
      throughS,
      originClusterId: this.#idOf(subject.policy.clusterKey),
      statements: [...subject.statements, ...(this.#scope?.of(subject) ?? []), stale],
      stillPaidPerHour: this.#options.stillPaid(subject),
    });
    return this.#publish(subject.key, { judgement, body }, nowS);
  }

  /** True where spend passes something, or was never judged: what costs a judgement more often than figures are told. */
  #isCrossing(subject: Subject, book: SpendBook): boolean {
    const judgement = this.#published.get(subject.key)?.judgement;
    if (judgement === undefined) return true;
    const spend = partsOf(subject, book).reduce((sum, { cells }) => sum + cells.total, 0n);
    const ceiling = subject.ceiling.picounits;
    if (spend >= ceiling && !judgement.exceeded) return true;
    return subject.thresholds.some(
      ({ percent, basis }) =>
        basis !== 'Forecast' &&
        spend * 100n >= ceiling * BigInt(percent) &&
        !judgement.crossed.some((one) => one.on === 'Spend' && one.percent === percent),
    );
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
    return this.#publish(key, { judgement, body }, nowS);
  }

  #publish(
    subjectKey: string,
    { judgement, body }: Pick<Published, 'judgement' | 'body'>,
    nowS: number,
  ): Published | undefined {
    const before = this.#published.get(subjectKey);
    const urgentText = urgentTextOf(body);
    const isNews = before?.urgentText !== urgentText;
    const isMoved = before?.body.spendPicounits !== body.spendPicounits;
    if (!isNews && (!isMoved || nowS - before.atS < ROUTINE_S)) return undefined;
    const published = {
      subjectKey,
      policyUid: body.policyUid as string,
      clusterKey: clusterOf(subjectKey),
      judgement,
      body,
      urgentText,
      isUrgent: isNews,
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

function clusterOf(subjectKey: string): number {
  return Number(subjectKey.slice(subjectKey.lastIndexOf('/') + 1));
}

/** What a leader before said: its urgent text is another one, so that it is said again under this term. */
function fromRow(row: BudgetVerdictRow): Published {
  return {
    subjectKey: `${row.policyUid}/${row.clusterKey}`,
    policyUid: row.policyUid,
    clusterKey: row.clusterKey,
    judgement: row.judgement as Judgement,
    body: row.message as VerdictBody,
    urgentText: '',
    isUrgent: false,
    epoch: row.epoch,
    version: row.version,
    atS: 0,
  };
}
