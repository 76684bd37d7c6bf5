import { CELL_S } from './spend-cells.js';

interface PoolHour {
  idle: bigint;
  pods: bigint;
  rows: number;
}

const NOTHING: PoolHour = { idle: 0n, pods: 0n, rows: 0 };

/**
 * What the nodes of a cluster idled away, by hours counted from a period's start, to be shared among its pods: each
 * takes the part of an hour's idle cost that its own cost is of what all pods cost in that hour. Idle of an hour without
 * pods is nobody's.
 */
export class IdlePool {
  readonly #hours = new Map<number, PoolHour>();

  constructor(
    readonly clusterKey: number,
    readonly startS: number,
  ) {}

  /** Adds cost of pods and of idle within a minute. */
  add(minute: number, added: { readonly idle: bigint; readonly pods: bigint; readonly rows: number }): void {
    const hour = this.#hourOf(minute);
    const { idle, pods, rows } = this.#hours.get(hour) ?? NOTHING;
    this.#hours.set(hour, { idle: idle + added.idle, pods: pods + added.pods, rows: rows + added.rows });
  }

  /** Share of the hour that a minute lies in, rounded down. */
  shareOf(minute: number, cost: bigint): bigint {
    const { idle, pods } = this.#hours.get(this.#hourOf(minute)) ?? NOTHING;
    return pods === 0n ? 0n : (idle * cost) / pods;
  }

  /** Starts of all hours. */
  hours(): Iterable<number> {
    return this.#hours.keys();
  }

  /** Rows of a whole hour, of pods and of nodes. */
  rowsOf(minute: number): number {
    return (this.#hours.get(this.#hourOf(minute)) ?? NOTHING).rows;
  }

  #hourOf(minute: number): number {
    return this.startS + Math.floor((minute - this.startS) / CELL_S) * CELL_S;
  }
}
