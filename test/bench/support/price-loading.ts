import type { PriceRow } from '@kubehero/domain';
import { withPostgresCatalogue } from '@kubehero/pricing';
import {
  connectPostgres,
  loadPriceSlice,
  migratePostgres,
  sql,
  startEmbeddedPostgres,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { findFreePort } from '../../support/free-port.js';

/** What loading prices costs a program that must keep up with seconds. */
export interface LoadingFigures {
  readonly rows: number;
  readonly megabytesInPostgres: number;
  readonly kinds: number;
  readonly loadMilliseconds: number;
  readonly eventLoopMaxMilliseconds: number;
}

const REGIONS = 10;
const TYPES = 1000;
const SYSTEMS = ['linux', 'windows', 'rhel', 'suse'] as const;
const AT_ONCE = 20;
const RATES = ['1yr', '3yr'].flatMap((term) =>
  ['no-upfront', 'partial-upfront', 'all-upfront'].flatMap((payment) =>
    ['standard', 'convertible'].map((offering) => ({ term, payment, offering })),
  ),
);

function regionRows(region: string): PriceRow[] {
  return Array.from({ length: TYPES }, (_, type) => type).flatMap((type) =>
    SYSTEMS.flatMap((os) => {
      const row: PriceRow = {
        kind: 'price',
        provider: 'aws',
        region,
        resource: 'instance',
        name: `g${String(type)}.large`,
        os,
        purchaseModel: 'on-demand',
        unit: 'hour',
        currency: 'USD',
        price: `0.${String(1000 + type)}`,
        effectiveFrom: '2026-11-01T00:00:00.000Z',
        source: 'aws-offer',
        sourceVersion: '20261101000000',
        sku: `SKU${region}${String(type)}${os}`,
        family: `g${String(type)}`,
      };
      const effectiveFrom = '2026-11-01T00:00:00.000Z';
      const commitments = RATES.map((rate) => ({
        ...rate,
        price: '0.0987654321',
        upfront: '865',
        effectiveFrom,
      }));
      return [row, { ...row, purchaseModel: 'reserved', price: '0.0987654321', commitments }];
    }),
  );
}

async function fill(db: Kysely<Database>): Promise<void> {
  const asOf = '2026-11-22T00:00:00.000Z';
  for (let number = 0; number < REGIONS; number += 1) {
    const region = `region-${String(number)}`;
    const facts = {
      key: `aws-offer/${region}`,
      source: 'aws-offer',
      asOf,
      sourceVersion: '1',
      publications: {},
    };
    const parts = [{ facts, items: regionRows(region) }];
    const change = { parts, quarantine: [], createdAt: asOf };
    await withPostgresCatalogue(db, (store) => store.commit(change));
  }
}

/** Loads the prices of 1,000 kinds of machines as the control plane does, and watches the event loop meanwhile. */
export async function measureLoading(folder: string): Promise<LoadingFigures> {
  const directory = join(folder, 'pg');
  const server = await startEmbeddedPostgres({ directory, port: await findFreePort(), log: () => undefined });
  const db = connectPostgres({ url: server.url, onIdleError: () => undefined });
  try {
    await migratePostgres(db);
    await fill(db);
    const size = await sql<{ bytes: string; rows: string }>`
      select pg_total_relation_size('price_row') as bytes, (select count(*) from price_row) as rows`.execute(
      db,
    );
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = performance.now();
    for (let type = 0; type < TYPES; type += AT_ONCE) {
      const kinds = Array.from({ length: AT_ONCE }, (_, offset) => ({
        provider: 'aws',
        region: `region-${String(type % REGIONS)}`,
        instanceType: `g${String(type + offset)}.large`,
      }));
      await Promise.all(kinds.map((kind) => loadPriceSlice(db, kind)));
    }
    delay.disable();
    return {
      rows: Number(size.rows[0]?.rows ?? 0),
      megabytesInPostgres: Math.round(Number(size.rows[0]?.bytes ?? 0) / 1e6),
      kinds: TYPES,
      loadMilliseconds: Math.round(performance.now() - startedAt),
      eventLoopMaxMilliseconds: Number((delay.max / 1e6).toFixed(1)),
    };
  } finally {
    await db.destroy();
    await server.stop();
  }
}
