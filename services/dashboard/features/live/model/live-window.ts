import { HISTORY_SECONDS } from './live-history.js';
import type { LiveSeries, LiveSnapshot, LiveTick } from './live-messages.js';
import { parsePico, PICO_PER_UNIT } from '../../money/model/money-format.js';

/** One second as the page holds it; money in picounits. */
export interface WindowSecond {
  readonly second: number;
  /** Costs of the series, then of all other groups. */
  readonly values: readonly bigint[];
  /** Undefined where a filter is on. */
  readonly idlePico: bigint | undefined;
  readonly unobservedPico: bigint | undefined;
  readonly totalPico: bigint;
  readonly observedNodes: number;
  readonly expectedNodes: number;
  readonly unpricedNodes: number;
  /** Running sums of the layers in currency units, lowest layer first: for pixels only. */
  readonly stack: Float64Array;
}

/** A layer of the chart. */
export interface Layer {
  readonly kind: 'series' | 'other' | 'idle' | 'unobserved';
  readonly label: string;
  /** Present for `series` alone. */
  readonly series?: LiveSeries;
}

/** Seconds in which something is missing. */
export interface GapSpan {
  readonly fromS: number;
  /** Not in the span. */
  readonly toS: number;
  /** `none`: nobody reported. `partial`: some nodes did not. */
  readonly kind: 'none' | 'partial';
  /** Most nodes missing at once; 0 where nobody reported. */
  readonly missingNodes: number;
}

/** The last 15 minutes of one view, as the browser holds them. Bounded: older seconds are dropped. */
export class LiveWindow {
  readonly currency: string;
  readonly layers: readonly Layer[];
  /** Newest second that arrived; 0 before any. */
  newestSecond = 0;
  private readonly seconds = new Map<number, WindowSecond>();

  constructor(readonly snapshot: LiveSnapshot) {
    this.currency = snapshot.currency;
    this.layers = toLayers(snapshot);
    for (const tick of snapshot.ticks) this.apply(tick);
  }

  /** True while no node was ever expected: nothing has reported yet. */
  get isEmpty(): boolean {
    for (const row of this.seconds.values()) {
      if (row.expectedNodes > 0 || row.unpricedNodes > 0 || row.totalPico > 0n) return false;
    }
    return true;
  }

  /** Takes a second; a repeated one replaces what was there. @throws RangeError for malformed money */
  apply(tick: LiveTick): void {
    if (tick.second <= this.newestSecond - HISTORY_SECONDS) return;
    this.seconds.set(tick.second, toSecond(tick));
    if (tick.second <= this.newestSecond) return;
    this.newestSecond = tick.second;
    for (const second of this.seconds.keys()) {
      if (second <= tick.second - HISTORY_SECONDS) this.seconds.delete(second);
    }
  }

  /** Oldest second that is held; 0 before any. */
  get oldestSecond(): number {
    return this.seconds.size === 0 ? 0 : Math.min(...this.seconds.keys());
  }

  /** A second; undefined where it never arrived. */
  at(second: number): WindowSecond | undefined {
    return this.seconds.get(second);
  }

  /** The newest second. */
  get newest(): WindowSecond | undefined {
    return this.seconds.get(this.newestSecond);
  }

  /** Cost of a layer in a second; zero where the view has no such layer. */
  layerPico(second: WindowSecond, layer: number): bigint {
    const value = second.values[layer];
    if (value !== undefined) return value;
    const kind = this.layers[layer]?.kind;
    return (
      (kind === 'idle' ? second.idlePico : kind === 'unobserved' ? second.unobservedPico : undefined) ?? 0n
    );
  }

  /**
   * Columns for the chart: every second of `[from, to]`, then the running sums from the highest layer to the lowest
   * (the order of drawing). A missing second is null in every layer.
   */
  toColumns(from: number, to: number): [number[], ...(number | null)[][]] {
    const times: number[] = [];
    const columns: (number | null)[][] = this.layers.map(() => []);
    for (let second = from; second <= to; second += 1) {
      times.push(second);
      const row = this.seconds.get(second);
      columns.forEach((column, at) => column.push(row?.stack[this.layers.length - 1 - at] ?? null));
    }
    return [times, ...columns];
  }

  /** What is missing in `[from, to]`, oldest first. Seconds before the first that ever arrived are not missing. */
  gaps(from: number, to: number): GapSpan[] {
    const spans: GapSpan[] = [];
    for (let second = Math.max(from, this.oldestSecond); second <= to; second += 1) {
      const gap = gapAt(this.seconds.get(second), second);
      const last = spans.at(-1);
      if (gap === undefined) continue;
      if (last?.toS === second && last.kind === gap.kind) {
        const missingNodes = Math.max(last.missingNodes, gap.missingNodes);
        spans[spans.length - 1] = { ...last, toS: second + 1, missingNodes };
      } else {
        spans.push(gap);
      }
    }
    return spans;
  }
}

function gapAt(row: WindowSecond | undefined, second: number): GapSpan | undefined {
  const span = { fromS: second, toS: second + 1 };
  if (row === undefined) return { ...span, kind: 'none', missingNodes: 0 };
  const missingNodes = row.expectedNodes - row.observedNodes;
  return missingNodes > 0 ? { ...span, kind: 'partial', missingNodes } : undefined;
}

function toLayers(snapshot: LiveSnapshot): Layer[] {
  const layers: Layer[] = snapshot.series.map((series) => ({ kind: 'series', label: series.label, series }));
  layers.push({ kind: 'other', label: `${snapshot.otherGroups} other` });
  const last = snapshot.ticks.at(-1);
  if (last === undefined || last.idle !== undefined) {
    layers.push({ kind: 'idle', label: 'Idle' }, { kind: 'unobserved', label: 'Unobserved' });
  }
  return layers;
}

function toSecond(tick: LiveTick): WindowSecond {
  const values = tick.values.map(parsePico);
  const idlePico = tick.idle === undefined ? undefined : parsePico(tick.idle);
  const unobservedPico = tick.unobserved === undefined ? undefined : parsePico(tick.unobserved);
  const layers = [...values, ...(idlePico === undefined ? [] : [idlePico, unobservedPico ?? 0n])];
  const stack = new Float64Array(layers.length);
  let sum = 0n;
  layers.forEach((value, at) => {
    sum += value;
    stack[at] = toUnits(sum);
  });
  const [observedNodes, expectedNodes, unpricedNodes] = tick.nodes;
  return {
    second: tick.second,
    values,
    idlePico,
    unobservedPico,
    totalPico: sum,
    observedNodes,
    expectedNodes,
    unpricedNodes,
    stack,
  };
}

/** For pixels: 53 bits are enough there, and nowhere else. */
function toUnits(pico: bigint): number {
  return Number(pico) / Number(PICO_PER_UNIT);
}
