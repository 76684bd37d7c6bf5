import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

/** Granularities that are rolled up. */
export type RollupLevel = 'minute' | 'hour' | 'day';

/** A dirty period with what it must add up to. */
export interface DirtyPeriod {
  readonly level: RollupLevel;
  readonly clusterKey: number;
  /** Epoch second of its start. */
  readonly start: number;
  /** Counter of changes as it was read; the period is clean when this was rolled up. */
  readonly changes: number;
  /** True where it was rolled up before: groups that vanished must be replaced by zeros. */
  readonly again: boolean;
  /** Rows of raw seconds under it, and their cost in picounits. */
  readonly rows: number;
  readonly cost: bigint;
}

interface DirtyRow {
  cluster_key: number;
  start: number;
  changes: number;
  rolled: number;
  row_count: number;
  cost: string;
}

/**
 * Dirty minutes that ended before a bound and to which nothing was added for 3 s (rows are durable a moment before
 * their ledger), oldest first.
 *
 * @param endedBefore - epoch second
 */
export async function listDirtyMinutes(
  db: Kysely<Database>,
  endedBefore: number,
  limit: number,
): Promise<DirtyPeriod[]> {
  const { rows } =
    await sql<DirtyRow>`select cluster_key, minute as start, changes, rolled, row_count, cost from ingest_minute
    where changes > rolled and minute <= ${endedBefore - 60} and changed_at < now() - interval '3 seconds'
    order by mismatches, minute limit ${limit}`.execute(db);
  return rows.map((row) => toPeriod('minute', row));
}

/**
 * Dirty hours or days that ended before a bound and whose minutes are all clean, oldest first.
 *
 * @param seconds - length of the period
 */
export async function listDirtyPeriods(
  db: Kysely<Database>,
  period: { readonly level: 'hour' | 'day'; readonly seconds: number },
  endedBefore: number,
): Promise<DirtyPeriod[]> {
  const { rows } = await sql<DirtyRow>`
    select p.cluster_key, p.start, p.changes, p.rolled, sum(m.row_count)::bigint as row_count, sum(m.cost) as cost
    from rollup_period p
    join ingest_minute m on m.cluster_key = p.cluster_key and m.minute >= p.start and m.minute < p.start + ${period.seconds}
    where p.level = ${period.level} and p.changes > p.rolled and p.start <= ${endedBefore - period.seconds}
    group by p.cluster_key, p.level, p.start
    having bool_and(m.changes = m.rolled)
      and (${period.level} = 'hour' or not exists (
        select 1 from rollup_period h where h.cluster_key = p.cluster_key and h.level = 'hour' and h.changes > h.rolled
          and h.start >= p.start and h.start < p.start + ${period.seconds}))
    order by p.mismatches, p.start limit 64`.execute(db);
  return rows.map((row) => toPeriod(period.level, row));
}

function toPeriod(level: RollupLevel, row: DirtyRow): DirtyPeriod {
  return {
    level,
    clusterKey: row.cluster_key,
    start: row.start,
    changes: row.changes,
    again: row.rolled > 0,
    rows: row.row_count,
    cost: BigInt(row.cost),
  };
}

/** Marks a period clean as of the changes that were read, and the period above it dirty. */
export async function finishRollup(db: Kysely<Database>, period: DirtyPeriod): Promise<void> {
  const { clusterKey, start, changes } = period;
  if (period.level === 'minute') {
    await sql`update ingest_minute set rolled = greatest(rolled, ${changes}), mismatches = 0
      where cluster_key = ${clusterKey} and minute = ${start}`.execute(db);
    await touch(db, 'hour', clusterKey, start - (start % 3600));
    return;
  }
  await sql`update rollup_period set rolled = greatest(rolled, ${changes}), mismatches = 0
    where cluster_key = ${clusterKey} and level = ${period.level} and start = ${start}`.execute(db);
  if (period.level === 'hour') await touch(db, 'day', clusterKey, start - (start % 86_400));
}

async function touch(
  db: Kysely<Database>,
  level: 'hour' | 'day',
  clusterKey: number,
  start: number,
): Promise<void> {
  await sql`insert into rollup_period as p (cluster_key, level, start, changes) values (${clusterKey}, ${level}, ${start}, 1)
    on conflict (cluster_key, level, start) do update set changes = p.changes + 1`.execute(db);
}

/** Counts a roll-up that did not add up to the ledger; it is tried again after the others. */
export async function countMismatch(db: Kysely<Database>, period: DirtyPeriod): Promise<void> {
  await (
    period.level === 'minute'
      ? sql`update ingest_minute set mismatches = mismatches + 1 where cluster_key = ${period.clusterKey} and minute = ${period.start}`
      : sql`update rollup_period set mismatches = mismatches + 1
        where cluster_key = ${period.clusterKey} and level = ${period.level} and start = ${period.start}`
  ).execute(db);
}

/** Replaces a minute's ledger by what the store durably holds (rows whose acknowledgement was lost in a crash). */
export async function reconcileLedger(
  db: Kysely<Database>,
  period: DirtyPeriod,
  found: { readonly rows: number; readonly nodeSeconds: number; readonly cost: bigint },
): Promise<void> {
  await sql`update ingest_minute set row_count = ${found.rows}, node_seconds = ${found.nodeSeconds}, cost = ${found.cost.toString()},
      changes = changes + 1
    where cluster_key = ${period.clusterKey} and minute = ${period.start} and changes = ${period.changes}`.execute(
    db,
  );
}

/**
 * Starts of periods whose rollup must not be read yet: it, or a period under it, is dirty.
 *
 * @param seconds - length of a period of this level
 */
export async function listDirtyStarts(
  db: Kysely<Database>,
  level: RollupLevel,
  seconds: number,
): Promise<ReadonlySet<number>> {
  const { rows } = await sql<{ start: number }>`
    select distinct minute - minute % ${seconds}::bigint as start from ingest_minute where changes > rolled
    union
    select distinct start - start % ${seconds}::bigint from rollup_period
      where ${level} <> 'minute' and (level = ${level} or level = 'hour') and changes > rolled`.execute(db);
  return new Set(rows.map((row) => row.start));
}
