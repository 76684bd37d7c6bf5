import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lookupMachine, type Catalogue } from '@kubehero/domain';
import { applyRefresh, withPostgresCatalogue, type RefreshReport, type SourceName } from '@kubehero/pricing';
import {
  connectPostgres,
  currentPriceVersion,
  listPriceQuarantine,
  loadPriceCatalogue,
  migratePostgres,
  sql,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { E2_RATES, M5_LARGE, offer, parse, type OfferProduct } from '../../support/pricing/samples.js';
import { findFreePort } from '../../support/free-port.js';

const DAY = 86_400_000;
const START = Date.parse('2026-11-10T00:00:00Z');

function products(price: string): OfferProduct[] {
  return ['large', 'xlarge', '2xlarge', '4xlarge'].map((size) => ({
    sku: `SKU-${size}`,
    attributes: { ...M5_LARGE, instanceType: `m5.${size}`, usagetype: `EU-BoxUsage:m5.${size}` },
    price,
  }));
}

describe('the catalogue in PostgreSQL', () => {
  let folder = '';
  let server: EmbeddedPostgresServer;
  let db: Kysely<Database>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-prices-'));
    server = await startEmbeddedPostgres({
      directory: join(folder, 'pg'),
      port: await findFreePort(),
      log: () => undefined,
    });
    db = connectPostgres({ url: server.url, onIdleError: () => undefined });
    await migratePostgres(db);
  }, 60_000);
  afterAll(async () => {
    await db.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function refresh(source: SourceName, value: unknown, day: number): Promise<RefreshReport> {
    const parsed = await parse(source, value);
    const asOfMs = START + day * DAY;
    return withPostgresCatalogue(db, (store) =>
      applyRefresh(store, parsed, { source, asOfMs, nowMs: asOfMs, mode: 'replace', accept: [] }),
    );
  }

  function priceOf(catalogue: Catalogue, atMs?: number): string | null {
    const query = {
      provider: 'aws',
      region: 'eu-west-1',
      instanceType: 'm5.large',
      os: 'linux',
      purchaseModel: 'on-demand',
    } as const;
    return lookupMachine(catalogue, query, { atMs }).price;
  }

  it('holds versions: the newest answers, the past can be asked for, unchanged rows are stored once', async () => {
    await refresh('aws-offer', offer(products('0.1070000000')), 0);
    await refresh(
      'aws-offer',
      offer(products('0.1070000000'), { version: '20261111', publicationDate: '2026-11-11T00:00:00Z' }),
      1,
    );
    await refresh(
      'aws-offer',
      offer(products('0.0990000000'), { version: '20261112', publicationDate: '2026-11-12T00:00:00Z' }),
      2,
    );
    await refresh('gcp-skus', { skus: E2_RATES }, 2);
    expect(await currentPriceVersion(db)).toBe(4);
    expect(priceOf(await loadPriceCatalogue(db))).toBe('0.099');
    const past = START + 1.5 * DAY;
    expect(priceOf(await loadPriceCatalogue(db, { atMs: past }), past)).toBe('0.107');
    const { rows } = await sql<{
      count: number;
    }>`select count(*)::int as count from price_row where source = 'aws-offer'`.execute(db);
    expect(rows[0]?.count).toBe(8);
  });

  it('keeps the last good price and the reason when the gate holds a feed back', async () => {
    const report = await refresh(
      'aws-offer',
      offer(products('9.9'), { publicationDate: '2026-11-13T00:00:00Z' }),
      3,
    );
    expect(report.quarantined).toHaveLength(1);
    expect(priceOf(await loadPriceCatalogue(db))).toBe('0.099');
    const held = await listPriceQuarantine(db);
    expect(held.map(({ region, family }) => `${region}/${family}`)).toEqual(['eu-west-1/m5']);
    await refresh('aws-offer', offer(products('0.099'), { publicationDate: '2026-11-14T00:00:00Z' }), 4);
    expect(await listPriceQuarantine(db)).toEqual([]);
  });

  it('a commit that fails half-way leaves the version before', async () => {
    const before = await currentPriceVersion(db);
    const parsed = await parse('aws-offer', offer(products('0.09')));
    const [first] = parsed.items;
    if (first?.kind !== 'price') throw new Error('no row');
    const broken = { ...parsed, items: [...parsed.items, { ...first, name: 'broken', price: '-1' }] };
    await expect(
      withPostgresCatalogue(db, (store) =>
        store.commit({
          parts: [
            {
              facts: {
                key: 'aws-offer/eu-west-1',
                source: 'aws-offer',
                asOf: new Date(START).toISOString(),
                sourceVersion: '',
                publications: {},
              },
              items: broken.items,
            },
          ],
          quarantine: [],
          createdAt: new Date(START).toISOString(),
        }),
      ),
    ).rejects.toThrow();
    expect(await currentPriceVersion(db)).toBe(before);
    expect(priceOf(await loadPriceCatalogue(db))).toBe('0.099');
  });

  it('one refresh runs at a time', async () => {
    await withPostgresCatalogue(db, async () => {
      await expect(withPostgresCatalogue(db, () => Promise.resolve())).rejects.toMatchObject({
        code: 'CATALOGUE_BUSY',
      });
    });
    await expect(withPostgresCatalogue(db, () => Promise.resolve('free'))).resolves.toBe('free');
  });
});
