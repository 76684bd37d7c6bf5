import { listIdentityOrder, type Database, type Kysely } from '@kubehero/store-postgres';

/** Whose a row is, as far as pricing goes. */
export interface OrderedIdentity {
  readonly nodeKey: number;
  /** As ingest orders the identities of a node: it decides who gets an odd picounit. */
  readonly sortText: string;
}

const MAX_KEPT = 400_000;
const KEYS_PER_STATEMENT = 2000;

/** Identities by key, read as rows name them and kept: the next minute names mostly the same. */
export class IdentityOrder {
  readonly #kept = new Map<number, OrderedIdentity>();

  constructor(private readonly db: Kysely<Database>) {}

  /** Reads what is not known of these keys. */
  async learn(keys: Iterable<number>): Promise<void> {
    const missing = [...keys].filter((key) => !this.#kept.has(key));
    if (this.#kept.size + missing.length > MAX_KEPT) {
      this.#kept.clear();
      if (missing.length > 0) await this.learn(keys);
      return;
    }
    for (let at = 0; at < missing.length; at += KEYS_PER_STATEMENT) {
      const slice = missing.slice(at, at + KEYS_PER_STATEMENT);
      for (const { key, nodeKey, podUid, container, kind } of await listIdentityOrder(this.db, slice)) {
        this.#kept.set(key, { nodeKey, sortText: `${podUid}/${container}/${kind}` });
      }
    }
  }

  /** An identity, undefined where PostgreSQL has none of that key. */
  tryFind(key: number): OrderedIdentity | undefined {
    return this.#kept.get(key);
  }
}
