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

  /**
   * Position of each index in the intrinsic order; the same identity twice has the same rank. It decides who gets an
   * odd picounit, so it must not depend on the stream or on the store: else a replay would give other digits.
   */
  get rank(): Uint32Array {
    if (!this.#ranked) this.#rankAll();
    return this.#rank;
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
    this.size += 1;
  }

  /** Forgets all entries. */
  reset(): void {
    this.size = 0;
    this.#texts = [];
    this.#ranked = true;
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
