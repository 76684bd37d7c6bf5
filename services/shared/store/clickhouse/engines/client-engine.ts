import type { ClickHouseClient } from '@clickhouse/client';
import type { NativeInsert } from '../columns/pod-cost-columns.js';
import type { ClickHouseEngine, QueryParameters } from './engine.js';
import { toClickHouseError } from './errors.js';

/**
 * Settings of binary inserts. Collapsing repeats while a block is written halves the rate, and blocks hold none that
 * ingest has not sorted out: merges and FINAL collapse what is left, also within one part.
 */
export const nativeInsertSettings = { optimize_on_insert: 0 } as const;

const READ_SETTINGS = {
  output_format_json_quote_64bit_integers: 1,
  // Partitions of every table follow from its key, so FINAL never has to compare rows of two partitions
  do_not_merge_across_partitions_select_final: 1,
  // Compiling takes 50 to 100 ms in the middle of a viewer's third question, and gains nothing in one of 30 ms
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
} as const;

/** What server and embedded engine have in common: statements go through the ordinary client. */
export abstract class ClientEngine implements ClickHouseEngine {
  /** The client that changes something. */
  protected abstract readonly writer: ClickHouseClient;

  /** A client to read with. */
  protected abstract reader(): ClickHouseClient;
  /** Statements that can run at once. */
  protected abstract readonly connections: number;
  abstract insertNative(table: string, insert: NativeInsert): Promise<void>;
  abstract close(): Promise<void>;

  #running = 0;

  usage(): { readonly inUse: number; readonly size: number } {
    return { inUse: Math.min(this.#running, this.connections), size: this.connections };
  }

  /** Counts a statement while it runs, and tells failures by their kind. */
  protected async run<T>(statement: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await statement();
    } catch (error) {
      throw toClickHouseError(error);
    } finally {
      this.#running -= 1;
    }
  }

  async query<Row>(sql: string, parameters: QueryParameters = {}, signal?: AbortSignal): Promise<Row[]> {
    return await this.run(async () => {
      const result = await this.reader().query({
        query: sql,
        query_params: { ...parameters },
        format: 'JSONEachRow',
        clickhouse_settings: READ_SETTINGS,
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      return await result.json<Row>();
    });
  }

  async queryNative(
    sql: string,
    parameters: QueryParameters = {},
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    return await this.run(async () => {
      const { stream } = await this.reader().exec({
        query: `${sql} FORMAT Native`,
        query_params: { ...parameters },
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    });
  }

  async command(sql: string, parameters: QueryParameters = {}): Promise<void> {
    await this.run(() => this.writer.command({ query: sql, query_params: { ...parameters } }));
  }

  async insertObjects(table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    await this.run(() => this.writer.insert({ table, values: [...rows], format: 'JSONEachRow' }));
  }
}
