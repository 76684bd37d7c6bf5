import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { open, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NativeInsert } from '../columns/pod-cost-columns.js';
import { ClientEngine, nativeInsertSettings } from './client-engine.js';
import { ClickHouseError, type ClickHouseEngine } from './engine.js';
import { preferEventLoop } from './thread-priority.js';

/** Where the engine keeps its data. */
export interface EmbeddedClickHouseOptions {
  /** Data folder; one process at a time. */
  readonly directory: string;
  /** Connections for reads, each of which runs one statement at a time. @default 2 */
  readonly readers?: number;
}

const SHARED_MEMORY = '/dev/shm';
const WRITEV_LIMIT = 1000;

/**
 * The real ClickHouse engine in this process (npm package chdb), behind the ordinary client.
 *
 * A connection runs its statements one after another, therefore reads have connections of their own. Binary
 * data goes through a file in shared memory: the package's own insert takes text only.
 *
 * @throws ClickHouseError where the folder is in use or belongs to a newer version
 */
export async function openEmbeddedClickHouse(options: EmbeddedClickHouseOptions): Promise<ClickHouseEngine> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const spool = await makeSpool(options.directory);
  // Imported here: the engine takes 0.3 s and 200 MiB to load, which programs that use a server should not pay
  const { createChdbConnection } = await import('chdb/connection');
  const openClient = (): ClickHouseClient =>
    createClient({
      log: { level: ClickHouseLogLevel.OFF },
      // The client's public type has no member for the hook that chdb documents
      ...({ connection: createChdbConnection({ path: options.directory }) } as object),
    });
  const readers = Array.from({ length: options.readers ?? 2 }, openClient);
  const engine = new EmbeddedEngine(openClient(), readers, spool);
  try {
    await engine.command('SELECT 1'); // its threads are there from the first statement on
    await preferEventLoop();
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

async function makeSpool(directory: string): Promise<string> {
  const usable = await stat(SHARED_MEMORY).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const spool = usable ? join(SHARED_MEMORY, `kubehero-${process.pid}`) : join(directory, 'spool');
  await rm(spool, { recursive: true, force: true });
  await mkdir(spool, { recursive: true, mode: 0o700 });
  return spool;
}

class EmbeddedEngine extends ClientEngine {
  #nextReader = 0;
  #nextFile = 0;

  constructor(
    protected readonly writer: ClickHouseClient,
    private readonly readers: readonly ClickHouseClient[],
    private readonly spool: string,
  ) {
    super();
  }

  protected get connections(): number {
    return this.readers.length + 1;
  }

  protected reader(): ClickHouseClient {
    this.#nextReader += 1;
    return this.readers[this.#nextReader % this.readers.length] ?? this.writer;
  }

  async insertNative(table: string, insert: NativeInsert): Promise<void> {
    this.#nextFile += 1;
    const file = join(this.spool, `${this.#nextFile}.native`);
    const columns = insert.columns.join(', ');
    try {
      await writeParts(file, insert.parts);
      await this.command(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM file('${file}', 'Native')
         SETTINGS optimize_on_insert = ${nativeInsertSettings.optimize_on_insert}`,
      );
    } finally {
      await rm(file, { force: true });
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.writer, ...this.readers].map((client) => client.close()));
    await rm(this.spool, { recursive: true, force: true });
  }
}

async function writeParts(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    for (let i = 0; i < parts.length; i += WRITEV_LIMIT) {
      const slice = parts.slice(i, i + WRITEV_LIMIT);
      const length = slice.reduce((sum, part) => sum + part.byteLength, 0);
      const { bytesWritten } = await handle.writev(slice);
      if (bytesWritten !== length) {
        throw new ClickHouseError(
          'UNAVAILABLE',
          `only ${bytesWritten} of ${length} bytes fitted into ${file}: free space in shared memory`,
        );
      }
    }
  } finally {
    await handle.close();
  }
}
