import { sql, type Kysely } from 'kysely';
import type { Window } from '@kubehero/domain';
import type { Database } from '../schema.js';

/** How far a node's seconds are stored. */
export interface NodeProgressRecord {
  readonly nodeKey: number;
  readonly incarnation: string;
  readonly bootId: string;
  readonly bootedAt: number;
  readonly source: string;
  readonly firstSecond: number;
  readonly lastSecond: number;
}

/** Seconds that were never received. */
export interface NodeGapRecord extends Window {
  readonly nodeKey: number;
  /** The node demonstrably ran, so that the gap costs its price. */
  readonly ran: boolean;
  /** Written to the cost tables as unobserved. */
  readonly charged: boolean;
}

/** What a flush adds to the ledger of a minute. */
export interface MinuteIncrement {
  readonly clusterKey: number;
  /** Epoch second of the minute's start. */
  readonly minute: number;
  readonly rows: number;
  readonly nodeSeconds: number;
  /** Picounits. */
  readonly cost: bigint;
}

/** All nodes' progress. */
export async function listProgress(db: Kysely<Database>): Promise<readonly NodeProgressRecord[]> {
  const rows = await db.selectFrom('node_progress').selectAll().execute();
  return rows.map((row) => ({
    nodeKey: row.node_key,
    incarnation: row.incarnation,
    bootId: row.boot_id,
    bootedAt: row.booted_at,
    source: row.source,
    firstSecond: row.first_second,
    lastSecond: row.last_second,
  }));
}

/** All gaps, by node and time. */
export async function listGaps(db: Kysely<Database>): Promise<readonly NodeGapRecord[]> {
  const rows = await db
    .selectFrom('node_gap')
    .selectAll()
    .orderBy('node_key')
    .orderBy('from_second')
    .execute();
  return rows.map((row) => ({
    nodeKey: row.node_key,
    from: row.from_second,
    to: row.to_second,
    ran: row.ran,
    charged: row.charged,
  }));
}

/** Writes progress of many nodes in one round trip. */
export async function saveProgress(
  db: Kysely<Database>,
  records: readonly NodeProgressRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await sql`
    insert into node_progress as p (node_key, incarnation, boot_id, booted_at, source, first_second, last_second, heard_at)
    select r."nodeKey", r.incarnation, r."bootId", r."bootedAt", r.source, r."firstSecond", r."lastSecond", now()
    from jsonb_to_recordset(${JSON.stringify(records)}::jsonb) as r("nodeKey" int, incarnation numeric, "bootId" text, "bootedAt" bigint,
      source text, "firstSecond" bigint, "lastSecond" bigint)
    on conflict (node_key) do update set incarnation = excluded.incarnation, boot_id = excluded.boot_id,
      booted_at = excluded.booted_at, source = excluded.source, first_second = excluded.first_second,
      last_second = excluded.last_second, heard_at = excluded.heard_at`.execute(db);
}

/** Replaces the gaps of some nodes by others. */
export async function replaceGaps(
  db: Kysely<Database>,
  nodeKeys: readonly number[],
  gaps: readonly NodeGapRecord[],
): Promise<void> {
  if (nodeKeys.length === 0) return;
  await sql`
    with given as (
      select r."nodeKey" as node_key, r."from" as from_second, r."to" as to_second, r.ran, r.charged
      from jsonb_to_recordset(${JSON.stringify(gaps)}::jsonb) as r("nodeKey" int, "from" bigint, "to" bigint, ran boolean, charged boolean)),
    removed as (
      delete from node_gap g where g.node_key = any(${nodeKeys}::int[])
        and not exists (select 1 from given where given.node_key = g.node_key and given.from_second = g.from_second))
    insert into node_gap as g (node_key, from_second, to_second, ran, charged)
    select node_key, from_second, to_second, ran, charged from given
    on conflict (node_key, from_second) do update
      set to_second = excluded.to_second, ran = excluded.ran, charged = excluded.charged
      where (g.to_second, g.ran, g.charged) is distinct from (excluded.to_second, excluded.ran, excluded.charged)`.execute(
    db,
  );
}

/** Adds to the ledger and marks the minutes dirty. */
export async function addToLedger(
  db: Kysely<Database>,
  increments: readonly MinuteIncrement[],
): Promise<void> {
  if (increments.length === 0) return;
  const payload = JSON.stringify(increments.map((entry) => ({ ...entry, cost: entry.cost.toString() })));
  await sql`
    insert into ingest_minute as m (cluster_key, minute, row_count, node_seconds, cost, changes)
    select r."clusterKey", r.minute, r.rows, r."nodeSeconds", r.cost, 1
    from jsonb_to_recordset(${payload}::jsonb) as r("clusterKey" int, minute bigint, rows bigint, "nodeSeconds" bigint, cost numeric)
    on conflict (cluster_key, minute) do update set row_count = m.row_count + excluded.row_count,
      node_seconds = m.node_seconds + excluded.node_seconds, cost = m.cost + excluded.cost,
      changes = m.changes + 1, changed_at = now()`.execute(db);
}

/** Marks minutes dirty without adding, so that rows which arrive late are rolled up even if this process dies. */
export async function markDirty(
  db: Kysely<Database>,
  minutes: readonly { readonly clusterKey: number; readonly minute: number }[],
): Promise<void> {
  await addToLedger(
    db,
    minutes.map((minute) => ({ ...minute, rows: 0, nodeSeconds: 0, cost: 0n })),
  );
}
