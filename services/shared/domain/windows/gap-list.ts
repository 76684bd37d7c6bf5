import type { Window } from './window.js';

/** Seconds of a node that were never received. */
export interface Gap extends Window {
  /** The node demonstrably ran, so that these seconds cost its price. */
  readonly ran: boolean;
  /** Already written as unobserved cost. */
  readonly charged: boolean;
}

/**
 * The gaps between a node's first and latest second, sorted and disjoint. Together with first and latest they
 * are the exact set of received seconds; in calm the list is empty, so that exactness costs next to nothing.
 */
export class GapList {
  #gaps: Gap[];

  /** @param gaps - disjoint, in any order */
  constructor(gaps: readonly Gap[] = []) {
    this.#gaps = [...gaps].sort((a, b) => a.from - b.from);
  }

  /** The gaps in rising order. */
  list(): readonly Gap[] {
    return this.#gaps;
  }

  /** A copy that can be changed without changing this one. */
  clone(): GapList {
    return new GapList(this.#gaps);
  }

  /** Adds a gap that overlaps none. */
  add(gap: Gap): void {
    if (gap.to > gap.from) this.#gaps.splice(this.#indexOf(gap.from) + 1, 0, gap);
  }

  /**
   * Marks what of a window the node ran through as written as unobserved cost.
   *
   * @returns the pieces that were not marked before
   */
  charge(window: Window): readonly Window[] {
    const marked: Window[] = [];
    this.#gaps = this.#gaps.flatMap((gap) => {
      const piece = { from: Math.max(gap.from, window.from), to: Math.min(gap.to, window.to) };
      if (gap.charged || !gap.ran || piece.to <= piece.from) return [gap];
      marked.push(piece);
      const pieces = [
        { ...gap, to: piece.from },
        { ...gap, ...piece, charged: true },
        { ...gap, from: piece.to },
      ];
      return pieces.filter(({ from, to }) => to > from);
    });
    return marked;
  }

  /**
   * Takes one second out, splitting its gap.
   *
   * @returns the gap it was in, undefined where it was received before
   */
  take(second: number): Gap | undefined {
    const index = this.#indexOf(second);
    const gap = this.#gaps[index];
    if (gap === undefined || second >= gap.to) return undefined;
    const pieces = [
      { ...gap, to: second },
      { ...gap, from: second + 1 },
    ].filter((piece) => piece.to > piece.from);
    this.#gaps.splice(index, 1, ...pieces);
    return gap;
  }

  /** Number of missing seconds within a window. */
  countWithin(window: Window): number {
    let count = 0;
    for (const gap of this.#gaps) {
      count += Math.max(0, Math.min(gap.to, window.to) - Math.max(gap.from, window.from));
    }
    return count;
  }

  /** Index of the last gap that begins at or before the second, -1 where there is none. */
  #indexOf(second: number): number {
    let low = 0;
    let high = this.#gaps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#gaps[middle]?.from ?? 0) <= second) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
