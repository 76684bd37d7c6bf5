import type { Keys } from './grouping.js';
import { PicoColumn } from './pico-column.js';
import type { UpstreamGroup, UpstreamSnapshot, UpstreamTick } from './upstream-messages.js';

/** Seconds that the page can show. */
export const HISTORY_SECONDS = 900;

/** What a second says besides the groups' costs. */
export interface SecondSummary {
  readonly idlePico: bigint;
  readonly unobservedPico: bigint;
  readonly observedNodes: number;
  readonly expectedNodes: number;
  readonly unpricedNodes: number;
}

/** A group and its cost in each second of the window, by slot (second mod 900). */
export interface GroupColumn {
  readonly keys: Keys;
  readonly picoBySlot: PicoColumn;
  lastSecond: number;
}

/**
 * The last 15 minutes of one grouping, as the control plane streamed them. Memory is 7.2 kB a group that cost
 * something within the window; groups that did not are dropped each minute.
 */
export class LiveHistory {
  /** Newest second that arrived; 0 before any. */
  newestSecond = 0;
  private readonly seconds = new Float64Array(HISTORY_SECONDS);
  private readonly summaries: (SecondSummary | undefined)[] = new Array<undefined>(HISTORY_SECONDS).fill(
    undefined,
  );
  private readonly names = new Map<number, Keys>();
  private readonly columns = new Map<number, GroupColumn>();
  private prunedAtSecond = 0;

  constructor(
    readonly currency: string,
    snapshot: UpstreamSnapshot,
  ) {
    this.name(snapshot.groups);
    for (const tick of snapshot.ticks) this.apply(tick);
  }

  /** Groups that cost something within the window. */
  get groups(): Iterable<GroupColumn> {
    return this.columns.values();
  }

  /** Groups that were ever named on this stream. */
  get namedGroups(): number {
    return this.names.size;
  }

  /** Takes a second; a repeated one replaces what was there; one older than the window is ignored. */
  apply(tick: UpstreamTick): void {
    this.name(tick.groups);
    if (tick.second <= this.newestSecond - HISTORY_SECONDS) return;
    const slot = tick.second % HISTORY_SECONDS;
    this.clear(slot);
    this.seconds[slot] = tick.second;
    this.summaries[slot] = tick;
    for (const [index, pico] of tick.values) this.put(index, pico, tick.second);
    this.newestSecond = Math.max(this.newestSecond, tick.second);
    this.prune();
  }

  /** What is known of a second; undefined is a gap. */
  summary(second: number): SecondSummary | undefined {
    const slot = second % HISTORY_SECONDS;
    return this.seconds[slot] === second ? this.summaries[slot] : undefined;
  }

  /** Seconds of the window that arrived, oldest first. */
  presentSeconds(): number[] {
    const present: number[] = [];
    for (
      let second = Math.max(1, this.newestSecond - HISTORY_SECONDS + 1);
      second <= this.newestSecond;
      second += 1
    ) {
      if (this.seconds[second % HISTORY_SECONDS] === second) present.push(second);
    }
    return present;
  }

  private name(groups: readonly UpstreamGroup[]): void {
    for (const group of groups) this.names.set(group.index, group.keys);
  }

  private put(index: number, pico: bigint, second: number): void {
    let column = this.columns.get(index);
    if (column === undefined) {
      const keys = this.names.get(index) ?? {};
      column = { keys, picoBySlot: new PicoColumn(HISTORY_SECONDS), lastSecond: second };
      this.columns.set(index, column);
    }
    column.picoBySlot.set(second % HISTORY_SECONDS, pico);
    column.lastSecond = Math.max(column.lastSecond, second);
  }

  private clear(slot: number): void {
    if (this.seconds[slot] === 0) return;
    for (const column of this.columns.values()) column.picoBySlot.set(slot, 0n);
  }

  private prune(): void {
    if (this.newestSecond - this.prunedAtSecond < 60) return;
    this.prunedAtSecond = this.newestSecond;
    for (const [index, column] of this.columns) {
      if (column.lastSecond <= this.newestSecond - HISTORY_SECONDS) this.columns.delete(index);
    }
  }
}
