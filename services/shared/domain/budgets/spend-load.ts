import { ClassSums } from './class-sums.js';
import { ExactSum } from './exact-sum.js';
import { IdlePool } from './idle-pool.js';
import type { MinuteLedger, RecentLedger } from './recent-ledger.js';
import type { ScopeClass, ScopeIndex } from './scope-index.js';
import { SpendCells, stampOf, type SpendCell } from './spend-cells.js';
import type { SpendPart } from './spend-part.js';

type Labels = Readonly<Record<string, string>>;
type Ledger = RecentLedger<ScopeClass<SpendPart>>;
/** Which parts cover the pod at a place of a minute. */
type ClassAt = (minute: MinuteLedger<ScopeClass<SpendPart>>, slot: number) => ScopeClass<SpendPart>;

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
    { restored, recent }: { readonly restored: Ledger; readonly recent: Ledger },
    classAt: ClassAt,
  ): { readonly cells: ReadonlyMap<SpendPart, SpendCells>; readonly pools: ReadonlyMap<string, IdlePool> } {
    this.#addLedger(restored, classAt);
    const before = new Map(
      [...this.#staged].map(([part, cells]) => [part, this.#countPersisted(part, cells)] as const),
    );
    this.#addLedger(recent, classAt);
    for (const [part, cells] of this.#staged) this.#settle(part, cells, before.get(part) ?? new Map());
    return { cells: this.#staged, pools: this.#pools };
  }

  #addLedger(ledger: Ledger, classAt: ClassAt): void {
    for (const [start, minute] of ledger.minutes(this.toS)) {
      const sums = new ClassSums<SpendPart>();
      for (let slot = 0; slot < minute.size; slot += 1) {
        const found = classAt(minute, slot);
        if (found.parts.length === 0) continue;
        sums.add(found, minute.costAt(slot), stampOf(minute.namespaceAt(slot), minute.rowsAt(slot)));
      }
      sums.takeParts(this.index, (part, cost, stamp) => this.#staged.get(part)?.add(start, cost, stamp));
      this.#addToPools(start, minute);
    }
  }

  #addToPools(start: number, minute: MinuteLedger<unknown>): void {
    if (this.#pools.size === 0) return;
    const pods = new Map<number, { readonly cost: ExactSum; rows: number }>();
    for (let slot = 0; slot < minute.size; slot += 1) {
      const clusterKey = minute.clusterAt(slot);
      const sum = pods.get(clusterKey) ?? { cost: new ExactSum(), rows: 0 };
      pods.set(clusterKey, sum);
      sum.cost.add(minute.costAt(slot));
      sum.rows += minute.rowsAt(slot);
    }
    for (const pool of this.#pools.values()) {
      const sum = pods.get(pool.clusterKey);
      if (sum !== undefined) pool.add(start, { idle: 0n, pods: sum.cost.value, rows: sum.rows });
    }
    for (const [clusterKey, { cost, rows }] of minute.idle) this.addIdle(start, clusterKey, cost, rows);
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
