import { sql, type Kysely } from 'kysely';

/** What the plausibility gate found suspicious and a person let through all the same: never changed, never removed. */
const STATEMENTS = [
  `create table price_acceptance (
    version integer not null references price_version (version),
    source text not null,
    region text not null,
    family text not null,
    purchase_model text not null,
    reasons jsonb not null,
    accepted_by text not null,
    accepted_at timestamptz not null,
    primary key (version, source, region, family, purchase_model))`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
