import type { IdentityRow } from '@kubehero/store-postgres';

/** What the cache works with. */
export interface IdentityCacheOptions {
  /** Reads identities by their keys. */
  readonly read: (keys: readonly number[]) => Promise<readonly IdentityRow[]>;
  /** Reading failed; who asks again makes it try again. */
  readonly onFailure: (error: unknown) => void;
  /** Identities that are kept. @default 400000 */
  readonly capacity?: number;
}

const CAPACITY = 400_000;
const KEYS_AT_ONCE = 10_000;

/**
 * Whose a row is, by the identity's key. Bounded: what came first goes first, and whoever asks for what is not there
 * makes it be read, so that a pod that lives longer than 400,000 others gets its name back a moment later.
 */
export class IdentityCache {
  readonly #rows = new Map<number, IdentityRow>();
  readonly #wanted = new Set<number>();
  #reading = false;

  constructor(private readonly options: IdentityCacheOptions) {}

  /** Keeps identities, as the newest. */
  add(rows: readonly IdentityRow[]): void {
    for (const row of rows) {
      this.#rows.delete(row.key);
      this.#rows.set(row.key, row);
    }
    const capacity = this.options.capacity ?? CAPACITY;
    if (this.#rows.size <= capacity) return;
    for (const key of this.#rows.keys()) {
      if (this.#rows.size <= capacity * 0.75) break;
      this.#rows.delete(key);
    }
  }

  /** The identity; undefined where it is not kept: then it is being read. */
  get(key: number): IdentityRow | undefined {
    const row = this.#rows.get(key);
    if (row === undefined) this.#want(key);
    return row;
  }

  #want(key: number): void {
    if (this.#wanted.size < KEYS_AT_ONCE) this.#wanted.add(key);
    if (this.#reading) return;
    this.#reading = true;
    // Later: whoever asks for one asks for many
    setImmediate(() => {
      void this.#read();
    });
  }

  async #read(): Promise<void> {
    const keys = [...this.#wanted];
    this.#wanted.clear();
    try {
      this.add(await this.options.read(keys));
    } catch (error) {
      this.options.onFailure(error);
    } finally {
      this.#reading = false;
    }
  }
}
