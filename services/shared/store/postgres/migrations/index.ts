import { Migrator, type Kysely, type Migration } from 'kysely';
import type { Database } from '../schema.js';
import * as spine from './0001-spine.js';
import * as priceCatalogue from './0002-price-catalogue.js';
import * as inventory from './0003-inventory.js';
import * as budgets from './0004-budgets.js';
import * as activationProvenance from './0005-activation-provenance.js';
import * as priceCommitments from './0006-price-commitments.js';
import * as actionKeys from './0007-action-keys.js';
import * as reprice from './0008-reprice.js';
import * as priceAcceptance from './0009-price-acceptance.js';

/** Every migration in order; forward only, a landed one is never edited. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-spine': spine,
  '0002-price-catalogue': priceCatalogue,
  '0003-inventory': inventory,
  '0004-budgets': budgets,
  '0005-activation-provenance': activationProvenance,
  '0006-price-commitments': priceCommitments,
  '0007-action-keys': actionKeys,
  '0008-reprice': reprice,
  '0009-price-acceptance': priceAcceptance,
};

/**
 * Brings the database to this version's schema; safe to call from several processes at once (kysely's migrator
 * holds an advisory lock).
 *
 * @returns names of the migrations that ran
 * @throws the first failing migration's error; earlier ones stay
 */
export async function migratePostgres(db: Kysely<Database>): Promise<readonly string[]> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined)
    throw error instanceof Error ? error : new Error('migration failed', { cause: error });
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
}
