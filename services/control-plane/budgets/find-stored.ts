import { GapList, StoredSeconds, type RecentEntry, type RecentIdle } from '@kubehero/domain';
import { RowState, TABLE_OF, type ClickHouseEngine } from '@kubehero/store-clickhouse';
import {
  listDirtyStarts,
  listGaps,
  listNodeIdentities,
  listProgress,
  type Database,
  type Kysely,
  type NodeProgressRecord,
} from '@kubehero/store-postgres';
import { groupBy } from './group-by.js';

/** The stores. */
export interface Stores {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
}

interface Known {
  readonly progress: NodeProgressRecord;
  readonly gaps: GapList;
}

const MINUTE_S = 60;
/** Rows of a leader that died may lie in minutes that no ledger knows of, this far back. */
const DOUBT_S = 600;
const MINUTES_AT_ONCE = 10;
const COST = 'cpu_cost + ram_cost + gpu_cost + network_cost';

/**
 * Node-seconds that are in the store and not in the ledger of ingest: they will be sent again. Looked for where the two
 * can differ: in minutes that are not rolled up, and in the newest ones. MUST run before this term stores anything.
 */
export async function findStoredSeconds(stores: Stores, nowS: number): Promise<StoredSeconds> {
  const { db } = stores;
  const [dirty, known] = await Promise.all([listDirtyStarts(db, 'minute', MINUTE_S), listKnown(db)]);
  const newest = nowS - (nowS % MINUTE_S) + MINUTE_S;
  const minutes = new Set(dirty);
  for (let minute = newest - DOUBT_S; minute <= newest; minute += MINUTE_S) minutes.add(minute);
  const found = new StoredSeconds();
  const all = [...minutes].sort((a, b) => a - b);
  for (let at = 0; at < all.length; at += MINUTES_AT_ONCE) {
    await findWithin(stores, all.slice(at, at + MINUTES_AT_ONCE), known, found);
  }
  return found;
}

async function listKnown(db: Kysely<Database>): Promise<ReadonlyMap<number, Known>> {
  const [identities, progress, gaps] = await Promise.all([
    listNodeIdentities(db),
    listProgress(db),
    listGaps(db),
  ]);
  const gapsOf = groupBy(gaps, ({ nodeKey }) => nodeKey);
  return new Map(
    progress.map((record) => [
      identities.get(record.nodeKey) ?? 0,
      { progress: record, gaps: new GapList(gapsOf.get(record.nodeKey) ?? []) },
    ]),
  );
}

/** Most node-minutes hold as many seconds as are known; those that hold more are looked at second by second. */
async function findWithin(
  { clickhouse, database }: Stores,
  minutes: readonly number[],
  known: ReadonlyMap<number, Known>,
  found: StoredSeconds,
): Promise<void> {
  const observed = `FROM ${database}.${TABLE_OF.second} FINAL WHERE state IN (${RowState.idle}, ${RowState.unpriced})
    AND bucket IN ({minutes:Array(UInt32)})`;
  const counts = await clickhouse.query<{ id: number; minute: number; n: string }>(
    `SELECT id, toUnixTimestamp(bucket) AS minute, count() AS n ${observed} GROUP BY id, minute`,
    { minutes: [...minutes] },
  );
  const doubtful = counts.filter(
    ({ id, minute, n }) => Number(n) > countKnown(known.get(id), Number(minute)),
  );
  if (doubtful.length === 0) return;
  const rows = await clickhouse.query<{ id: number; second: number }>(
    `SELECT id, toUnixTimestamp(ts) AS second ${observed} AND id IN ({ids:Array(UInt32)})`,
    { minutes: [...minutes], ids: [...new Set(doubtful.map(({ id }) => id))] },
  );
  for (const { id, second } of rows) {
    if (!isKnown(known.get(id), Number(second))) found.add(id, Number(second));
  }
}

function countKnown(known: Known | undefined, minute: number): number {
  if (known === undefined) return 0;
  const from = Math.max(minute, known.progress.firstSecond);
  const to = Math.min(minute + MINUTE_S, known.progress.lastSecond + 1);
  return Math.max(0, to - from) - known.gaps.countWithin({ from: minute, to: minute + MINUTE_S });
}

function isKnown(known: Known | undefined, second: number): boolean {
  if (known === undefined) return false;
  const { firstSecond, lastSecond } = known.progress;
  if (second < firstSecond || second > lastSecond) return false;
  return known.gaps.countWithin({ from: second, to: second + 1 }) === 0;
}

/** What the newest minutes hold by identity, minute by minute: one answer must not hold the event loop. */
export async function readRecent(
  { clickhouse, database }: Stores,
  window: { readonly fromS: number; readonly nowS: number },
  into: { restore(entry: RecentEntry): void; restoreIdle(idle: RecentIdle): void },
): Promise<void> {
  for (let minute = window.fromS; minute <= window.nowS + MINUTE_S; minute += MINUTE_S) {
    const rows = await clickhouse.query<{
      cluster: number;
      ns: number;
      id: number;
      state: number;
      cost: string;
      n: string;
    }>(
      `SELECT cluster, ns, id, state, sum(toInt128(${COST})) AS cost, count() AS n FROM ${database}.${TABLE_OF.second} FINAL
       WHERE bucket = toDateTime({minute:UInt32}, 'UTC') AND state IN (${RowState.allocated}, ${RowState.idle})
       GROUP BY cluster, ns, id, state`,
      { minute },
    );
    for (const { cluster, ns, id, state, cost, n } of rows) {
      const entry = { minute, clusterKey: cluster, rows: Number(n) };
      if (state === RowState.idle) into.restoreIdle({ ...entry, cost: BigInt(cost) });
      else into.restore({ ...entry, namespaceKey: ns, id, cost: Number(cost) });
    }
  }
}
