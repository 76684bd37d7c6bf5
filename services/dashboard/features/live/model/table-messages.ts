import type { Keys } from './grouping.js';

/** Columns that the table sorts by. */
export const sortKeys = ['name', 'cost', 'cpu', 'memory', 'network'] as const;

/** One of {@link sortKeys}. */
export type SortKey = (typeof sortKeys)[number];

/** A row of the table: means over the control plane's window. */
export interface TopRow {
  readonly keys: Keys;
  /** Digits of picounits per second. */
  readonly cost: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly networkBytesPerSecond: number;
}

/** Rows `offset` to `offset + rows.length` of `totalRows`. */
export interface TopPage {
  readonly currency: string;
  /** Unix seconds; `toS` is not in the window. */
  readonly fromS: number;
  readonly toS: number;
  readonly totalRows: number;
  readonly offset: number;
  readonly rows: readonly TopRow[];
}

/** Seconds of a node that never arrived. */
export interface NodeGap {
  readonly fromS: number;
  readonly toS: number;
  /** True where the node demonstrably ran: its price is charged as unobserved. */
  readonly charged: boolean;
}

/** A node as the control plane knows it. */
export interface NodeRow {
  readonly cluster: string;
  readonly name: string;
  readonly lastSecondS: number;
  readonly silentS: number;
  /** Where its measurements come from, e.g. `bpf`. */
  readonly source: string;
  /** Plain decimal per hour; null: no price. */
  readonly pricePerHour: string | null;
  readonly priceSource: string;
  /** Gaps of the last 15 minutes, newest first. */
  readonly gaps: readonly NodeGap[];
}

/** All nodes, those that need a person first. */
export interface NodeList {
  readonly nodes: readonly NodeRow[];
}
