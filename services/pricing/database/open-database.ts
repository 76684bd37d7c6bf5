import { readFile } from 'node:fs/promises';
import type { Database, Kysely } from '@kubehero/store-postgres';
import type { PricingSettings } from '../config.js';
import { PricingError } from '../errors.js';

/** Which settings say where PostgreSQL is. */
export type DatabaseSettings = Pick<
  PricingSettings,
  'postgresUrl' | 'postgresPasswordFile' | 'postgresCaFile'
>;

/**
 * Connects to the database that the settings name; the caller closes it. The driver is loaded only when called:
 * refreshing a folder does without. @throws PricingError USAGE
 */
export async function openPriceDatabase(settings: DatabaseSettings): Promise<Kysely<Database>> {
  const { connectPostgres } = await import('@kubehero/store-postgres');
  if (settings.postgresUrl === undefined) {
    throw new PricingError(
      'USAGE',
      'neither --catalogue nor KUBEHERO_POSTGRES_URL says where the catalogue is: give one of them',
    );
  }
  const url = new URL(settings.postgresUrl);
  url.searchParams.delete('sslmode'); // TLS is decided by the CA file; the driver would read the mode its own way
  if (settings.postgresPasswordFile !== undefined) {
    url.password = encodeURIComponent((await readFile(settings.postgresPasswordFile, 'utf8')).trim());
  }
  const caPem =
    settings.postgresCaFile === undefined ? {} : { caPem: await readFile(settings.postgresCaFile, 'utf8') };
  return connectPostgres({ url: url.toString(), ...caPem, onIdleError: () => undefined });
}
