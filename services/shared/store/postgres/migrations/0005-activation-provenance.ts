import { sql, type Kysely } from 'kysely';

/**
 * What made a price: the version of the catalogue (null where no catalogue was asked) and of its source. Prices
 * pinned before this have none.
 */
const STATEMENTS = [
  `alter table price_activation
    add column catalogue_version integer,
    add column source_version text not null default ''`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
