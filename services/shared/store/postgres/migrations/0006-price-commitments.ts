import { sql, type Kysely } from 'kysely';

/**
 * The ways to commit of `reserved` and `savings-plan` rows: one row holds all terms and payments of a machine, so that
 * the catalogue does not grow twelvefold.
 *
 * @param db - inside a transaction that holds the migration lock
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table price_row add column commitments jsonb').execute(db);
}
