import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

/** An object of a cluster as it is stored. */
export interface InventoryRow {
  readonly uid: string;
  readonly kind: 'node' | 'namespace' | 'owner' | 'volume' | 'service';
  /** Empty where the kind has none. */
  readonly namespace: string;
  readonly name: string;
  readonly reporterRole: string;
  readonly reporter: string;
  /** JSON without NUL characters, which `jsonb` cannot hold. */
  readonly record: unknown;
}

/** What changed in one cluster. */
export interface InventoryChanges {
  /** UIDs of which the current version ends. */
  readonly ended: readonly string[];
  /** Objects of which a version begins; a current one of theirs MUST be among the ended. */
  readonly begun: readonly InventoryRow[];
  /** Objects whose current version is kept and rewritten. */
  readonly refreshed: readonly InventoryRow[];
}

/** Revisions of what is stored, by cluster. */
export async function listInventoryRevisions(
  db: Kysely<Database>,
): Promise<readonly { clusterKey: number; revision: number }[]> {
  const rows = await db.selectFrom('inventory_revision').select(['cluster_key', 'revision']).execute();
  return rows.map(({ cluster_key: clusterKey, revision }) => ({ clusterKey, revision }));
}

/** What a cluster holds now. */
export async function listInventory(
  db: Kysely<Database>,
  clusterKey: number,
): Promise<readonly InventoryRow[]> {
  const rows = await db
    .selectFrom('inventory_object')
    .selectAll()
    .where('cluster_key', '=', clusterKey)
    .where('valid_to', 'is', null)
    .execute();
  return rows.map(({ uid, kind, namespace, name, reporter_role: reporterRole, reporter, record }) => ({
    uid,
    kind,
    namespace,
    name,
    reporterRole,
    reporter,
    record,
  }));
}

/**
 * Stores changes of one cluster in three statements, however many they are.
 *
 * @param db - a transaction
 * @param at - the second in which they happened, epoch seconds
 * @returns the cluster's new revision
 */
export async function saveInventory(
  db: Kysely<Database>,
  at: { readonly clusterKey: number; readonly second: number },
  { ended, begun, refreshed }: InventoryChanges,
): Promise<number> {
  const { clusterKey, second } = at;
  await sql`update inventory_object set valid_to = greatest(valid_from, ${second})
    where cluster_key = ${clusterKey} and valid_to is null and uid = any(${[...ended]}::text[])`.execute(db);
  await sql`insert into inventory_object
      (cluster_key, uid, valid_from, kind, namespace, name, reporter_role, reporter, record)
    select ${clusterKey}, r.uid, ${second}, r.kind, r.namespace, r.name, r."reporterRole", r.reporter, r.record
    from ${recordset(begun)}
    on conflict (cluster_key, uid, valid_from) do update set valid_to = null, kind = excluded.kind,
      namespace = excluded.namespace, name = excluded.name, reporter_role = excluded.reporter_role,
      reporter = excluded.reporter, record = excluded.record`.execute(db);
  await sql`update inventory_object o
    set reporter_role = r."reporterRole", reporter = r.reporter, record = r.record
    from ${recordset(refreshed)}
    where o.cluster_key = ${clusterKey} and o.uid = r.uid and o.valid_to is null`.execute(db);
  const { rows } = await sql<{ revision: number }>`insert into inventory_revision as i (cluster_key, revision)
    values (${clusterKey}, 1)
    on conflict (cluster_key) do update set revision = i.revision + 1 returning revision`.execute(db);
  return rows[0]?.revision ?? 0;
}

/** Forgets versions that ended before a second. @returns how many */
export async function pruneInventory(db: Kysely<Database>, before: number): Promise<number> {
  const result = await db.deleteFrom('inventory_object').where('valid_to', '<', before).executeTakeFirst();
  return Number(result.numDeletedRows);
}

function recordset(rows: readonly InventoryRow[]): ReturnType<typeof sql> {
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(uid text, kind text, namespace text, name text,
    "reporterRole" text, reporter text, record jsonb)`;
}
