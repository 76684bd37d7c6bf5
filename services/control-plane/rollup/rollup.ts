import {
  MEASURES,
  NAMESPACE_TABLE_OF,
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
  /** A minute held rows that nobody was told of when they were stored. */
  readonly onMended?: (clusterKey: number) => void;
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
    // Repeats are rare: rows are read plainly where their number is right, and the result is judged by the ledger
    const plain = period.level === 'minute' && (!period.again || (await this.#hasNoRepeats(period)));
    let rolled = await this.#recompute(term, period, { plain, zeros: period.again });
    if (plain && !addsUp(rolled, period)) {
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

  /** True where there are as many raw rows as the ledger counts: then FINAL, which costs more, is hardly needed. */
  async #hasNoRepeats(period: DirtyPeriod): Promise<boolean> {
    const [found] = await this.#options.clickhouse.query<{ rows: string }>(
      `SELECT count() AS rows FROM ${this.#options.database}.${TABLE_OF.second}
       WHERE cluster = {cluster:UInt32} AND ${this.#range('second')}`,
      this.#bounds(period),
    );
    return Number(found?.rows ?? 0) === period.rows;
  }

  /** Writes the period's rows under a new version; returns what its table holds of that version then. */
  async #recompute(
    term: LeaseTerm,
    period: DirtyPeriod,
    { plain, zeros }: { readonly plain: boolean; readonly zeros: boolean },
  ): Promise<Sums> {
    const { clickhouse, database } = this.#options;
    this.#counter += 1;
    const target = `${database}.${TABLE_OF[period.level]}`;
    const names = MEASURES.map(([rolled]) => rolled);
    const version = this.#version(term);
    const vanished = zeros ? this.#zeroRows(period.level, names) : '';
    await clickhouse.command(
      `INSERT INTO ${target} (cluster, ns, id, ts, state, v, ${names.join(', ')})
       SELECT cluster, ns, id, toDateTime({start:UInt32}, 'UTC') AS ts, state, {version:UInt64} AS v, ${names.map((name) => `sum(${name})`).join(', ')}
       FROM (${this.#sourceRows(period, plain)} ${vanished})
       GROUP BY cluster, ns, id, state
       SETTINGS optimize_on_insert = 0, do_not_merge_across_partitions_select_final = 1`,
      { ...this.#bounds(period), version },
    );
    await this.#recomputeNamespaces(period, version);
    if (period.level === 'minute') await this.#recomputeSeconds(period, version, { plain, zeros });
    const rolled = await this.#sumsOf(period, version, period.level);
    if (period.level !== 'minute' || !addsUp(rolled, period)) return rolled;
    return await this.#sumsOf(period, version, 'second');
  }

  /** A minute's seconds by namespace, for charts: few rows, and nobody has to read those of all pods for them. */
  async #recomputeSeconds(
    period: DirtyPeriod,
    version: string,
    { plain, zeros }: { readonly plain: boolean; readonly zeros: boolean },
  ): Promise<void> {
    const { clickhouse, database } = this.#options;
    const target = `${database}.${NAMESPACE_TABLE_OF.second}`;
    const names = MEASURES.map(([rolled]) => rolled);
    const vanished = zeros
      ? `UNION ALL SELECT cluster, ns, ts, state, ${names.map((name) => `0 AS ${name}`).join(', ')}
         FROM ${target} WHERE cluster = {cluster:UInt32} AND ${this.#within('ts')}`
      : '';
    await clickhouse.command(
      `INSERT INTO ${target} (cluster, ns, ts, state, v, ${names.join(', ')})
       SELECT cluster, ns, ts, state, {version:UInt64} AS v, ${names.map(widened).join(', ')}
       FROM (${this.#sourceRows(period, plain, 'ts')} ${vanished})
       GROUP BY cluster, ns, ts, state
       SETTINGS optimize_on_insert = 0, do_not_merge_across_partitions_select_final = 1`,
      { ...this.#bounds(period), version },
    );
  }

  /** The same version once more, by namespace: read from the rows that were just written, so both always agree. */
  async #recomputeNamespaces(period: DirtyPeriod, version: string): Promise<void> {
    const { clickhouse, database } = this.#options;
    const names = MEASURES.map(([rolled]) => rolled);
    await clickhouse.command(
      `INSERT INTO ${database}.${NAMESPACE_TABLE_OF[period.level]} (cluster, ns, ts, state, v, ${names.join(', ')})
       SELECT cluster, ns, ts, state, v, ${names.map(widened).join(', ')}
       FROM ${database}.${TABLE_OF[period.level]}
       WHERE cluster = {cluster:UInt32} AND ${this.#instant(period.level)} AND v = {version:UInt64}
       GROUP BY cluster, ns, ts, state, v
       SETTINGS optimize_on_insert = 0`,
      { ...this.#bounds(period), version },
    );
  }

  /** What was stored of one version: exactly the rows of one recomputation, so FINAL is not needed. */
  async #sumsOf(period: DirtyPeriod, version: string, level: Level): Promise<Sums> {
    const time = level === 'second' ? this.#within('ts') : "ts = toDateTime({start:UInt32}, 'UTC')";
    const [found] = await this.#options.clickhouse.query<{ rows: string; cost: string }>(
      `SELECT sum(seconds) AS rows, sum(${COST}) AS cost
       FROM ${this.#options.database}.${NAMESPACE_TABLE_OF[level]}
       WHERE cluster = {cluster:UInt32} AND ${time} AND v = {version:UInt64}`,
      { ...this.#bounds(period), version },
    );
    return { rows: Number(found?.rows ?? 0), cost: BigInt(found?.cost ?? 0) };
  }

  #sourceRows(period: DirtyPeriod, plain: boolean, by: 'id' | 'ts' = 'id'): string {
    const level = FINER[period.level];
    const columns = MEASURES.map(([rolled, raw]) => `${level === 'second' ? raw : rolled} AS ${rolled}`);
    return `SELECT cluster, ns, ${by}, state, ${columns.join(', ')}
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
    return `${this.#within('ts')} AND ${this.#within('bucket')}`;
  }

  #within(column: string): string {
    return `${column} >= toDateTime({start:UInt32}, 'UTC') AND ${column} < toDateTime({end:UInt32}, 'UTC')`;
  }

  #bounds(period: DirtyPeriod): { cluster: number; start: number; end: number } {
    return { cluster: period.clusterKey, start: period.start, end: period.start + SECONDS_OF[period.level] };
  }

  /** What the raw table holds of a minute without repeats. */
  async #rawSums(period: DirtyPeriod): Promise<Sums> {
    const [found] = await this.#options.clickhouse.query<{ rows: string; cost: string }>(
      `SELECT count() AS rows, sum(toInt128(${COST})) AS cost FROM ${this.#options.database}.${TABLE_OF.second} FINAL
       WHERE cluster = {cluster:UInt32} AND ${this.#range('second')}`,
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
    const found = await this.#rawSums(period);
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
    this.#options.onMended?.(period.clusterKey);
  }
}

/** Sums of a namespace of any size need more bits than those of a pod. */
function widened(measure: string): string {
  return measure.endsWith('cost') ? `sum(toInt128(${measure}))` : `sum(toUInt128(${measure}))`;
}

function addsUp(sums: Sums, period: DirtyPeriod): boolean {
  return sums.rows === period.rows && sums.cost === period.cost;
}

function keyOf(period: DirtyPeriod): string {
  return `${period.level}/${period.clusterKey}/${period.start}`;
}
