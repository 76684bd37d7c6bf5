import { formatInstant } from '@kubehero/domain';
import { sleep, type Logger } from '@kubehero/runtime';
import type { ClickHouseEngine } from '@kubehero/store-clickhouse';
import {
  addRepricedActivations,
  asLeader,
  beginReprice,
  countDirty,
  finishRepriceBatch,
  listLedger,
  listRepricedActivations,
  listRepriceMinutes,
  NotLeaderError,
  replaceLedger,
  saveRepriceBatch,
  setRepriceStatus,
  tryFindOpenReprice,
  tryFindReprice,
  type ClusterMinute,
  type Database,
  type Kysely,
  type LeaseTerm,
  type RepriceRow,
} from '@kubehero/store-postgres';
import { minuteKey, type MinuteGuard } from '../ingest/minute-guard.js';
import type { NodeRegistry } from '../ingest/node-registry.js';
import type { PriceSource } from '../ingest/price-source.js';
import type { LeadershipListener } from '../lease/elector.js';
import { IdentityOrder } from './identity-order.js';
import { runBatch, type BatchMinutes, type BatchResult } from './reprice-batch.js';
import { listRepricedNodes, RepricePlan, resolveRepriced } from './reprice-plan.js';

/** What repricing works with. */
export interface RepricerOptions {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  /** Reads the catalogue as it is when it is called. */
  readonly prices: () => PriceSource;
  readonly registry: Pick<NodeRegistry, 'addRepriced'>;
  /** Shared with ingest. */
  readonly guard: MinuteGuard;
  readonly nowS: () => number;
  /** Epoch second below which raw rows have expired. */
  readonly horizonS: () => number;
  readonly logger: Logger;
}

const LOOK_MS = 1000;
const RETRY_MS = 1000;
const MINUTES_PER_BATCH = 10;
const ROWS_PER_BATCH = 250_000;
/** Rollups are done oldest first: more than this ahead of them, and those of now would come late. */
const MAX_DIRTY = { minutes: 120, rows: 2_000_000 } as const;
const ROLLUP_LOOK_MS = 250;
/** Periods that end by this long ago are rolled up. */
const CLOSE_DELAY_S = 8;

/** A minute of which the store does not show all rows that were stored. */
class LaggingError extends Error {}

/**
 * Carries out reprices while this replica leads, one after the other and minute by minute. Whenever it is killed, the
 * next leader goes on: prices are pinned before the first row, what a batch cost before is saved before its rows, and
 * repeating a batch writes the same rows.
 */
export class Repricer implements LeadershipListener {
  readonly #options: RepricerOptions;
  #run: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  constructor(options: RepricerOptions) {
    this.#options = options;
  }

  async lead(term: LeaseTerm): Promise<void> {
    await this.follow();
    const abort = new AbortController();
    this.#run = { abort, done: this.#watch(term, abort.signal) };
  }

  async follow(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    run?.abort.abort();
    await run?.done;
  }

  async #watch(term: LeaseTerm, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const open = await tryFindOpenReprice(this.#options.db);
        if (open === undefined) await pause(LOOK_MS, signal);
        else await new Work(this.#options, term, signal).carryOut(open);
      } catch (error) {
        if (signal.aborted || error instanceof NotLeaderError) return;
        this.#options.logger.warn('a reprice cannot go on, trying again', { error });
        await pause(RETRY_MS, signal);
      }
    }
  }
}

/** One attempt at a reprice. */
class Work {
  readonly #identities: IdentityOrder;

  constructor(
    private readonly options: RepricerOptions,
    private readonly term: LeaseTerm,
    private readonly signal: AbortSignal,
  ) {
    this.#identities = new IdentityOrder(options.db);
  }

