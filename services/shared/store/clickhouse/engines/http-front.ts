import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ChdbConnection } from 'chdb/connection';

/** How the front serves. */
export interface ClickHouseFrontOptions {
  /** Data folder of the engine; one process at a time. */
  readonly directory: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A running front. */
export interface ClickHouseFront {
  readonly url: string;
  stop(): Promise<void>;
}

const CONNECTIONS = 3;
const INSERT = /^\s*INSERT\s+INTO\s+(\S+)\s*(\([^)]*\))?\s+FORMAT\s+(Native|JSONEachRow)\s*$/i;
const SERVER_ERROR_CODE = /Code: (\d+)/;

/**
 * Serves the embedded engine over the part of ClickHouse's HTTP interface that the ordinary client uses, so that
 * several processes share one store. For tests and development: no users, no TLS, loopback only.
 */
export async function startClickHouseFront(options: ClickHouseFrontOptions): Promise<ClickHouseFront> {
  const spool = await mkdtemp(join(tmpdir(), 'kubehero-front-'));
  const { createChdbConnection } = await import('chdb/connection');
  const front = new Front(() => createChdbConnection({ path: options.directory }), spool);
  const server = createServer((request, response) => void front.answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => stop(server, front, spool) };
}

async function stop(server: Server, front: Front, spool: string): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
  await front.close();
  await rm(spool, { recursive: true, force: true });
}

class Front {
  readonly #connections: readonly ChdbConnection[];
  readonly #writer: ChdbConnection;
  #next = 0;

  constructor(
    connect: () => ChdbConnection,
    private readonly spool: string,
  ) {
    this.#writer = connect();
    this.#connections = Array.from({ length: CONNECTIONS }, connect);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (url.pathname === '/ping') response.end('Ok.\n');
      else response.end(await this.#run(request, url.searchParams));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const code = SERVER_ERROR_CODE.exec(message)?.[1] ?? '1002';
      response.writeHead(500, { 'x-clickhouse-exception-code': code }).end(message);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer, ...this.#connections].map((connection) => connection.close()));
  }

  async #run(request: IncomingMessage, parameters: URLSearchParams): Promise<Buffer> {
    const statement = parameters.get('query');
    const insert = statement === null ? null : INSERT.exec(statement);
    if (insert !== null) {
      await this.#insert(request, insert);
      return Buffer.alloc(0);
    }
    const sql = `${statement ?? ''}${(await readAll(request)).toString('utf8')}`;
    const isRead = /^\s*(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN)/i.test(sql);
    this.#next += 1;
    const connection = isRead ? this.#connections[this.#next % CONNECTIONS] : this.#writer;
    const result = await (connection ?? this.#writer).query({
      query: sql,
      query_params: toParameters(parameters),
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    });
    return await readAll(result.stream);
  }

  /** The body goes through a file: the engine's own insert takes text only. */
  async #insert(
    request: IncomingMessage,
    [, table = '', columns = '', format = '']: RegExpExecArray,
  ): Promise<void> {
    this.#next += 1;
    const file = join(this.spool, String(this.#next));
    try {
      await pipeline(request, createWriteStream(file));
      const names = columns === '' ? '*' : columns.slice(1, -1);
      await this.#writer.command({
        query: `INSERT INTO ${table} ${columns} SELECT ${names} FROM file('${file}', '${format}')`,
      });
    } finally {
      await rm(file, { force: true });
    }
  }
}

/** Values come as text in the interface's own notation; arrays are read so that they are bound as arrays. */
function toParameters(parameters: URLSearchParams): Record<string, unknown> {
  const bound = [...parameters].filter(([name]) => name.startsWith('param_'));
  return Object.fromEntries(
    bound.map(([name, value]) => [
      name.slice('param_'.length),
      value.startsWith('[') ? (JSON.parse(value.replaceAll("'", '"')) as unknown) : value,
    ]),
  );
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
