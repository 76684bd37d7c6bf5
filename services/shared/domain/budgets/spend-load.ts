import { IdlePool } from './idle-pool.js';
import type { RecentLedger } from './recent-ledger.js';
import type { ScopeIndex } from './scope-index.js';
import { SpendCells, type SpendCell } from './spend-cells.js';
import type { SpendPart } from './spend-part.js';

type Labels = Readonly<Record<string, string>>;

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
  add({ at, clusterKey, namespaceKey, labels, cost, rows }: StoredSpend): void {
    for (const part of this.index.classOf(namespaceKey, labels).parts) {
      this.#staged.get(part)?.add(at, cost, rows);
    }
    for (const pool of this.#pools.values()) {
      if (pool.clusterKey === clusterKey) pool.add(at, { idle: 0n, pods: cost, rows });
    }
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

  /** The figures, with what the ledger holds since `toS`. */
  finish(
    ledger: RecentLedger,
    labelsOf: (id: number) => Labels | undefined,
  ): { readonly cells: ReadonlyMap<SpendPart, SpendCells>; readonly pools: ReadonlyMap<string, IdlePool> } {
    for (const { minute, id, ...entry } of ledger.entries(this.toS)) {
      const labels = this.index.needsLabels(entry.namespaceKey) ? labelsOf(id) : undefined;
      this.add({ ...entry, at: minute, labels, cost: BigInt(entry.cost) });
    }
    for (const { minute, clusterKey, cost, rows } of ledger.idle(this.toS)) {
      this.addIdle(minute, clusterKey, cost, rows);
    }
    for (const [part, cells] of this.#staged) this.#settle(part, cells);
    return { cells: this.#staged, pools: this.#pools };
  }

  #settle(part: SpendPart, cells: SpendCells): void {
    const pool = part.includeIdle ? this.#pools.get(poolKey(part)) : undefined;
    for (const hour of pool?.hours() ?? []) {
      cells.setIdle(hour, pool?.shareOf(hour, cells.cellAt(hour).cost) ?? 0n);
    }
    const persisted = this.#persisted.get(part.key);
    const changed = cells.takeChanged().filter((cell) => {
      const before = persisted?.get(cell.startsAtS);
      const rows = pool?.rowsOf(cell.startsAtS) ?? cell.rows;
      if (before?.rows !== rows) return true;
      cells.restore({ ...before, rows: cell.rows });
      return false;
    });
    cells.takeChanged();
    for (const { startsAtS } of changed) cells.touch(startsAtS);
  }
}

/** Parts of one cluster and start share a pool. */
export function poolKey(part: SpendPart): string {
  return `${part.clusterKey}/${part.period.from}`;
}
