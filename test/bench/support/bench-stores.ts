import {
  Ingest,
  IngestMetrics,
  NodeRegistry,
  PriceSource,
  shippedCatalogues,
  standardPrices,
  DEFAULT_LIMITS,
} from '@kubehero/control-plane';
import { createLogger, Metrics } from '@kubehero/runtime';
import { openEmbeddedClickHouse, renderTables, type ClickHouseEngine } from '@kubehero/store-clickhouse';
import {
  acquireLease,
  connectPostgres,
  migratePostgres,
  startEmbeddedPostgres,
  type Database,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.js';

/** The embedded stores of a benchmark, in a temporary folder that `close` removes. */
export interface BenchStores {
  readonly folder: string;
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly term: LeaseTerm;
  close(): Promise<void>;
}

/** Epoch second of now. */
export const nowS = (): number => Math.floor(Date.now() / 1000);

/** Opens both stores with the product's tables in these ClickHouse databases, and takes the lease. */
export async function openBenchStores(databases: readonly string[] = ['kubehero']): Promise<BenchStores> {
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-bench-'));
  const postgres = await startEmbeddedPostgres({
    directory: join(folder, 'pg'),
    port: await findFreePort(),
    log: () => undefined,
  });
  const db = connectPostgres({ url: postgres.url, onIdleError: () => undefined });
  await migratePostgres(db);
  const clickhouse = await openEmbeddedClickHouse({ directory: join(folder, 'ch') });
  for (const database of databases) await makeTables(clickhouse, database);
  const term = await acquireLease(db, { holder: 'bench', address: '' }, 3600);
  if (term === undefined) throw new Error('the lease is taken');
  return {
    folder,
    db,
    clickhouse,
    term,
    close: async () => {
      await clickhouse.close();
      await db.destroy();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes the product's tables. */
export async function makeTables(clickhouse: ClickHouseEngine, database: string): Promise<void> {
  const tables = renderTables({ database, rawRetentionDays: 3650, minuteRetentionDays: 3650 });
  for (const statement of tables) await clickhouse.command(statement);
}

/** The product's ingest over the stores, leading. */
export async function leadIngest(stores: BenchStores, database: string): Promise<Ingest> {
  const { db, clickhouse, term } = stores;
  const registry = new NodeRegistry({
    db,
    nowS,
    prices: new PriceSource(standardPrices({ currency: 'USD' }), shippedCatalogues()),
    activationDelayS: 120,
    onIdentities: () => undefined,
  });
  const ingest = new Ingest({
    db,
    clickhouse,
    registry,
    database,
    metrics: new IngestMetrics(new Metrics()),
    logger: createLogger(),
    limits: { ...DEFAULT_LIMITS, maxAheadS: 10, nowS, horizonS: () => 0 },
    onDurable: () => Promise.resolve(),
  });
  await ingest.lead(term);
  return ingest;
}
