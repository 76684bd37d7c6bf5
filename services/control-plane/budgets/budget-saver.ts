import type { SpendBook } from '@kubehero/domain';
import {
  asLeader,
  saveBudgetSpend,
  saveBudgetVerdicts,
  type BudgetSpendRow,
  type Database,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import type { Published } from './evaluator.js';
import type { Subject } from './policy-plan.js';

/** Writes what was spent and said, fenced by the term. */
export class BudgetSaver {
  readonly #verdicts = new Map<string, Published>();

  constructor(
    private readonly db: Kysely<Database>,
    private readonly term: LeaseTerm,
  ) {}

  /** Has a verdict written the next time; the newest of a subject counts. */
  add(published: Published): void {
    this.#verdicts.set(published.subjectKey, published);
  }

  /** Leaves out what is judged no more. */
  forget(gone: readonly Published[]): void {
    for (const { subjectKey } of gone) this.#verdicts.delete(subjectKey);
  }

  /** Writes the hours that changed and the verdicts. @throws NotLeaderError */
  async save(subjects: readonly Subject[], book: SpendBook): Promise<void> {
    book.settle();
    const rows = subjects.flatMap((subject) => changedHours(subject, book));
    try {
      if (rows.length > 0) {
        await asLeader(this.db, this.term, (transaction) => saveBudgetSpend(transaction, rows));
      }
    } catch (error) {
      for (const row of rows) book.tryFind(`${row.policyUid}/${row.clusterKey}`)?.cells.touch(row.hour);
      throw error;
    }
    await this.saveVerdicts();
  }

  /** Writes the verdicts. @throws NotLeaderError */
  async saveVerdicts(): Promise<void> {
    const verdicts = [...this.#verdicts.values()];
    if (verdicts.length === 0) return;
    await asLeader(this.db, this.term, (transaction) =>
      saveBudgetVerdicts(
        transaction,
        verdicts.map(({ policyUid, clusterKey, epoch, version, judgement, body }) => ({
          policyUid,
          clusterKey,
          epoch,
          version,
          judgement,
          message: body,
        })),
      ),
    );
    for (const verdict of verdicts) {
      if (this.#verdicts.get(verdict.subjectKey) === verdict) this.#verdicts.delete(verdict.subjectKey);
    }
  }
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
