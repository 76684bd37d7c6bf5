import { diskErrorCode, type Logger } from '@kubehero/runtime';

/** Tells the log about writes that fail: a full disk once, and once more when it is over. */
export class Outage {
  #isFull = false;

  constructor(private readonly logger: Logger) {}

  /** A write failed. */
  note(message: string, error: unknown, fields: Readonly<Record<string, unknown>> = {}): void {
    if (diskErrorCode(error) !== 'DISK_FULL') this.logger.warn(message, { ...fields, error });
    else if (!this.#isFull) {
      this.#isFull = true;
      this.logger.error(
        'no space is left for the stores: nothing is acknowledged and collectors keep their seconds until there is, free some',
        { error },
      );
    }
  }

  /** A write succeeded. */
  end(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.logger.warn('the stores have space again: storing goes on');
  }
}
