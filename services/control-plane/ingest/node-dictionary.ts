/** What allocation needs of an identity. */
export interface DictionaryEntry {
  /** Key of the identity in the stores. */
  readonly key: number;
  /** Key of its namespace. */
  readonly namespaceKey: number;
  /** Intrinsic order of identities: equal for the same pod and container, whoever assigned the key. */
  readonly sortText: string;
  readonly cpuRequestMillicores: number;
  readonly memoryRequestBytes: number;
  readonly gpuRequest: number;
}

const NOTHING_SORTED = new Uint32Array(0);

/** A node's identities on one stream, as columns that grow: index → keys, requests and rank. */
export class NodeDictionary {
  size = 0;
  key = new Uint32Array(64);
  namespaceKey = new Uint32Array(64);
  cpuRequest = new Uint32Array(64);
  memoryRequest = new Float64Array(64);
  gpuRequest = new Uint16Array(64);
  #rank = new Uint32Array(64);
  #texts: string[] = [];
  #ranked = true;
  #sortedIndexes = NOTHING_SORTED;
  #sortedOrder = NOTHING_SORTED;

  /**
   * Position of each index in the intrinsic order; the same identity twice has the same rank. It decides who gets an
   * odd picounit, so it must not depend on the stream or on the store: else a replay would give other digits.
   */
  get rank(): Uint32Array {
    if (!this.#ranked) this.#rankAll();
    return this.#rank;
  }

  /** The order that was kept for exactly these indexes, undefined where there is none: most seconds name the same. */
  tryFindOrder(indexes: Uint32Array, first: number, count: number): Uint32Array | undefined {
    const kept = this.#sortedIndexes;
    if (kept.length !== count) return undefined;
    for (let i = 0; i < count; i += 1) if (kept[i] !== indexes[first + i]) return undefined;
    return this.#sortedOrder;
  }

  /** Keeps the order of indexes until other ones are kept or the dictionary changes. */
  keepOrder(indexes: Uint32Array, order: Uint32Array): void {
    this.#sortedIndexes = indexes.slice();
    this.#sortedOrder = order.slice();
  }

  /** Appends an entry; its index is the size before. */
  append(entry: DictionaryEntry): void {
    const at = this.size;
    if (at === this.key.length) this.#grow();
    this.key[at] = entry.key;
    this.namespaceKey[at] = entry.namespaceKey;
    this.cpuRequest[at] = entry.cpuRequestMillicores;
    this.memoryRequest[at] = entry.memoryRequestBytes;
    this.gpuRequest[at] = entry.gpuRequest;
    this.#texts.push(entry.sortText);
    this.#ranked = false;
    this.#sortedIndexes = NOTHING_SORTED;
    this.size += 1;
  }

  /** Forgets all entries. */
  reset(): void {
    this.size = 0;
    this.#texts = [];
    this.#ranked = true;
    this.#sortedIndexes = NOTHING_SORTED;
  }

  #rankAll(): void {
    const rankOf = new Map([...new Set(this.#texts)].sort().map((text, rank) => [text, rank]));
    this.#texts.forEach((text, at) => {
      this.#rank[at] = rankOf.get(text) ?? 0;
    });
    this.#ranked = true;
  }

  #grow(): void {
    this.key = grown(this.key, new Uint32Array(2 * this.size));
    this.namespaceKey = grown(this.namespaceKey, new Uint32Array(2 * this.size));
    this.cpuRequest = grown(this.cpuRequest, new Uint32Array(2 * this.size));
    this.memoryRequest = grown(this.memoryRequest, new Float64Array(2 * this.size));
    this.gpuRequest = grown(this.gpuRequest, new Uint16Array(2 * this.size));
    this.#rank = grown(this.#rank, new Uint32Array(2 * this.size));
  }
}

function grown<T extends Uint32Array | Float64Array | Uint16Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
