import { sql, type Kysely } from 'kysely';

/** Keys of chains of actions, by which the hub verifies what operators say that they did. */
const STATEMENTS = [
  // public_key: SPKI, whose SHA-256 is key_id; registered_by: the operator's name in its certificate.
  `create table budget_action_key (
    cluster_key integer not null references cluster (key),
    key_id text not null,
    public_key bytea not null,
    registered_by text not null,
    registered_at timestamptz not null default now(),
    primary key (cluster_key, key_id))`,
  // A forged copy of a record that comes first must not keep the signed one out.
  `alter table budget_action drop constraint budget_action_cluster_key_key_id_sequence_hash_key`,
  `create unique index budget_action_record on budget_action (cluster_key, key_id, sequence, hash,
    (coalesce(fault, '') in ('WRONG_HASH', 'UNKNOWN_KEY', 'WRONG_SIGNATURE')))`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
