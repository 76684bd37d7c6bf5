import { ApiError } from '@kubehero/kubernetes';
import { AuditError } from '../audit/audit-error.js';

/** What went wrong with single objects in one pass; the others are done all the same. */
export class Failures {
  readonly #errors: (ApiError | AuditError)[] = [];

  /** Runs work; what fails is kept. Anything but a failing API or a full record is a bug and is thrown. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof AuditError)) throw error;
      this.#errors.push(error);
    }
  }

  get count(): number {
    return this.#errors.length;
  }

  /** True where going on would only make it worse: the server is away, asks for a pause, or nothing can be recorded. */
  get mustPause(): boolean {
    return this.#errors.some(
      (error) => error instanceof AuditError || error.code === 'THROTTLED' || error.code === 'UNREACHABLE',
    );
  }

  /** One sentence; empty where nothing failed. */
  get message(): string {
    const [first] = this.#errors;
    if (first === undefined) return '';
    return this.#errors.length === 1
      ? first.message
      : `${first.message} (and ${this.#errors.length - 1} more)`;
  }

  /** The longest pause that the server asked for, ms. */
  get retryAfterMs(): number {
    return Math.max(
      0,
      ...this.#errors.map((error) => (error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0)),
    );
  }
}
