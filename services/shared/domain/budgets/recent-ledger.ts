const FIRST_SIZE = 1024;

/** What one identity cost. */
export interface RecentRow {
  readonly clusterKey: number;
  readonly namespaceKey: number;
  readonly id: number;
  /** Picounits; below 2^53. */
  readonly cost: number;
  readonly rows: number;
}

/** What one identity cost within a minute. */
export interface RecentEntry extends RecentRow {
  readonly minute: number;
}

/** What the nodes of a cluster idled away within a minute. */
export interface RecentIdle {
  readonly minute: number;
  readonly clusterKey: number;
  readonly cost: bigint;
  readonly rows: number;
}

/**
 * The newest minutes by identity, exactly as they were stored. A question that is new is answered from the store up to
 * the first minute that is here, and from here on: what is being stored meanwhile can neither be lost nor counted twice.
 * 32 bytes for every identity and minute.
 */
export class RecentLedger {
  readonly #minutes = new Map<number, MinuteLedger>();
  #fromS: number;

  /** @param fromS - first minute that is kept; all before it is in the store */
  constructor(fromS: number) {
    this.#fromS = fromS;
  }

  /** First minute that is kept. */
  get fromS(): number {
    return this.#fromS;
  }

  /** Drops what is older. */
  expire(fromS: number): void {
    if (fromS <= this.#fromS) return;
    this.#fromS = fromS;
    for (const minute of this.#minutes.keys()) if (minute < fromS) this.#minutes.delete(minute);
  }

  /** Adds rows of a pod; false where the minute is older than what is kept. */
  add(minute: number, row: RecentRow): boolean {
    const ledger = this.#minute(minute);
    ledger?.add(row);
    return ledger !== undefined;
  }

  /** As {@link add}, of rows that are a node's own. */
  addIdle(minute: number, clusterKey: number, cost: bigint, rows: number): boolean {
    const ledger = this.#minute(minute);
    ledger?.addIdle(clusterKey, cost, rows);
    return ledger !== undefined;
  }

  /** Everything from a minute on. */
  *entries(fromS: number): Iterable<RecentEntry> {
    for (const [minute, ledger] of this.#minutes) if (minute >= fromS) yield* ledger.entries(minute);
  }

  /** As {@link entries}, of idle. */
  *idle(fromS: number): Iterable<RecentIdle> {
    for (const [minute, ledger] of this.#minutes) {
      if (minute < fromS) continue;
      for (const [clusterKey, sum] of ledger.idle) yield { minute, clusterKey, ...sum };
    }
  }

  #minute(minute: number): MinuteLedger | undefined {
    if (minute < this.#fromS) return undefined;
    const known = this.#minutes.get(minute);
    if (known !== undefined) return known;
    const made = new MinuteLedger();
    this.#minutes.set(minute, made);
    return made;
  }
}

class MinuteLedger {
  readonly idle = new Map<number, { cost: bigint; rows: number }>();
  readonly #slots = new Map<number, number>();
  #cluster = new Uint32Array(FIRST_SIZE);
  #namespace = new Uint32Array(FIRST_SIZE);
  #cost = new Float64Array(FIRST_SIZE);
  #rows = new Float64Array(FIRST_SIZE);

  add(row: RecentRow): void {
    let slot = this.#slots.get(row.id);
    if (slot === undefined) {
      slot = this.#slots.size;
      this.#slots.set(row.id, slot);
      if (slot === this.#cost.length) this.#grow();
      this.#cluster[slot] = row.clusterKey;
      this.#namespace[slot] = row.namespaceKey;
    }
    this.#cost[slot] = (this.#cost[slot] ?? 0) + row.cost;
    this.#rows[slot] = (this.#rows[slot] ?? 0) + row.rows;
  }

  addIdle(clusterKey: number, cost: bigint, rows: number): void {
    const sum = this.idle.get(clusterKey) ?? { cost: 0n, rows: 0 };
    this.idle.set(clusterKey, { cost: sum.cost + cost, rows: sum.rows + rows });
  }

  *entries(minute: number): Iterable<RecentEntry> {
    for (const [id, slot] of this.#slots) {
      yield {
        minute,
        id,
        clusterKey: this.#cluster[slot] ?? 0,
        namespaceKey: this.#namespace[slot] ?? 0,
        cost: this.#cost[slot] ?? 0,
        rows: this.#rows[slot] ?? 0,
      };
    }
  }

  #grow(): void {
    const size = 2 * this.#cost.length;
    this.#cluster = copy(this.#cluster, new Uint32Array(size));
    this.#namespace = copy(this.#namespace, new Uint32Array(size));
    this.#cost = copy(this.#cost, new Float64Array(size));
    this.#rows = copy(this.#rows, new Float64Array(size));
  }
}

function copy<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
