import {
  addPriceAcceptances,
  addPriceVersion,
  asOnlyPriceWriter,
  listPricePartStates,
  priceItemsOf,
  putPricePart,
  putPriceQuarantine,
  toPriceRecords,
  tryFindPricePart,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';
import { scopeOf, type CatalogueChange, type CatalogueStore, type StoredPart } from '../catalogue-store.js';
import { PricingError } from '../errors.js';

/** The catalogue in PostgreSQL: one transaction a version, so that a refresh is visible whole or not at all. */
export class PostgresStore implements CatalogueStore {
  constructor(private readonly db: Kysely<Database>) {}

  async readPart(key: string): Promise<StoredPart | undefined> {
    const part = await tryFindPricePart(this.db, key);
    if (part === undefined) return undefined;
    const { name, source, asOf, sourceVersion, publications } = part;
    return { facts: { key: name, source, asOf, sourceVersion, publications }, items: priceItemsOf(part) };
  }

  /** The newest state of every part, read one after the other. */
  async *parts(): AsyncGenerator<StoredPart> {
    for (const { name } of await listPricePartStates(this.db)) {
      const part = await this.readPart(name);
      if (part !== undefined) yield part;
    }
  }

  async commit(change: CatalogueChange): Promise<number> {
    return this.db.transaction().execute(async (trx) => {
      const version = await addPriceVersion(trx, change.createdAt);
      for (const part of change.parts) {
        const { key, source, asOf, sourceVersion, publications } = part.facts;
        await putPricePart(
          trx,
          version,
          { name: key, source, asOf, sourceVersion, publications },
          toPriceRecords(part.items),
        );
      }
      await putPriceQuarantine(trx, change.parts.map(scopeOf), change.quarantine);
      const acceptances = change.acceptances ?? [];
      await addPriceAcceptances(
        trx,
        acceptances.map((one) => ({ ...one, version })),
      );
      return version;
    });
  }

  /** Runs `work` as the only writer. @throws PricingError CATALOGUE_BUSY when another refresh runs */
  static async exclusively<T>(db: Kysely<Database>, work: (store: PostgresStore) => Promise<T>): Promise<T> {
    const result = await asOnlyPriceWriter(db, (connection) => work(new PostgresStore(connection)));
    if (result !== undefined) return result.value;
    throw new PricingError(
      'CATALOGUE_BUSY',
      'another price refresh runs against this database: wait for it to end',
    );
  }
}
