import type { NativeInsert } from '../columns/pod-cost-columns.js';

/** Values of `{name:Type}` placeholders. */
export type QueryParameters = Readonly<Record<string, string | number | readonly (string | number)[]>>;

/** ClickHouse as the control plane uses it: a server over HTTP, or the engine in this process. */
export interface ClickHouseEngine {
  /** Runs a SELECT. 64-bit integers come as digits. */
  query<Row>(sql: string, parameters?: QueryParameters, signal?: AbortSignal): Promise<Row[]>;
  /**
   * Runs a SELECT without a FORMAT whose columns are all of fixed width, for many rows; decode the answer by
   * {@link decodeNativeBlocks}.
   */
  queryNative(sql: string, parameters?: QueryParameters, signal?: AbortSignal): Promise<Uint8Array>;
  /** Runs a statement that changes something; durable when it resolves. */
  command(sql: string, parameters?: QueryParameters): Promise<void>;
  /** Inserts encoded columns as one block per partition; durable when it resolves, and then the memory is free. */
  insertNative(table: string, insert: NativeInsert): Promise<void>;
  /** Inserts rows given as objects; for few rows, durable when it resolves. */
  insertObjects(table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  /** Statements that run, and the most that can at once. */
  usage(): { readonly inUse: number; readonly size: number };
  /** Waits for running statements and lets go of files and connections. */
  close(): Promise<void>;
}

/** Why ClickHouse did not do it. */
export class ClickHouseError extends Error {
  /** @param code - `UNAVAILABLE`: try again; `REJECTED`: the statement or the data is at fault */
  constructor(
    readonly code: 'UNAVAILABLE' | 'REJECTED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ClickHouseError';
  }
}
