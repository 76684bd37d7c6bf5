import { createServer } from 'node:net';
import type { Logger } from '@kubehero/runtime';
import { openEmbeddedClickHouse, type ClickHouseEngine } from '@kubehero/store-clickhouse';
import { connectPostgres, startEmbeddedPostgres, type Database, type Kysely } from '@kubehero/store-postgres';
import type { DataFolder } from './data-folder.js';

/** The two stores of an embedded installation. */
export interface EmbeddedStores {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  /** Closes both; what was acknowledged is on disk. */
  close(): Promise<void>;
}

/** Starts PostgreSQL and opens ClickHouse in the data folder, side by side. */
export async function openStores(folder: DataFolder, logger: Logger): Promise<EmbeddedStores> {
  const [postgres, clickhouse] = await Promise.all([
    freePort().then((port) =>
      startEmbeddedPostgres({
        directory: folder.file('postgres'),
        port,
        log: (line) => {
          logger.debug(line, { program: 'postgresql' });
        },
      }),
    ),
    openEmbeddedClickHouse({ directory: folder.file('clickhouse') }),
  ]);
  const db = connectPostgres({
    url: postgres.url,
    onIdleError: (error) => {
      logger.warn('a connection to postgresql broke', { error });
    },
  });
  const close = async (): Promise<void> => {
    await clickhouse.close();
    await db.destroy();
    await postgres.stop();
  };
  return { db, clickhouse, close };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
  return typeof address === 'object' && address !== null ? address.port : 0;
}
