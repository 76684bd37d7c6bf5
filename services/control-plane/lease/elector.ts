import {
  acquireLease,
  releaseLease,
  type Database,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import { sleep, type Logger } from '@kubehero/runtime';

/** What happens at the ends of a term. */
export interface LeadershipListener {
  /** Begins to work as the leader; rejecting gives the lease up. */
  lead(term: LeaseTerm): Promise<void>;
  /** Stops all work of the leader; resolves when nothing is written any more. */
  follow(reason: string): Promise<void>;
}

/** How the lease is kept. */
export interface ElectorOptions {
  readonly db: Kysely<Database>;
  /** Identity of this process; a new one for every start. */
  readonly holder: string;
  /** Where this replica serves. */
  readonly address: string;
  readonly listener: LeadershipListener;
  readonly logger: Logger;
  /** @default 9 s */
  readonly ttlS?: number;
  /** @default 3000 ms */
  readonly renewMs?: number;
}

const TTL_S = 9;
const RENEW_MS = 3000;
/** The leader stops itself this long before the lease ends on the database's clock. */
const SAFETY_MS = 1500;

/**
 * Keeps one leader: a lease row in PostgreSQL on the database's clock, renewed every 3 s, and before its end a
 * deadline on this process's monotonic clock, after which the leader stops by itself.
 */
export class Elector {
  readonly #options: ElectorOptions;
  readonly #ttlS: number;
  readonly #renewMs: number;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #term: LeaseTerm | undefined;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#ttlS = options.ttlS ?? TTL_S;
    this.#renewMs = options.renewMs ?? RENEW_MS;
  }

  /** The term in which this process leads, undefined while it follows. */
  get term(): LeaseTerm | undefined {
    return this.#term;
  }

  /** Begins to campaign. */
  start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#run();
  }

  /** Steps down and gives the lease up. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let deadline = 0;
    while (!this.#stopping.signal.aborted) {
      const asked = performance.now();
      const term = await this.#tryAcquire(deadline);
      if (term !== undefined) deadline = asked + this.#ttlS * 1000 - SAFETY_MS;
      await this.#turn(term, deadline);
      await sleep(this.#renewMs, this.#stopping.signal);
    }
    await this.#stepDown('this replica stops');
  }

  /** Undefined where another one leads; where PostgreSQL does not answer, the term while it still holds. */
  async #tryAcquire(deadline: number): Promise<LeaseTerm | undefined> {
    const { db, holder, address, logger } = this.#options;
    try {
      return await withTimeout(acquireLease(db, { holder, address }, this.#ttlS), this.#renewMs);
    } catch (error) {
      logger.warn('the lease could not be renewed', { error });
      return performance.now() < deadline ? this.#term : undefined;
    }
  }

  async #turn(term: LeaseTerm | undefined, deadline: number): Promise<void> {
    const current = this.#term;
    const lapsed = current !== undefined && performance.now() >= deadline;
    if (current !== undefined && (lapsed || term?.epoch !== current.epoch)) {
      await this.#follow('another replica leads, or the lease lapsed');
    }
    if (term === undefined || this.#term !== undefined || lapsed) return;
    try {
      await this.#options.listener.lead(term);
      this.#term = term;
      this.#options.logger.info('this replica leads', { epoch: term.epoch });
    } catch (error) {
      this.#options.logger.error('leading could not begin', { error });
      await this.#options.listener.follow('leading could not begin');
      await this.#release(term);
    }
  }

  async #follow(reason: string): Promise<void> {
    this.#term = undefined;
    this.#options.logger.info('this replica follows', { reason });
    await this.#options.listener.follow(reason);
  }

  async #stepDown(reason: string): Promise<void> {
    const term = this.#term;
    if (term === undefined) return;
    await this.#follow(reason);
    await this.#release(term);
  }

  async #release(term: LeaseTerm): Promise<void> {
    await releaseLease(this.#options.db, term).catch((error: unknown) => {
      this.#options.logger.warn('the lease could not be given up, it ends by itself', { error });
    });
  }
}

async function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
