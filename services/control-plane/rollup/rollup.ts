import {
  MEASURES,
  SECONDS_OF,
  TABLE_OF,
  type ClickHouseEngine,
  type Level,
} from '@kubehero/store-clickhouse';
import {
  asLeader,
  countMismatch,
  finishRollup,
  listDirtyMinutes,
  listDirtyPeriods,
  NotLeaderError,
  reconcileLedger,
  type Database,
  type DirtyPeriod,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import { sleep, type Logger, type Metrics } from '@kubehero/runtime';

/** What rolling up works with. */
export interface RollupOptions {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  readonly nowS: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Sums {
  readonly rows: number;
  readonly cost: bigint;
}

/** A minute is rolled up when its second data can hardly arrive any more; later data makes it dirty again. */
const CLOSE_DELAY_S = 8;
const IDLE_MS = 1000;
const MINUTES_PER_PASS = 32;
/** Failed attempts after which the store's own rows are believed over the ledger. */
const RECONCILE_AFTER = 5;
const COST = 'cpu_cost + ram_cost + gpu_cost + network_cost';
const FINER: Readonly<Record<Exclude<Level, 'second'>, Level>> = {
  minute: 'second',
  hour: 'minute',
  day: 'hour',
};

/**
 * Recomputes dirty minutes, hours and days. A closed period is a pure function of the rows under it; it counts as
 * done when its rows and sum equal the ingest ledger. Versions order by (epoch, counter), so that a deposed
 * leader's result never wins.
 */
export class Rollup {
  readonly #options: RollupOptions;
  readonly #mismatches: ReturnType<Metrics['counter']>;
  readonly #failedAttempts = new Map<string, number>();
  #term: LeaseTerm | undefined;
  #running: Promise<void> | undefined;
  #counter = 0;

  constructor(options: RollupOptions) {
    this.#options = options;
    this.#mismatches = options.metrics.counter({
      name: 'kubehero_rollup_mismatches_total',
      help: 'Rollups that did not add up to the ingest ledger and are tried again',
    });
  }

  /** Begins to roll up as the leader of this term. */
  lead(term: LeaseTerm): void {
    this.#term = term;
    this.#counter = 0;
    this.#running = this.#run(term);
  }

  /** Ends after the period in work. */
  async follow(): Promise<void> {
    this.#term = undefined;
    await this.#running;
    this.#running = undefined;
  }

  async #run(term: LeaseTerm): Promise<void> {
    while (this.#term === term) {
      try {
        const worked = await this.#pass(term);
        if (!worked) await sleep(IDLE_MS);
      } catch (error) {
        if (error instanceof NotLeaderError) return;
        this.#options.logger.warn('rolling up failed, trying again', { error });
        await sleep(IDLE_MS);
      }
    }
  }

  async #pass(term: LeaseTerm): Promise<boolean> {
    const { db, nowS } = this.#options;
    const closed = nowS() - CLOSE_DELAY_S;
    let periods = await listDirtyMinutes(db, closed, MINUTES_PER_PASS);
    for (const level of ['hour', 'day'] as const) {
      if (periods.length > 0) break;
      periods = await listDirtyPeriods(db, { level, seconds: SECONDS_OF[level] }, closed);
    }
    let done = 0;
    for (const period of periods) {
      if (this.#term !== term) return false;
      if (await this.#rollUp(term, period)) done += 1;
    }
    return done > 0;
  }

  async #rollUp(term: LeaseTerm, period: DirtyPeriod): Promise<boolean> {
    // A minute that was never rolled up holds repeats only rarely: its rows are read once, and judged by the result
    const isFirst = period.level === 'minute' && !period.again;
    const plain = isFirst || (await this.#isPlain(period));
    let rolled = await this.#recompute(term, period, { plain, zeros: period.again });
    if (isFirst && !addsUp(rolled, period)) {
      rolled = await this.#recompute(term, period, { plain: false, zeros: true });
    }
    if (addsUp(rolled, period)) {
      await asLeader(this.#options.db, term, (transaction) => finishRollup(transaction, period));
      this.#failedAttempts.delete(keyOf(period));
      return true;
    }
    await this.#mismatch(term, period, rolled);
    return false;
  }

  /** True where the raw rows add up without collapsing repeats: then FINAL, which costs more, is not needed. */
  async #isPlain(period: DirtyPeriod): Promise<boolean> {
    if (period.level !== 'minute') return false;
    const sums = await this.#sums(TABLE_OF.second, 'count()', period, false);
    return addsUp(sums, period);
  }

  /** Writes the period's rows; returns what its table holds of it then. */
  async #recompute(
    term: LeaseTerm,
    period: DirtyPeriod,
    { plain, zeros }: { readonly plain: boolean; readonly zeros: boolean },
  ): Promise<Sums> {
    const { clickhouse, database } = this.#options;
    this.#counter += 1;
    const target = `${database}.${TABLE_OF[period.level]}`;
    const names = MEASURES.map(([rolled]) => rolled);
    const vanished = zeros ? this.#zeroRows(period.level, names) : '';
    await clickhouse.command(
      `INSERT INTO ${target} (cluster, ns, id, ts, state, v, ${names.join(', ')})
       SELECT cluster, ns, id, toDateTime({start:UInt32}, 'UTC') AS ts, state, {version:UInt64} AS v, ${names.map((name) => `sum(${name})`).join(', ')}
       FROM (${this.#sourceRows(period, plain)} ${vanished})
       GROUP BY cluster, ns, id, state`,
      { ...this.#bounds(period), version: this.#version(term) },
    );
    return await this.#sums(TABLE_OF[period.level], 'sum(seconds)', period, true);
  }

  #sourceRows(period: DirtyPeriod, plain: boolean): string {
    const level = FINER[period.level];
    const columns = MEASURES.map(([rolled, raw]) => `${level === 'second' ? raw : rolled} AS ${rolled}`);
    return `SELECT cluster, ns, id, state, ${columns.join(', ')}
      FROM ${this.#options.database}.${TABLE_OF[level]} ${plain ? '' : 'FINAL'}
      WHERE cluster = {cluster:UInt32} AND ${this.#range(level)}`;
  }

  /** Groups that vanished since the last time are replaced by zeros. */
  #zeroRows(level: Level, names: readonly string[]): string {
    const target = `${this.#options.database}.${TABLE_OF[level]}`;
    return `UNION ALL SELECT cluster, ns, id, state, ${names.map((name) => `0 AS ${name}`).join(', ')}
      FROM ${target} WHERE cluster = {cluster:UInt32} AND ${this.#instant(level)}`;
  }

  /** A period's own rows in its table; days have no bucket in their key. */
  #instant(level: Level): string {
    const start = "toDateTime({start:UInt32}, 'UTC')";
    const bucket = {
      second: '',
      minute: `AND bucket = toStartOfHour(${start})`,
      hour: `AND bucket = toStartOfDay(${start})`,
      day: '',
    };
    return `ts = ${start} ${bucket[level]}`;
  }

  /** Names the key's bucket: with FINAL a filter on time alone reads every granule. A minute is one bucket of seconds. */
  #range(level: Level): string {
    if (level === 'second') return "bucket = toDateTime({start:UInt32}, 'UTC')";
    const within = (column: string): string =>
      `${column} >= toDateTime({start:UInt32}, 'UTC') AND ${column} < toDateTime({end:UInt32}, 'UTC')`;
    return `${within('ts')} AND ${within('bucket')}`;
  }

  #bounds(period: DirtyPeriod): { cluster: number; start: number; end: number } {
    return { cluster: period.clusterKey, start: period.start, end: period.start + SECONDS_OF[period.level] };
  }

  async #sums(table: string, rows: string, period: DirtyPeriod, final: boolean): Promise<Sums> {
    const level: Level = table === TABLE_OF.second ? 'second' : period.level;
    const time = level === 'second' ? this.#range('second') : this.#instant(level);
    const [found] = await this.#options.clickhouse.query<{ rows: string; cost: string }>(
      `SELECT ${rows} AS rows, sum(toInt128(${COST})) AS cost FROM ${this.#options.database}.${table} ${final ? 'FINAL' : ''}
       WHERE cluster = {cluster:UInt32} AND ${time}`,
      this.#bounds(period),
    );
    return { rows: Number(found?.rows ?? 0), cost: BigInt(found?.cost ?? 0) };
  }

  /** (epoch, counter): 2^20 rollups a second for years before it could overflow into the epoch. */
  #version(term: LeaseTerm): string {
    return ((BigInt(term.epoch) << 40n) + BigInt(this.#counter)).toString();
  }

  async #mismatch(term: LeaseTerm, period: DirtyPeriod, rolled: Sums): Promise<void> {
    const attempts = (this.#failedAttempts.get(keyOf(period)) ?? 0) + 1;
    this.#failedAttempts.set(keyOf(period), attempts);
    this.#mismatches.inc();
    this.#options.logger.warn('a rollup does not add up to the ledger, trying again', {
      granularity: period.level,
      start: period.start,
      rows: period.rows,
      cost: period.cost.toString(),
      rolledRows: rolled.rows,
      rolledCost: rolled.cost.toString(),
    });
    await asLeader(this.#options.db, term, (transaction) => countMismatch(transaction, period));
    if (attempts >= RECONCILE_AFTER && period.level === 'minute') await this.#reconcile(term, period);
  }

  /** Rows that are durable but whose ledger entry was lost with a crashed leader count as they stand. */
  async #reconcile(term: LeaseTerm, period: DirtyPeriod): Promise<void> {
    const found = await this.#sums(TABLE_OF.second, 'count()', period, true);
    if (found.rows < period.rows) return; // rows are missing here: a replica lags, waiting is right
    const [observed] = await this.#options.clickhouse.query<{ n: string }>(
      `SELECT count() AS n FROM ${this.#options.database}.${TABLE_OF.second} FINAL
       WHERE cluster = {cluster:UInt32} AND ${this.#range('second')} AND state IN (1, 3)`,
      this.#bounds(period),
    );
    await asLeader(this.#options.db, term, (transaction) =>
      reconcileLedger(transaction, period, { ...found, nodeSeconds: Number(observed?.n ?? 0) }),
    );
    this.#failedAttempts.delete(keyOf(period));
    this.#options.logger.warn('the ledger of a minute was mended from its rows', {
      minute: period.start,
      rows: found.rows,
    });
  }
}

function addsUp(sums: Sums, period: DirtyPeriod): boolean {
  return sums.rows === period.rows && sums.cost === period.cost;
}

function keyOf(period: DirtyPeriod): string {
  return `${period.level}/${period.clusterKey}/${period.start}`;
}
