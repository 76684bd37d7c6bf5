import { sleep, type Logger } from '@kubehero/runtime';
import type { LeaseTerm } from '@kubehero/store-postgres';
import type { LeadershipListener } from '../lease/elector.js';
import type { NodeRegistry } from '../ingest/node-registry.js';
import type { PriceBook } from './price-book.js';

/** What the watch works with. */
export interface PriceWatchOptions {
  readonly book: PriceBook;
  readonly registry: Pick<NodeRegistry, 'repriceAll'>;
  readonly logger: Logger;
  /** How often the version is looked at. @default 15000 */
  readonly everyMs?: number;
  /** How often prices are worked out again although no version changed: sheets begin and end. @default 300000 */
  readonly recheckMs?: number;
}

const EVERY_MS = 15_000;
const RECHECK_MS = 300_000;

/** While this replica leads, gives nodes whose price changed a new activation in the future. */
export class PriceWatch implements LeadershipListener {
  readonly #options: PriceWatchOptions;
  #run: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  constructor(options: PriceWatchOptions) {
    this.#options = options;
  }

  async lead(_term: LeaseTerm): Promise<void> {
    await this.follow();
    const abort = new AbortController();
    this.#run = { abort, done: this.#watch(abort.signal) };
  }

  async follow(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    run?.abort.abort();
    await run?.done;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { everyMs = EVERY_MS, recheckMs = RECHECK_MS, logger } = this.#options;
    let checkedAt = -Infinity;
    while (!signal.aborted) {
      try {
        const isNew = await this.#options.book.refresh();
        if (isNew || performance.now() - checkedAt >= recheckMs) {
          await this.#reprice(signal);
          checkedAt = performance.now();
        }
      } catch (error) {
        // Another leader prices on; and a database that is away now is asked again.
        if (!signal.aborted) logger.warn('prices were not looked at', { error });
        checkedAt = -Infinity;
      }
      await sleep(everyMs, signal).catch(() => undefined);
    }
  }

  async #reprice(signal: AbortSignal): Promise<void> {
    const { checked, changed } = await this.#options.registry.repriceAll(signal);
    if (changed > 0) this.#options.logger.info('prices changed', { nodes: checked, changed });
  }
}
