import type { Window } from '../windows/window.js';

/** Seconds of a cell. */
export const CELL_S = 3600;
/** Cells before the period that are kept for forecasts; they are no spend. */
export const LEAD_CELLS = 24;
/** A cell is an integer of 64 bits: 9.2 million units of currency in one hour. */
const MAX_CELL = 2n ** 63n - 1n;

/** What a cell holds. Money in picounits. */
export interface SpendCell {
  readonly startsAtS: number;
  readonly cost: bigint;
  /** Share of idle, zero where the policy leaves it out. */
  readonly idle: bigint;
  /** Which rows were counted, see {@link stampOf}: equal stamps mean equal rows, whatever they are priced at by now. */
  readonly stamp: number;
}

/**
 * What rows of a namespace add to a stamp: their number times a factor of the namespace, so that as many rows of another
 * one are told apart.
 */
export function stampOf(namespaceKey: number, rows: number): number {
  return rows * (1 + ((Math.imul(namespaceKey, 0x9e3779b1) >>> 16) & 0xffff));
}

/** Cells of a page; a month has six or seven pages, and most of a new one is still to come. */
const PAGE_BITS = 7;
const PAGE_CELLS = 1 << PAGE_BITS;

/** Columns of consecutive cells. */
class Page {
  readonly cost = new BigInt64Array(PAGE_CELLS);
  readonly idle = new BigInt64Array(PAGE_CELLS);
  readonly stamp = new Float64Array(PAGE_CELLS);
}

/**
 * Spend of one policy in one cluster by the hours of a period, counted from the period's start, and of the day before.
 * 24 bytes a cell, in pages that are made where something is spent.
 */
export class SpendCells {
  readonly #pages: (Page | undefined)[] = [];
  readonly #cells: number;
  readonly #firstS: number;
  readonly #changed = new Set<number>();
  #total = 0n;

  constructor(readonly period: Window) {
    this.#firstS = period.from - LEAD_CELLS * CELL_S;
    this.#cells = Math.ceil((period.to - this.#firstS) / CELL_S);
  }

  /** Spend of the period. */
  get total(): bigint {
    return this.#total;
  }

  /** First second that is kept. */
  get firstS(): number {
    return this.#firstS;
  }

  /** Adds cost of a minute; what lies outside is passed by. */
  add(minute: number, cost: bigint, stamp: number): void {
    const at = this.#indexOf(minute);
    if (at === undefined) return;
    const page = this.#pageOf(at);
    const slot = at % PAGE_CELLS;
    this.#set(page.cost, at, (page.cost[slot] ?? 0n) + cost);
    page.stamp[slot] = (page.stamp[slot] ?? 0) + stamp;
  }

  /** Sets the share of idle of the hour that a minute lies in. */
  setIdle(minute: number, idle: bigint): void {
    const at = this.#indexOf(minute);
    if (at !== undefined && this.#cell(at).idle !== idle) this.#set(this.#pageOf(at).idle, at, idle);
  }

  /** Takes an hour's figures over as they were when they were counted. */
  restore({ startsAtS, cost, idle, stamp }: SpendCell): void {
    const at = this.#indexOf(startsAtS);
    if (at === undefined) return;
    const page = this.#pageOf(at);
    this.#set(page.cost, at, cost);
    this.#set(page.idle, at, idle);
    page.stamp[at % PAGE_CELLS] = stamp;
  }

  /** The hour that a second lies in. */
  cellAt(second: number): SpendCell {
    const at = this.#indexOf(second);
    return at === undefined ? { startsAtS: second, cost: 0n, idle: 0n, stamp: 0 } : this.#cell(at);
  }

  /** Hours of the period up to a second, in order. */
  list(throughS: number): SpendCell[] {
    const end = Math.min(this.#indexOf(throughS) ?? this.#cells - 1, this.#cells - 1);
    return Array.from({ length: Math.max(0, end - LEAD_CELLS + 1) }, (_, at) => this.#cell(at + LEAD_CELLS));
  }

  /** Hours of the period that changed since the last time. */
  takeChanged(): SpendCell[] {
    const cells = [...this.#changed].map((at) => this.#cell(at));
    this.#changed.clear();
    return cells;
  }

  /** Has the hour that a second lies in among the changed ones. */
  touch(second: number): void {
    const at = this.#indexOf(second);
    if (at !== undefined && at >= LEAD_CELLS) this.#changed.add(at);
  }

  /** Copies what the period before knows of the hours before this one. */
  inherit(before: SpendCells): void {
    for (let at = 0; at < LEAD_CELLS; at += 1) {
      const { cost, idle, stamp } = before.cellAt(this.#firstS + at * CELL_S);
      if (stamp === 0 && cost === 0n && idle === 0n) continue;
      const page = this.#pageOf(at);
      page.cost[at] = cost;
      page.idle[at] = idle;
      page.stamp[at] = stamp;
    }
  }

  #cell(at: number): SpendCell {
    const page = this.#pages[at >> PAGE_BITS];
    const slot = at % PAGE_CELLS;
    return {
      startsAtS: this.#firstS + at * CELL_S,
      cost: page?.cost[slot] ?? 0n,
      idle: page?.idle[slot] ?? 0n,
      stamp: page?.stamp[slot] ?? 0,
    };
  }

  #pageOf(at: number): Page {
    const number = at >> PAGE_BITS;
    const known = this.#pages[number];
    if (known !== undefined) return known;
    const made = new Page();
    this.#pages[number] = made;
    return made;
  }

  #set(column: BigInt64Array, at: number, value: bigint): void {
    if (value > MAX_CELL) throw new RangeError(`an hour's spend of ${value} picounits is beyond 64 bits`);
    if (at >= LEAD_CELLS) {
      this.#total += value - (column[at % PAGE_CELLS] ?? 0n);
      this.#changed.add(at);
    }
    column[at % PAGE_CELLS] = value;
  }

  #indexOf(second: number): number | undefined {
    if (second < this.#firstS || second >= this.period.to) return undefined;
    return Math.floor((second - this.#firstS) / CELL_S);
  }
}
