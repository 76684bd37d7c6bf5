import type { Window } from './window.js';

/**
 * Sorted, disjoint, non-adjacent half-open ranges of epoch seconds: what is missing between a node's first and
 * latest second. In calm there are none, so the exact set of received seconds costs next to nothing.
 */
export class SecondRanges {
  #ranges: Window[];

  /** @param ranges - in any order, disjoint */
  constructor(ranges: readonly Window[] = []) {
    this.#ranges = [...ranges].sort((a, b) => a.from - b.from);
  }

  /** The ranges in rising order. */
  list(): readonly Window[] {
    return this.#ranges;
  }

  /** A copy that can be changed without changing this one. */
  clone(): SecondRanges {
    return new SecondRanges(this.#ranges);
  }

  /** True where the second lies in one of the ranges; costs the logarithm of their number. */
  has(second: number): boolean {
    const range = this.#ranges[this.#indexOf(second)];
    return range !== undefined && second >= range.from && second < range.to;
  }

  /** Adds a range that overlaps none; joins its neighbours. */
  add(range: Window): void {
    if (range.to <= range.from) return;
    const at = this.#indexOf(range.from) + 1;
    const before = this.#ranges[at - 1];
    const after = this.#ranges[at];
    const joinsBefore = before !== undefined && before.to === range.from;
    const joinsAfter = after !== undefined && after.from === range.to;
    const joined = {
      from: joinsBefore ? before.from : range.from,
      to: joinsAfter ? after.to : range.to,
    };
    this.#ranges.splice(joinsBefore ? at - 1 : at, Number(joinsBefore) + Number(joinsAfter), joined);
  }

  /** Takes one second out; returns false where it was not in. */
  remove(second: number): boolean {
    const index = this.#indexOf(second);
    const range = this.#ranges[index];
    if (range === undefined || second < range.from || second >= range.to) return false;
    const pieces = [
      { from: range.from, to: second },
      { from: second + 1, to: range.to },
    ].filter((piece) => piece.to > piece.from);
    this.#ranges.splice(index, 1, ...pieces);
    return true;
  }

  /** Number of seconds of the window that lie in the ranges. */
  countWithin(window: Window): number {
    let count = 0;
    for (const range of this.#ranges) {
      count += Math.max(0, Math.min(range.to, window.to) - Math.max(range.from, window.from));
    }
    return count;
  }

  /** Index of the last range that begins at or before the second, -1 where there is none. */
  #indexOf(second: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as Window).from <= second) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