  async carryOut(open: RepriceRow): Promise<void> {
    const { db, logger } = this.options;
    const { key, dryRun } = open;
    try {
      const plan = await this.#plan(open);
      for (let now = await this.#find(key); now.status === 'running'; now = await this.#find(key)) {
        if (!dryRun) await this.#letRollupsKeepUp(now);
        this.signal.throwIfAborted();
        if (!(await this.#next(now, plan))) {
          await this.#say(key, dryRun ? 'done' : 'rolling-up', '');
        }
      }
      if (!dryRun) await this.#awaitRollups(open);
      await this.#say(key, 'done', '');
      logger.info('a reprice is done', { reprice: key, dryRun });
    } catch (error) {
      if (error instanceof NotLeaderError || this.signal.aborted) throw error;
      const status = (await tryFindReprice(db, key))?.status ?? 'waiting';
      await this.#say(key, status, error instanceof Error ? error.message : 'failed');
      throw error;
    }
  }

  /** Pins the prices, once; from then on they hold for whatever is written of that time. */
  async #plan(open: RepriceRow): Promise<RepricePlan> {
    const { db, prices, registry, guard, logger } = this.options;
    const { key, dryRun } = open;
    if (dryRun) {
      const { records, keptNodes } = await resolveRepriced(db, prices(), open);
      await this.#asLeader((transaction) => beginReprice(transaction, key, keptNodes));
      // Nothing is written: numbers tell them apart, and no row will carry one
      return await RepricePlan.load(
        db,
        open,
        records.map((record, at) => ({ ...record, key: -1 - at })),
      );
    }
    if (open.status === 'waiting') {
      const { records, keptNodes } = await resolveRepriced(db, prices(), open);
      await this.#asLeader(async (transaction) => {
        await beginReprice(transaction, key, keptNodes);
        await addRepricedActivations(transaction, records, this.term.epoch);
      });
      logger.info('a reprice begins', { reprice: key, by: open.requestedBy, reason: open.reason });
    }
    const activations = await listRepricedActivations(db, { repriceKey: key });
    await registry.addRepriced(activations);
    // What was priced before that is durable before the first minute is read
    await guard.settle();
    return await RepricePlan.load(db, open, activations);
  }

  /** Does what comes next. @returns false where nothing is left */
  async #next(reprice: RepriceRow, plan: RepricePlan): Promise<boolean> {
    const work = await this.#choose(reprice);
    if (work === undefined) return false;
    const { dryRun } = reprice;
    const { guard } = this.options;
    const keys = work.minutes.map(({ clusterKey, minute }) => minuteKey(clusterKey, minute));
    const release = dryRun ? undefined : await guard.claim(keys);
    try {
      const result = await this.#runBatch(reprice, plan, work);
      await this.#asLeader(async (transaction) => {
        if (!dryRun) await replaceLedger(transaction, result.totals);
        await finishRepriceBatch(transaction, reprice.key, { ...result, minutes: work.minutes });
      });
    } finally {
      release?.();
    }
    return true;
  }

  async #runBatch(reprice: RepriceRow, plan: RepricePlan, work: BatchMinutes): Promise<BatchResult> {
    const { horizonS, db } = this.options;
    // Minutes that expired since the reprice began hold nothing that could be priced
    const minutes = work.minutes.filter(({ minute }) => minute >= horizonS());
    const result = await runBatch(
      {
        ...this.options,
        identities: this.#identities,
        plan,
        signal: this.signal,
        save: (batch) => this.#asLeader((transaction) => saveRepriceBatch(transaction, reprice.key, batch)),
      },
      reprice,
      { ...work, minutes },
    );
    const ledger = new Map(
      (await listLedger(db, minutes)).map(({ clusterKey, minute, rows }) => [
        minuteKey(clusterKey, minute),
        rows,
      ]),
    );
    for (const total of result.totals)
      refuseLag(total, ledger.get(minuteKey(total.clusterKey, total.minute)) ?? 0);
    return result;
  }

  /** Minutes that were begun and not finished, else the next ones; a large minute is read in groups of nodes. */
  async #choose(reprice: RepriceRow): Promise<BatchMinutes | undefined> {
    const { db } = this.options;
    const { batch } = reprice;
    if (batch !== undefined) return { ...batch, begun: batch };
    const listed = await listRepriceMinutes(db, reprice, MINUTES_PER_BATCH);
    const [first] = listed;
    if (first === undefined) return undefined;
    let rows = 0;
    const minutes: ClusterMinute[] = listed
      .filter((minute, at) => {
        rows += minute.rows;
        return at === 0 || rows <= ROWS_PER_BATCH;
      })
      .map(({ clusterKey, minute }) => ({ clusterKey, minute }));
    const groups = Math.ceil(first.rows / ROWS_PER_BATCH);
    return {
      minutes,
      nodeGroups: groups > 1 ? await this.#groups(reprice, first, groups) : undefined,
      begun: undefined,
    };
  }

  async #groups(reprice: RepriceRow, { clusterKey }: ClusterMinute, count: number): Promise<number[][]> {
    const nodes = await listRepricedNodes(this.options.db, { ...reprice, clusterKeys: [clusterKey] });
    const groups: number[][] = Array.from({ length: count }, () => []);
    nodes.forEach(({ key }, at) => groups[at % count]?.push(key));
    return groups.filter((group) => group.length > 0);
  }

  async #letRollupsKeepUp(reprice: RepriceRow): Promise<void> {
    for (;;) {
      const { minutes, rows } = await this.#dirty(reprice);
      if (minutes === 0 || (minutes < MAX_DIRTY.minutes && rows < MAX_DIRTY.rows)) return;
      await this.#say(reprice.key, 'running', `waits for ${minutes} minutes to be rolled up`);
      await pause(ROLLUP_LOOK_MS, this.signal);
      this.signal.throwIfAborted();
    }
  }

  async #awaitRollups(reprice: RepriceRow): Promise<void> {
    for (;;) {
      const { minutes, periods } = await this.#dirty(reprice);
      if (minutes + periods === 0) return;
      await this.#say(
        reprice.key,
        'rolling-up',
        `${minutes} minutes, ${periods} hours and days are to be rolled up`,
      );
      await pause(ROLLUP_LOOK_MS, this.signal);
      this.signal.throwIfAborted();
    }
  }

  #dirty(reprice: RepriceRow): ReturnType<typeof countDirty> {
    return countDirty(this.options.db, reprice, this.options.nowS() - CLOSE_DELAY_S);
  }

  async #find(key: number): Promise<RepriceRow> {
    const row = await tryFindReprice(this.options.db, key);
    if (row === undefined) throw new RangeError(`reprice ${key} is gone from PostgreSQL`);
    return row;
  }

  #say(key: number, status: RepriceRow['status'], detail: string): Promise<void> {
    return this.#asLeader((transaction) => setRepriceStatus(transaction, key, { status, detail }));
  }

  #asLeader<T>(write: Parameters<typeof asLeader<T>>[2]): Promise<T> {
    return asLeader(this.options.db, this.term, write);
  }
}

/** A replica that lags behind shows fewer rows than were stored: they would keep their old price. */
function refuseLag(total: ClusterMinute & { readonly rows: number }, stored: number): void {
  if (total.rows >= stored) return;
  throw new LaggingError(
    `minute ${formatInstant(total.minute)} shows ${total.rows} of ${stored} rows: waiting for the replica that was asked`,
  );
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, signal).catch(() => undefined);
}
