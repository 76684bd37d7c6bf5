import type { Database, Kysely } from '@kubehero/store-postgres';
import type { CatalogueStore } from '../catalogue-store.js';

/**
 * Runs `work` as the only price writer of a database, with its catalogue as the store. What `work` commits is visible
 * whole or not at all. Loads the database driver only when called: refreshing a folder does without.
 * @throws PricingError CATALOGUE_BUSY when another refresh runs
 */
export async function withPostgresCatalogue<T>(
  db: Kysely<Database>,
  work: (store: CatalogueStore) => Promise<T>,
): Promise<T> {
  const { PostgresStore } = await import('../database/postgres-store.js');
  return PostgresStore.exclusively(db, work);
}
