import type { CaStore, StoredCa } from '@kubehero/rpc';
import {
  saveAuthority,
  tryFindAuthority,
  type Database,
  type Kysely,
  type StoredAuthority,
} from '@kubehero/store-postgres';

/** Keeps the certificate authority in PostgreSQL, its key sealed. */
export function databaseCaStore(db: Kysely<Database>): CaStore {
  return {
    load: async () => {
      const stored = await tryFindAuthority(db);
      return stored && toStoredCa(stored);
    },
    save: async ({ certificatePem, sealedPrivateKey }) =>
      toStoredCa(await saveAuthority(db, { certificatePem, encryptedKey: sealedPrivateKey })),
  };
}

function toStoredCa({ certificatePem, encryptedKey }: StoredAuthority): StoredCa {
  return { certificatePem, sealedPrivateKey: encryptedKey };
}
