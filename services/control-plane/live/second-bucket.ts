/** What replicas tell each other of a second. */
export interface SecondSummary {
  readonly second: number;
  readonly byNamespace: readonly (readonly [ns: number, cost: number])[];
  readonly idle: number;
  readonly unobserved: number;
  readonly observedNodes: number;
  readonly unpricedNodes: number;
  readonly expectedNodes: number;
}

/** One recent second: sums by namespace, and for the newest seconds also its rows. */
export class SecondBucket {
  /** Picounits by namespace key. */
  readonly byNamespace = new Map<number, number>();
  idle = 0;
  unobserved = 0;
  observedNodes = 0;
  unpricedNodes = 0;
  /** As the leader said; undefined on the leader itself. */
  expectedNodes: number | undefined;
  /** Rows: identity key, picounits, CPU µs, bytes of memory, bytes of network. */
  rows = 0;
  id = new Uint32Array(256);
  cost = new Float64Array(256);
  cpuUs = new Float64Array(256);
  ramBytes = new Float64Array(256);
  networkBytes = new Float64Array(256);
  /** True while something came that was not shown yet. */
  changed = true;

  constructor(readonly second: number) {}

  /** Adds a container's row. */
  add(row: {
    id: number;
    ns: number;
    cost: number;
    cpuUs: number;
    ramBytes: number;
    networkBytes: number;
  }): void {
    if (this.rows === this.id.length) this.#grow();
    const at = this.rows;
    this.id[at] = row.id;
    this.cost[at] = row.cost;
    this.cpuUs[at] = row.cpuUs;
    this.ramBytes[at] = row.ramBytes;
    this.networkBytes[at] = row.networkBytes;
    this.rows = at + 1;
    this.byNamespace.set(row.ns, (this.byNamespace.get(row.ns) ?? 0) + row.cost);
    this.changed = true;
  }

  /** The sums, for other replicas. */
  summarise(expectedNodes: number): SecondSummary {
    const { second, idle, unobserved, observedNodes, unpricedNodes } = this;
    return {
      second,
      idle,
      unobserved,
      observedNodes,
      unpricedNodes,
      expectedNodes,
      byNamespace: [...this.byNamespace],
    };
  }

  /** Takes the leader's sums over. */
  replaceBy(summary: SecondSummary): void {
    this.byNamespace.clear();
    for (const [ns, cost] of summary.byNamespace) this.byNamespace.set(ns, cost);
    this.idle = summary.idle;
    this.unobserved = summary.unobserved;
    this.observedNodes = summary.observedNodes;
    this.unpricedNodes = summary.unpricedNodes;
    this.expectedNodes = summary.expectedNodes;
    this.changed = true;
  }

  /** Drops the rows and keeps the sums. */
  forgetRows(): void {
    this.rows = 0;
    this.id = new Uint32Array(0);
    this.cost = new Float64Array(0);
    this.cpuUs = new Float64Array(0);
    this.ramBytes = new Float64Array(0);
    this.networkBytes = new Float64Array(0);
  }

  #grow(): void {
    const size = Math.max(256, 2 * this.rows);
    this.id = copy(this.id, new Uint32Array(size));
    this.cost = copy(this.cost, new Float64Array(size));
    this.cpuUs = copy(this.cpuUs, new Float64Array(size));
    this.ramBytes = copy(this.ramBytes, new Float64Array(size));
    this.networkBytes = copy(this.networkBytes, new Float64Array(size));
  }
}

function copy<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
