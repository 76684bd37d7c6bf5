import { IdlePool } from './idle-pool.js';
import type { RecentLedger } from './recent-ledger.js';
import type { ScopeClass, ScopeIndex } from './scope-index.js';
import { SpendCells, stampOf, type SpendCell } from './spend-cells.js';
import type { SpendPart } from './spend-part.js';

type Labels = Readonly<Record<string, string>>;
/** Which parts cover a pod. */
type ClassOf = (namespaceKey: number, id: number) => ScopeClass<SpendPart>;

/** What the store holds of some pods within a minute or an hour of the parts' period. */
export interface StoredSpend {
  /** A second of the minute or hour. */
  readonly at: number;
  readonly clusterKey: number;
  readonly namespaceKey: number;
  /** The labels that selectors look at; undefined where none is looked at. */
  readonly labels: Labels | undefined;
  readonly cost: bigint;
  readonly rows: number;
}

/** Reading of the figures of parts that began to be asked: from the store up to `toS`, from the ledger since. */
export class SpendLoad {
  /** Something was stored meanwhile of which nobody can tell whether it was read: read again. */
  disturbed = false;
  readonly #staged = new Map<SpendPart, SpendCells>();
  readonly #pools = new Map<string, IdlePool>();
  readonly #persisted = new Map<string, Map<number, SpendCell>>();

  /**
   * @param parts - of one start
   * @param toS - first second that is NOT to be read from the store
   */
  constructor(
    readonly parts: readonly SpendPart[],
    readonly toS: number,
    readonly index: ScopeIndex<SpendPart>,
  ) {
    for (const part of parts) {
      this.#staged.set(part, new SpendCells(part.period));
      if (part.includeIdle) this.#pools.set(poolKey(part), new IdlePool(part.clusterKey, part.period.from));
    }
  }

  /** First second to read. */
  get fromS(): number {
    return Math.min(...[...this.#staged.values()].map(({ firstS }) => firstS));
  }

  /** True where idle has to be read. */
  get wantsIdle(): boolean {
    return this.#pools.size > 0;
  }

  /** Takes a row of pods. */
  add(stored: StoredSpend): void {
    this.#addTo(this.index.classOf(stored.namespaceKey, stored.labels), stored);
  }

  /** Takes rows of nodes. */
  addIdle(at: number, clusterKey: number, cost: bigint, rows: number): void {
    for (const pool of this.#pools.values()) {
      if (pool.clusterKey === clusterKey) pool.add(at, { idle: cost, pods: 0n, rows });
    }
  }

  /**
   * Takes an hour as it was when it was counted. It holds over the store where both speak of the same rows: a later
   * reprice neither triggers nor releases a budget.
   */
  restore(partKey: string, cell: SpendCell): void {
    const cells = this.#persisted.get(partKey) ?? new Map<number, SpendCell>();
    this.#persisted.set(partKey, cells.set(cell.startsAtS, cell));
  }

  /**
   * The figures, with what the ledgers hold since `toS`.
   *
   * @param restored - what was stored before the book began, which is what an earlier leader may have counted
   * @param recent - what became so since
   */
  finish(
    { restored, recent }: { readonly restored: RecentLedger; readonly recent: RecentLedger },
    classOf: ClassOf,
  ): { readonly cells: ReadonlyMap<SpendPart, SpendCells>; readonly pools: ReadonlyMap<string, IdlePool> } {
    this.#addLedger(restored, classOf);
    const before = new Map(
      [...this.#staged].map(([part, cells]) => [part, this.#countPersisted(part, cells)] as const),
    );
    this.#addLedger(recent, classOf);
    for (const [part, cells] of this.#staged) this.#settle(part, cells, before.get(part) ?? new Map());
    return { cells: this.#staged, pools: this.#pools };
  }

  #addLedger(ledger: RecentLedger, classOf: ClassOf): void {
    for (const { minute, id, clusterKey, namespaceKey, cost, rows } of ledger.entries(this.toS)) {
      const stored = { at: minute, clusterKey, namespaceKey, cost: BigInt(cost), rows };
      this.#addTo(classOf(namespaceKey, id), stored);
    }
    for (const { minute, clusterKey, cost, rows } of ledger.idle(this.toS)) {
      this.addIdle(minute, clusterKey, cost, rows);
    }
  }

  #addTo(
    { parts }: ScopeClass<SpendPart>,
    { at, clusterKey, namespaceKey, cost, rows }: Omit<StoredSpend, 'labels'>,
  ): void {
    const stamp = stampOf(namespaceKey, rows);
    for (const part of parts) this.#staged.get(part)?.add(at, cost, stamp);
    if (this.#pools.size === 0) return;
    for (const pool of this.#pools.values()) {
      if (pool.clusterKey === clusterKey) pool.add(at, { idle: 0n, pods: cost, rows });
    }
  }

  /** What is in the hours that were persisted, as far as an earlier leader can have counted. */
  #countPersisted(part: SpendPart, cells: SpendCells): ReadonlyMap<number, Counted> {
    const hours = [...(this.#persisted.get(part.key)?.keys() ?? [])];
    return new Map(
      hours.map((hour) => [hour, { cost: cells.cellAt(hour).cost, stamp: this.#stampOf(part, cells, hour) }]),
    );
  }

  #stampOf(part: SpendPart, cells: SpendCells, hour: number): number {
    return cells.cellAt(hour).stamp + (this.#poolOf(part)?.rowsOf(hour) ?? 0);
  }

  #poolOf(part: SpendPart): IdlePool | undefined {
    return part.includeIdle ? this.#pools.get(poolKey(part)) : undefined;
  }

  #settle(part: SpendPart, cells: SpendCells, before: ReadonlyMap<number, Counted>): void {
    const pool = this.#poolOf(part);
    for (const hour of pool?.hours() ?? []) {
      cells.setIdle(hour, pool?.shareOf(hour, cells.cellAt(hour).cost) ?? 0n);
    }
    const persisted = this.#persisted.get(part.key);
    const changed = cells.takeChanged().filter((cell) => {
      const stamp = this.#stampOf(part, cells, cell.startsAtS);
      const known = persisted?.get(cell.startsAtS);
      cells.restore(asCounted(cell, { known, stamp, before: before.get(cell.startsAtS), part }));
      return known?.stamp !== stamp;
    });
    cells.takeChanged();
    for (const { startsAtS } of changed) cells.touch(startsAtS);
  }
}

/** Cost and stamp of an hour. */
interface Counted {
  readonly cost: bigint;
  readonly stamp: number;
}

/** An hour as it was counted, where that is known: by an earlier leader, before or after this term began, or by this one. */
function asCounted(
  cell: SpendCell,
  asked: {
    readonly known: SpendCell | undefined;
    readonly stamp: number;
    readonly before: Counted | undefined;
    readonly part: SpendPart;
  },
): SpendCell {
  const { known, before, part } = asked;
  if (known?.stamp === asked.stamp) return { ...known, stamp: cell.stamp };
  if (before !== undefined && before.stamp === known?.stamp) {
    return { ...cell, cost: known.cost + cell.cost - before.cost };
  }
  const own = part.ready ? part.cells.cellAt(cell.startsAtS) : undefined;
  return own?.stamp === cell.stamp ? { ...cell, cost: own.cost } : cell;
}

/** Parts of one cluster and start share a pool. */
export function poolKey(part: SpendPart): string {
  return `${part.clusterKey}/${part.period.from}`;
}
