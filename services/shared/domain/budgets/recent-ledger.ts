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
 * 48 bytes for every identity and minute.
 *
 * @typeParam C - what pods are classed as
 */
export class RecentLedger<C> {
  readonly #minutes = new Map<number, MinuteLedger<C>>();
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

  /** The minute's ledger; undefined where it is older than what is kept. */
  tryOpen(minute: number): MinuteLedger<C> | undefined {
    if (minute < this.#fromS) return undefined;
    const known = this.#minutes.get(minute);
    if (known !== undefined) return known;
    const made = new MinuteLedger<C>();
    this.#minutes.set(minute, made);
    return made;
  }

  /** Adds rows of a pod; false where the minute is older than what is kept. */
  add(minute: number, row: RecentRow): boolean {
    const ledger = this.tryOpen(minute);
    ledger?.addAt(ledger.slotOf(row), row.cost, row.rows);
    return ledger !== undefined;
  }

  /** As {@link add}, of rows that are a node's own. */
  addIdle(minute: number, clusterKey: number, cost: bigint, rows: number): boolean {
    const ledger = this.tryOpen(minute);
    ledger?.addIdle(clusterKey, cost, rows);
    return ledger !== undefined;
  }

  /** Minutes from one on, with their starts. */
  *minutes(fromS: number): Iterable<readonly [number, MinuteLedger<C>]> {
    for (const one of this.#minutes) if (one[0] >= fromS) yield one;
  }

  /** Forgets what the pods were classed as. */
  dropClasses(): void {
    for (const ledger of this.#minutes.values()) ledger.dropClasses();
  }

  /** As {@link minutes}, what the nodes of each cluster idled away. */
  *idle(fromS: number): Iterable<RecentIdle> {
    for (const [minute, ledger] of this.#minutes) {
      if (minute < fromS) continue;
      for (const [clusterKey, sum] of ledger.idle) yield { minute, clusterKey, ...sum };
    }
  }
}

/** What the identities of one minute cost, each at a place of its own. */
export class MinuteLedger<C> {
  readonly idle = new Map<number, { cost: bigint; rows: number }>();
  readonly #slots = new Map<number, number>();
  readonly #ids: number[] = [];
  #classes: (C | undefined)[] = [];
  #cluster = new Uint32Array(FIRST_SIZE);
  #namespace = new Uint32Array(FIRST_SIZE);
  #cost = new Float64Array(FIRST_SIZE);
  #rows = new Float64Array(FIRST_SIZE);

  /** How many identities there are: their places count from zero. */
  get size(): number {
    return this.#ids.length;
  }

  /** Place of a pod, a new one where it was not met. */
  slotOf({ id, clusterKey, namespaceKey }: Pick<RecentRow, 'id' | 'clusterKey' | 'namespaceKey'>): number {
    const known = this.#slots.get(id);
    if (known !== undefined) return known;
    const slot = this.#ids.length;
    this.#slots.set(id, slot);
    this.#ids.push(id);
    this.#classes.push(undefined);
    if (slot === this.#cost.length) this.#grow();
    this.#cluster[slot] = clusterKey;
    this.#namespace[slot] = namespaceKey;
    return slot;
  }

  /** Adds rows to a place. */
  addAt(slot: number, cost: number, rows: number): void {
    this.#cost[slot] = (this.#cost[slot] ?? 0) + cost;
    this.#rows[slot] = (this.#rows[slot] ?? 0) + rows;
  }

  addIdle(clusterKey: number, cost: bigint, rows: number): void {
    const sum = this.idle.get(clusterKey) ?? { cost: 0n, rows: 0 };
    this.idle.set(clusterKey, { cost: sum.cost + cost, rows: sum.rows + rows });
  }

  /** What a place was classed as. */
  classAt(slot: number): C | undefined {
    return this.#classes[slot];
  }

  /** Remembers what a place is classed as. */
  setClass(slot: number, to: C): void {
    this.#classes[slot] = to;
  }

  dropClasses(): void {
    this.#classes = new Array<C | undefined>(this.#ids.length).fill(undefined);
  }

  idAt(slot: number): number {
    return this.#ids[slot] ?? 0;
  }

  clusterAt(slot: number): number {
    return this.#cluster[slot] ?? 0;
  }

  namespaceAt(slot: number): number {
    return this.#namespace[slot] ?? 0;
  }

  costAt(slot: number): number {
    return this.#cost[slot] ?? 0;
  }

  rowsAt(slot: number): number {
    return this.#rows[slot] ?? 0;
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
