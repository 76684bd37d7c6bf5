/**
 * Node-seconds that the store holds and ingest does not know of: a leader died between the two. They are in what was
 * read from the store, and emitters send them again.
 */
export class StoredSeconds {
  readonly #byNode = new Map<number, Set<number>>();

  /** @param nodeId - key of the node's own identity */
  add(nodeId: number, second: number): void {
    const seconds = this.#byNode.get(nodeId) ?? new Set<number>();
    this.#byNode.set(nodeId, seconds.add(second));
  }

  /** True once for each second that was added. */
  take(nodeId: number, second: number): boolean {
    const seconds = this.#byNode.get(nodeId);
    const found = seconds?.delete(second) === true;
    if (seconds?.size === 0) this.#byNode.delete(nodeId);
    return found;
  }

  /** True where nothing is left. */
  get isEmpty(): boolean {
    return this.#byNode.size === 0;
  }
}
