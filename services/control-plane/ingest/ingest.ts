import {
  encodePodCosts,
  TABLE_OF,
  type ClickHouseEngine,
  type PodCostColumns,
} from '@kubehero/store-clickhouse';
import {
  addToLedger,
  asLeader,
  markDirty,
  replaceGaps,
  saveProgress,
  type Database,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import { sleep, type Logger } from '@kubehero/runtime';
import { BatchQueue } from './batch-queue.js';
import { BatchColumns } from './columns.js';
import { Flush, type FlushLimits } from './flush.js';
import { GapWatch } from './gap-watch.js';
import type { IngestMetrics } from './ingest-metrics.js';
import { MinuteGuard, type GuardedWrite } from './minute-guard.js';
import type { NodeRegistry } from './node-registry.js';
import { Outage } from './outage.js';
import { RejectedError } from './rejection.js';
import { SecondWriter } from './second-writer.js';
import type { PendingBatch, Session } from './session.js';
import { resolveWave } from './wave.js';

/** What ingest works with. */
export interface IngestOptions {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  readonly registry: NodeRegistry;
  readonly limits: FlushLimits;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  /** Whoever else writes rows takes part in it. @default - nobody does */
  readonly guard?: MinuteGuard;
  /** Runs before rows are stored: what they refer to must be there first. */
  readonly beforeRows?: () => Promise<void>;
  /** Receives rows once they are durable; the columns are used again afterwards. */
  readonly onDurable: (chunks: readonly PodCostColumns[]) => Promise<void>;
}

/** One insert stays below the engine's block of 1,048,449 rows, so that a second's rows are stored as one. */
const MAX_ROWS_PER_INSERT = 900_000;
const SLICE_MS = 5;
const INSERT_ATTEMPTS = 5;
const FIRST_BACKOFF_MS = 100;
const MAX_POOLED_CHUNKS = 30;

/** A write that is under way. */
interface Storing {
  /** The rows are durable (or failed): the next write may begin. */
  isOver: boolean;
  /** Rows or ledger of it, or of one before it, could not be written. */
  hasFailed: boolean;
  readonly inserted: Promise<void>;
  /** Ledger and progress are durable too, and it was acknowledged. */
  done: Promise<void>;
}

/** A write that waits for the one before. */
interface Staged {
  readonly flush: Flush;
  readonly write: GuardedWrite;
  readonly taken: readonly PendingBatch[];
}

const DONE: Storing = {
  isOver: true,
  hasFailed: false,
  inserted: Promise.resolve(),
  done: Promise.resolve(),
};

/**
 * Stores sealed seconds: one write in flight, and all that arrived meanwhile in the next one, which is staged while
 * the first is stored.
 *
 * The order is rows (ClickHouse), then ledger and progress (PostgreSQL, fenced by the term), then the
 * acknowledgement. Whatever fails in between, nothing was acknowledged, the emitters send again, and the same
 * rows collapse in the store.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #tools = { writer: new SecondWriter(), columns: new BatchColumns(), pool: [] as PodCostColumns[] };
  readonly #sessions = new Set<Session>();
  readonly #gaps: GapWatch;
  readonly #guard: MinuteGuard;
  readonly #queue = new BatchQueue();
  readonly #outage: Outage;
  #term: LeaseTerm | undefined;
  #isRecovering = false;
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#outage = new Outage(options.logger);
    this.#guard = options.guard ?? new MinuteGuard();
    this.#gaps = new GapWatch(options.registry, options.limits);
  }

  /** Begins to store as the leader of this term. */
  async lead(term: LeaseTerm): Promise<void> {
    await this.#options.registry.load(term);
    await this.#markRecentMinutes(term);
    this.#term = term;
    this.#running = this.#run(term);
  }

  /** Stops storing; what is in flight ends, what waits is dropped and not acknowledged. */
  async follow(reason: string): Promise<void> {
    this.#term = undefined;
    this.#wake();
    await this.#running;
    this.#running = undefined;
    this.#failSessions(reason);
  }

  /** True while this replica leads and stores. */
  get isLeading(): boolean {
    return this.#term !== undefined;
  }

  /** True while streams can be opened: not while memory, which ran ahead of a failed write, is read afresh. */
  get isOpen(): boolean {
    return this.isLeading && !this.#isRecovering;
  }

  /** A new stream. */
  open(session: Session): void {
    this.#sessions.add(session);
  }

  /** A stream that ended. */
  close(session: Session): void {
    this.#sessions.delete(session);
    this.#queue.drop(session);
  }

  /** Queues a batch; resolves when there is room for the next one. */
  async enqueue(pending: PendingBatch): Promise<void> {
    if (!this.isLeading) {
      pending.session.output.fail('this replica does not lead: connect again');
      return;
    }
    if (!this.#sessions.has(pending.session)) return; // it failed, and sends again on a stream of its own
    this.#queue.push(pending);
    this.#wake();
    await this.#queue.room(() => !this.isLeading);
  }

  /** Resolves when everything that was queued until now is stored. */
  async drain(): Promise<void> {
    while (this.isLeading && this.#queue.length > 0) await sleep(20);
  }

  /** Stages the next write while the one before is stored. */
  async #run(term: LeaseTerm): Promise<void> {
    let storing: Storing = DONE;
    while (this.#term === term) {
      const write = this.#guard.open();
      try {
        const staged = await this.#stage(storing, write);
        if (staged === undefined) {
          write.close();
          await storing.done;
          storing = DONE;
          await this.#nap();
        } else {
          storing = await this.#begin(staged, term, storing);
        }
      } catch (error) {
        write.close();
        await storing.done.catch(() => undefined); // it failed for the same reason, or is what failed
        storing = DONE;
        await this.#recover(term, error);
      }
    }
    await storing.done.catch((error: unknown) => {
      this.#options.logger.warn('the last write failed, emitters send again', { error });
    });
  }

  async #nap(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 1000);
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#queue.length > 0 || this.#term === undefined) this.#wake();
    });
  }

  /** After a failed write memory is ahead of the stores: read them afresh, then let the emitters send again. */
  async #recover(term: LeaseTerm, error: unknown): Promise<void> {
    this.#outage.note('storing failed, emitters are asked to send again', error);
    this.#options.metrics.failures.inc();
    this.#isRecovering = true;
    this.#failSessions('storing failed: send again what was not acknowledged');
    try {
      await this.#readAfresh(term);
    } finally {
      this.#isRecovering = false;
    }
  }

  /** As often as it takes: with what memory holds, seconds that were never stored would count as repeated. */
  async #readAfresh(term: LeaseTerm): Promise<void> {
    for (;;) {
      await sleep(FIRST_BACKOFF_MS * 5);
      if (this.#term !== term) return;
      try {
        await this.#options.registry.load(term);
        await this.#markRecentMinutes(term);
        return;
      } catch (error) {
        this.#outage.note('the stores do not answer, trying again', error);
      }
    }
  }

  #failSessions(reason: string): void {
    for (const session of this.#sessions) session.output.fail(reason);
    this.#sessions.clear();
    this.#queue.clear();
  }

  /** All that arrives until the write before is stored, or until an insert is full; undefined: nothing came. */
  async #stage(storing: Storing, write: GuardedWrite): Promise<Staged | undefined> {
    const flush = new Flush(this.#tools, this.#options.limits);
    const charged = this.#gaps.chargeDue(flush, MAX_ROWS_PER_INSERT / 4);
    const taken = await this.#fill(flush);
    while (!storing.isOver && this.isLeading && flush.rows < MAX_ROWS_PER_INSERT / 2) {
      await Promise.race([storing.inserted, this.#nap()]);
      taken.push(...(await this.#fill(flush)));
    }
    if (taken.length === 0 && charged === 0) return undefined;
    // The next write builds on this one before it is durable; a failure reads everything afresh
    flush.apply();
    return { flush, taken, write };
  }

  /** Rows of this write go in while the ledger of the one before is written; ledgers are written in order. */
  async #begin(staged: Staged, term: LeaseTerm, before: Storing): Promise<Storing> {
    await before.inserted;
    if (before.hasFailed) await before.done; // nothing can be built on it
    const started = performance.now();
    const { flush, write } = staged;
    const inserted = write.enter(flush.minuteKeys()).then(() => this.#insertRows(flush, term));
    const storing = { isOver: false, hasFailed: false, inserted, done: Promise.resolve() };
    const ready = Promise.all([inserted, before.done]);
    storing.done = this.#finish(staged, term, { started, ready });
    void Promise.allSettled([inserted, storing.done]).then(() => {
      write.close();
    });
    inserted.then(
      () => (storing.isOver = true),
      () => (storing.isOver = true),
    );
    storing.done.catch(() => (storing.hasFailed = true)); // the loop awaits it and recovers
    return storing;
  }

  async #finish(
    { flush, taken }: Staged,
    term: LeaseTerm,
    rows: { started: number; ready: Promise<unknown> },
  ): Promise<void> {
    const { started } = rows;
    await rows.ready;
    await this.#writeLedger(flush, term);
    flush.settle();
    this.#outage.end();
    this.#options.metrics.observe(flush, performance.now() - started);
    await this.#options.onDurable(flush.chunks);
    this.#recycle(flush);
    for (const [session, sequence] of lastSequences(taken)) {
      if (this.#sessions.has(session)) session.output.acknowledge(sequence);
    }
  }

  /** Takes batches off the queue until an insert is full; yields, because a full insert holds the loop for long. */
  async #fill(flush: Flush): Promise<PendingBatch[]> {
    const taken: PendingBatch[] = [];
    let sliceEnds = performance.now() + SLICE_MS;
    while (flush.rows < MAX_ROWS_PER_INSERT / 2 && this.#queue.length > 0) {
      const wave = this.#queue.takeWave();
      await resolveWave(this.#options.registry, wave);
      for (const pending of wave) {
        this.#addAll(flush, pending);
        taken.push(pending);
        if (performance.now() > sliceEnds) {
          await new Promise<void>((resolve) => setImmediate(resolve));
          sliceEnds = performance.now() + SLICE_MS;
        }
      }
    }
    this.#queue.release();
    return taken;
  }

  #addAll(flush: Flush, { session, batch }: PendingBatch): void {
    for (const part of batch.nodes) {
      const node = session.nodes[part.node];
      try {
        if (node === undefined)
          throw new RejectedError('UNKNOWN_NODE', `node ${part.node} was never introduced on this stream`);
        this.#options.metrics.repeated.inc(flush.add(session, node, part));
      } catch (error) {
        if (!(error instanceof RejectedError)) throw error;
        this.#options.metrics.rejected.inc({ reason: error.code });
        session.output.reject({
          sequence: String(batch.sequence),
          node: part.node,
          code: error.code,
          message: error.message,
        });
      }
    }
  }

  async #insertRows(flush: Flush, term: LeaseTerm): Promise<void> {
    if (flush.lateMinutes.size > 0) {
      const minutes = [...flush.lateMinutes.values()];
      await asLeader(this.#options.db, term, (transaction) => markDirty(transaction, minutes));
    }
    await this.#options.beforeRows?.();
    await this.#insert(flush.chunks);
  }

  async #writeLedger(flush: Flush, term: LeaseTerm): Promise<void> {
    const { nodeKeys, gaps } = flush.gaps();
    await asLeader(this.#options.db, term, async (transaction) => {
      await saveProgress(transaction, flush.progress());
      await replaceGaps(transaction, nodeKeys, gaps);
      await addToLedger(transaction, flush.increments());
    });
  }

  /** Repeating an insert is harmless: the same rows collapse. */
  async #insert(chunks: readonly PodCostColumns[]): Promise<void> {
    if (chunks.every((chunk) => chunk.rows === 0)) return;
    const insert = encodePodCosts(chunks);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#options.clickhouse.insertNative(`${this.#options.database}.${TABLE_OF.second}`, insert);
        return;
      } catch (error) {
        if (attempt === INSERT_ATTEMPTS || !this.isLeading) throw error;
        this.#outage.note('clickhouse refused an insert, trying again', error, { attempt });
        await sleep(FIRST_BACKOFF_MS * 2 ** attempt);
      }
    }
  }

  #recycle(flush: Flush): void {
    for (const chunk of flush.chunks) {
      chunk.reset();
      if (this.#tools.pool.length < MAX_POOLED_CHUNKS) this.#tools.pool.push(chunk);
    }
  }

  /** Rows of a deposed leader may lie in minutes whose ledger it could not write any more. */
  async #markRecentMinutes(term: LeaseTerm): Promise<void> {
    const { clickhouse, database, db, limits } = this.#options;
    const rows = await clickhouse.query<{ cluster: number; minute: string }>(
      `SELECT DISTINCT cluster, toUnixTimestamp(bucket) AS minute FROM ${database}.${TABLE_OF.second}
       WHERE ts >= {from:UInt32}`,
      { from: limits.nowS() - 600 },
    );
    const minutes = rows.map((row) => ({ clusterKey: row.cluster, minute: Number(row.minute) }));
    await asLeader(db, term, (transaction) => markDirty(transaction, minutes));
  }
}

function lastSequences(batches: readonly PendingBatch[]): Map<Session, string> {
  return new Map(batches.map(({ session, batch }) => [session, String(batch.sequence)]));
}
