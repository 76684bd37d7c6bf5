import type { Grouping, Keys } from './grouping.js';

/** A series of the chart. */
export interface LiveSeries {
  readonly label: string;
  readonly keys: Keys;
  /** Colour slot, 0 to 7; the same name has the same slot wherever its neighbours leave it free. */
  readonly slot: number;
}

/** One second for the browser. Money is digits of picounits. */
export interface LiveTick {
  readonly second: number;
  /** Costs of the series in their order, then of everything else that meets the filter. */
  readonly values: readonly string[];
  /** Absent where a filter is on: idle belongs to nodes, not to what was filtered. */
  readonly idle?: string;
  readonly unobserved?: string;
  /** Observed, expected and unpriced nodes. */
  readonly nodes: readonly [observed: number, expected: number, unpriced: number];
}

/** A group whose cost changed most. Money is digits of picounits per second. */
export interface Mover {
  readonly label: string;
  readonly keys: Keys;
  readonly now: string;
  readonly before: string;
}

/** What a browser's stream begins with, and what follows when the largest groups change. */
export interface LiveSnapshot {
  readonly currency: string;
  readonly by: Grouping;
  readonly series: readonly LiveSeries[];
  /** How many groups the last value of each tick adds up. */
  readonly otherGroups: number;
  readonly ticks: readonly LiveTick[];
}

/** Whether the dashboard's server hears the control plane. */
export interface LiveState {
  readonly connected: boolean;
  /** Unix second since when. */
  readonly sinceSecond: number;
  /** Why not, for a person; empty when connected. */
  readonly reason: string;
}

/** Names of the events on a browser's stream. */
export const liveEvents = { snapshot: 'snapshot', tick: 'tick', movers: 'movers', state: 'state' } as const;
