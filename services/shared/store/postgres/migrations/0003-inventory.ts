import { sql, type Kysely } from 'kysely';

/**
 * What clusters hold, as their operators (else collectors) report it. An object is its UID; a row is what it was from
 * `valid_from` until before `valid_to` (epoch seconds), so that a name that is used again never joins two objects and
 * the labels of a past day stay known. At most one row of an object has no end.
 */
const STATEMENTS = [
  `create table inventory_object (
    cluster_key integer not null references cluster (key),
    uid text not null,
    valid_from bigint not null,
    valid_to bigint,
    kind text not null check (kind in ('node', 'namespace', 'owner', 'volume', 'service')),
    namespace text not null,
    name text not null,
    reporter_role text not null,
    reporter text not null,
    record jsonb not null,
    primary key (cluster_key, uid, valid_from))`,
  `create unique index inventory_object_current on inventory_object (cluster_key, uid) where valid_to is null`,
  `create index inventory_object_ended on inventory_object (valid_to) where valid_to is not null`,
  // Rises with every change, so that replicas that do not write know what to read again.
  `create table inventory_revision (
    cluster_key integer primary key references cluster (key),
    revision bigint not null)`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
