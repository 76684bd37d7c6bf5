import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { Readable } from 'node:stream';
import type { NativeInsert } from '../columns/pod-cost-columns.js';
import { ClientEngine, nativeInsertSettings } from './client-engine.js';
import type { ClickHouseEngine } from './engine.js';

/** How to reach a server. */
export interface ClickHouseServerOptions {
  /** `http(s)://user:password@host:port`. */
  readonly url: string;
  /** CA bundle in PEM for https. */
  readonly caPem?: string;
  /** @default 30,000 ms */
  readonly timeoutMs?: number;
}

const CONNECTIONS = 16;

/** A ClickHouse server over HTTP. Nothing is connected before the first statement. */
export function connectClickHouse(options: ClickHouseServerOptions): ClickHouseEngine {
  const client = createClient({
    url: options.url,
    request_timeout: options.timeoutMs ?? 30_000,
    max_open_connections: CONNECTIONS,
    // What fails is thrown, and logged by whoever catches it, as one line of our own form
    log: { level: ClickHouseLogLevel.OFF },
    ...(options.caPem === undefined ? {} : { tls: { ca_cert: Buffer.from(options.caPem) } }),
  });
  return new ServerEngine(client);
}

class ServerEngine extends ClientEngine {
  protected readonly connections = CONNECTIONS;

  constructor(protected readonly writer: ClickHouseClient) {
    super();
  }

  protected reader(): ClickHouseClient {
    return this.writer;
  }

  async insertNative(table: string, insert: NativeInsert): Promise<void> {
    await this.run(async () => {
      const { stream } = await this.writer.exec({
        query: `INSERT INTO ${table} (${insert.columns.join(', ')}) FORMAT Native`,
        values: Readable.from(insert.parts, { objectMode: false }),
        clickhouse_settings: {
          async_insert: 0,
          min_insert_block_size_rows: '1048449',
          ...nativeInsertSettings,
        },
      });
      for await (const chunk of stream) void chunk; // the answer has no body; reading it frees the connection
    });
  }

  async close(): Promise<void> {
    await this.writer.close();
  }
}
