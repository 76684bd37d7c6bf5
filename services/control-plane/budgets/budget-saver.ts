import type { SpendBook } from '@kubehero/domain';
import type { Logger } from '@kubehero/runtime';
import {
  asLeader,
  NotLeaderError,
  removeBudgetVerdicts,
  saveBudgetSpend,
  saveBudgetVerdicts,
  type BudgetSpendRow,
  type Database,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import type { Published } from './evaluator.js';
import type { Subject } from './policy-plan.js';

/** What a {@link BudgetSaver} works with. */
export interface BudgetSaverOptions {
  readonly db: Kysely<Database>;
  readonly term: LeaseTerm;
  readonly logger: Logger;
}

/**
 * Writes what was spent and said, fenced by the term, beside everything else: nobody who judges waits for the database.
 * Of each hour and subject the newest is kept until it is written, so that a database that is away costs no memory that
 * grows.
 */
export class BudgetSaver {
  readonly #options: BudgetSaverOptions;
  readonly #hours = new Map<string, BudgetSpendRow>();
  readonly #verdicts = new Map<string, Published>();
  readonly #gone = new Map<string, Published>();
  #writing: Promise<void> | undefined;
  #isAskedAgain = false;
  #deposed: NotLeaderError | undefined;

  constructor(options: BudgetSaverOptions) {
    this.#options = options;
  }

  /** Has a verdict written the next time; the newest of a subject counts. */
  add(published: Published): void {
    this.#verdicts.set(published.subjectKey, published);
  }

  /** Has verdicts removed of what is judged no more. */
  remove(gone: readonly Published[]): void {
    for (const one of gone) {
      this.#verdicts.delete(one.subjectKey);
      this.#gone.set(one.subjectKey, one);
    }
  }

  /** Has the hours written that changed. */
  addHours(subjects: readonly Subject[], book: SpendBook): void {
    book.settle();
    for (const row of subjects.flatMap((subject) => changedHours(subject, book))) {
      this.#hours.set(`${row.policyUid}/${row.clusterKey}/${row.periodStartsAt}/${row.hour}`, row);
    }
  }

  /** Begins to write, after what is under way; what fails is written the next time. */
  begin(): void {
    this.#isAskedAgain = true;
    this.#writing ??= this.#writeAll();
  }

  /** Writes everything. */
  async end(): Promise<void> {
    this.begin();
    await this.#writing;
  }

  /** @throws NotLeaderError once a write found that the term is over */
  check(): void {
    if (this.#deposed !== undefined) throw this.#deposed;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#isAskedAgain && this.#deposed === undefined) {
        this.#isAskedAgain = false;
        await this.#write();
      }
    } catch (error) {
      if (error instanceof NotLeaderError) this.#deposed = error;
      else this.#options.logger.warn('budgets could not be saved, they are the next time', { error });
    } finally {
      this.#writing = undefined;
    }
  }

  async #write(): Promise<void> {
    await this.#writeHours();
    await this.#removeVerdicts();
    await this.#writeVerdicts();
  }

  async #writeHours(): Promise<void> {
    const hours = new Map(this.#hours);
    if (hours.size === 0) return;
    const { db, term } = this.#options;
    await asLeader(db, term, (transaction) => saveBudgetSpend(transaction, [...hours.values()]));
    dropWritten(this.#hours, hours);
  }

  async #removeVerdicts(): Promise<void> {
    const gone = new Map(this.#gone);
    if (gone.size === 0) return;
    const keys = [...gone.values()].map(({ policyUid, clusterKey }) => ({ policyUid, clusterKey }));
    const { db, term } = this.#options;
    await asLeader(db, term, (transaction) => removeBudgetVerdicts(transaction, keys));
    dropWritten(this.#gone, gone);
  }

  async #writeVerdicts(): Promise<void> {
    const verdicts = new Map(this.#verdicts);
    if (verdicts.size === 0) return;
    const rows = [...verdicts.values()].map(({ policyUid, clusterKey, epoch, version, judgement, body }) => ({
      ...{ policyUid, clusterKey, epoch, version, judgement },
      message: body,
    }));
    const { db, term } = this.#options;
    await asLeader(db, term, (transaction) => saveBudgetVerdicts(transaction, rows));
    dropWritten(this.#verdicts, verdicts);
  }
}

/** What was replaced while it was written stays. */
function dropWritten<T>(waiting: Map<string, T>, written: ReadonlyMap<string, T>): void {
  for (const [key, one] of written) if (waiting.get(key) === one) waiting.delete(key);
}

function changedHours(subject: Subject, book: SpendBook): BudgetSpendRow[] {
  return subject.parts.flatMap(({ key, clusterKey }) => {
    const part = book.tryFind(key);
    // What is about to be read again is a mixture of what was covered before and now
    if (part?.ready !== true || part.outdated) return [];
    return book.takeCells(part).map(({ startsAtS, ...cell }) => ({
      ...cell,
      policyUid: subject.policy.uid,
      clusterKey,
      question: part.question,
      periodStartsAt: part.period.from,
      hour: startsAtS,
    }));
  });
}
