/** What allocation needs of an identity. */
export interface DictionaryEntry {
  /** Key of the identity in the stores. */
  readonly key: number;
  /** Key of its namespace. */
  readonly namespaceKey: number;
  readonly cpuRequestMillicores: number;
  readonly memoryRequestBytes: number;
  readonly gpuRequest: number;
}

/** A node's identities on one stream, as columns that grow: index → keys and requests. */
export class NodeDictionary {
  size = 0;
  /** True while keys rise with the index: then rows are in the order of ties already. */
  rising = true;
  key = new Uint32Array(64);
  namespaceKey = new Uint32Array(64);
  cpuRequest = new Uint32Array(64);
  memoryRequest = new Float64Array(64);
  gpuRequest = new Uint16Array(64);

  /** Appends an entry; its index is the size before. */
  append(entry: DictionaryEntry): void {
    const at = this.size;
    if (at === this.key.length) this.#grow();
    this.rising &&= at === 0 || entry.key > (this.key[at - 1] as number);
    this.key[at] = entry.key;
    this.namespaceKey[at] = entry.namespaceKey;
    this.cpuRequest[at] = entry.cpuRequestMillicores;
    this.memoryRequest[at] = entry.memoryRequestBytes;
    this.gpuRequest[at] = entry.gpuRequest;
    this.size += 1;
  }

  /** Forgets all entries. */
  reset(): void {
    this.size = 0;
    this.rising = true;
  }

  #grow(): void {
    this.key = grown(this.key, new Uint32Array(2 * this.size));
    this.namespaceKey = grown(this.namespaceKey, new Uint32Array(2 * this.size));
    this.cpuRequest = grown(this.cpuRequest, new Uint32Array(2 * this.size));
    this.memoryRequest = grown(this.memoryRequest, new Float64Array(2 * this.size));
    this.gpuRequest = grown(this.gpuRequest, new Uint16Array(2 * this.size));
  }
}

function grown<T extends Uint32Array | Float64Array | Uint16Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
