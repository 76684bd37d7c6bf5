import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { lookupMachine, lookupResource, type MachineQuery } from '@kubehero/domain';
import {
  refreshOnline,
  withPostgresCatalogue,
  type HttpContext,
  type OnlineOutcome,
  type OnlineRefresh,
} from '@kubehero/pricing';
import {
  connectPostgres,
  loadPriceCatalogue,
  migratePostgres,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AZURE_D4S, E2_RATES, M5_LARGE, offer } from '../../support/pricing/samples.js';
import { PriceServer } from '../../support/price-server.js';
import { findFreePort } from '../../support/free-port.js';

const NOW = Date.parse('2026-11-22T00:00:00Z');

function ec2(version: string, price: string): { version: string; document: unknown } {
  const product = { sku: 'LINUX', attributes: M5_LARGE, price };
  const publicationDate = `2026-11-${version.slice(6, 8)}T00:00:00Z`;
  return { version, document: offer([product], { version, publicationDate }) };
}

function azureItems(): Record<string, unknown>[] {
  return [2, 4, 8, 16, 32].map((size) => ({
    ...AZURE_D4S,
    meterId: `meter-${String(size)}`,
    skuId: `sku-${String(size)}`,
    armSkuName: `Standard_D${String(size)}s_v5`,
    retailPrice: size / 10,
    unitPrice: size / 10,
  }));
}

describe('a refresh from the services', () => {
  let folder = '';
  let postgres: EmbeddedPostgresServer;
  let db: Kysely<Database>;
  const waits: number[] = [];
  const server = new PriceServer({
    offers: new Map([['eu-west-1', new Map([['AmazonEC2', ec2('20261101000000', '0.107')]])]]),
    spotFeed: {
      vers: 0.01,
      config: {
        rate: 'perhr',
        regions: [
          {
            region: 'eu-west-1',
            instanceTypes: [
              {
                type: 'x',
                sizes: [{ size: 'm5.large', valueColumns: [{ name: 'linux', prices: { USD: '0.0391' } }] }],
              },
            ],
          },
        ],
      },
    },
    azureItems: azureItems(),
    azurePageSize: 2,
    gcpSkus: new Map([['6F81-5844-456A', E2_RATES]]),
    gcpPageSize: 1,
    gcpKey: 'the-key',
    chain: 'true',
    faults: [],
  });
  const { world } = server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-online-'));
    postgres = await startEmbeddedPostgres({
      directory: join(folder, 'pg'),
      port: await findFreePort(),
      log: () => undefined,
    });
    db = connectPostgres({ url: postgres.url, onIdleError: () => undefined });
    await migratePostgres(db);
    await server.start();
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await db.destroy();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    world.faults.length = 0;
    world.chain = 'true';
    waits.length = 0;
    server.requests.length = 0;
  });

  function context(): HttpContext {
    return {
      fetch,
      sleep: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
      random: () => 0.5,
      signal: new AbortController().signal,
    };
  }

  async function refresh(more: Partial<OnlineRefresh> = {}): Promise<readonly OnlineOutcome[]> {
    const { origin } = server;
    const request: OnlineRefresh = {
      hosts: {
        awsPriceList: origin,
        awsPriceListChina: origin,
        awsSpotFeed: origin,
        azure: origin,
        gcp: origin,
        gcpCompute: origin,
      },
      awsRegions: ['eu-west-1'],
      azureRegions: ['westeurope'],
      gcpApiKey: 'the-key',
      currency: 'USD',
      accept: [],
      nowMs: NOW,
      workFolder: folder,
      ...more,
    };
    return withPostgresCatalogue(db, (store) => refreshOnline(store, request, context()));
  }

  async function prices(): Promise<Record<string, string | null>> {
    const catalogue = await loadPriceCatalogue(db);
    const ask = (
      query: Pick<MachineQuery, 'provider' | 'region' | 'instanceType'>,
      purchaseModel: 'on-demand' | 'spot' = 'on-demand',
    ): string | null => lookupMachine(catalogue, { ...query, os: 'linux', purchaseModel }).price;
    const aws = { provider: 'aws', region: 'eu-west-1', instanceType: 'm5.large' } as const;
    return {
      aws: ask(aws),
      spot: ask(aws, 'spot'),
      azure: ask({ provider: 'azure', region: 'westeurope', instanceType: 'Standard_D32s_v5' }),
      gcp: ask({ provider: 'gcp', region: 'us-central1', instanceType: 'e2-standard-4' }),
    };
  }

  const GOOD = { aws: '0.107', spot: '0.0391', azure: '3.2', gcp: '0.13402284' };
  const outcomesOf = (outcomes: readonly OnlineOutcome[]): Record<string, string> =>
    Object.fromEntries(outcomes.map(({ what, outcome }) => [what, outcome]));
  const errorOf = (outcomes: readonly OnlineOutcome[], what: string): string => {
    const found = outcomes.find((outcome) => outcome.what === what);
    return found?.outcome === 'failed'
      ? `${found.error.code}: ${found.error.message}`
      : (found?.outcome ?? 'missing');
  };

  it('brings every source into PostgreSQL, over pages', async () => {
    const outcomes = await refresh();
    expect(outcomesOf(outcomes)).toMatchObject({
      'aws-offer eu-west-1': 'refreshed',
      'aws-spot-feed': 'refreshed',
      'azure-retail westeurope': 'refreshed',
      'gcp-skus': 'refreshed',
    });
    expect(await prices()).toEqual(GOOD);
    // Three pages of what is used, one of what is reserved
    expect(server.requests.filter(({ path }) => path.includes('westeurope'))).toHaveLength(3 + 1);
    expect((await readdir(folder)).filter((name) => name.startsWith('kubehero-prices-'))).toEqual([]);
  });

  it('does not download an offer file whose version is known', async () => {
    const outcomes = await refresh({ azureRegions: [] });
    expect(outcomesOf(outcomes)['aws-offer eu-west-1']).toBe('unchanged');
    expect(server.requests.some(({ path }) => path.endsWith('/eu-west-1/index.json'))).toBe(false);
  });

  it('honours Retry-After and comes through a storm of 503, resets and broken transfers', async () => {
    world.offers.set('eu-west-1', new Map([['AmazonEC2', ec2('20261102000000', '0.108')]]));
    world.faults.push(
      { match: 'region_index', times: 1, kind: 'status', status: 429, retryAfter: '7' },
      { match: '20261102000000', times: 1, kind: 'truncate' },
      { match: '/api/retail/prices', times: 2, kind: 'status', status: 503 },
      { match: '/v1/services', times: 1, kind: 'reset' },
    );
    const outcomes = await refresh();
    expect(Object.values(outcomesOf(outcomes))).not.toContain('failed');
    expect(errorOf(outcomes, 'aws-offer eu-west-1')).toBe('refreshed');
    expect(waits).toContain(7000);
    expect(await prices()).toEqual({ ...GOOD, aws: '0.108' });
  });

  it('continues a broken transfer of a large file where it stopped', async () => {
    const many = Array.from({ length: 50 }, (_, index) => ({
      sku: `SKU${String(index)}`,
      attributes: {
        ...M5_LARGE,
        instanceType: `m5.size${String(index)}`,
        usagetype: `EU-BoxUsage:m5.size${String(index)}`,
      },
      price: '0.2',
    }));
    const document = offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }, ...many], {
      version: '20261103000000',
      publicationDate: '2026-11-03T00:00:00Z',
    });
    world.offers.set('eu-west-1', new Map([['AmazonEC2', { version: '20261103000000', document }]]));
    world.faults.push({ match: '20261103000000', times: 1, kind: 'truncate' });
    const outcomes = await refresh({ azureRegions: [] });
    expect(errorOf(outcomes, 'aws-offer eu-west-1')).toBe('refreshed');
    expect(server.requests.some(({ headers }) => headers.range !== undefined)).toBe(true);
    expect((await prices())['aws']).toBe('0.107');
  });

  it.each(['endless', 'back', 'elsewhere'] as const)(
    'a page chain that is %s is refused and the last good prices stay',
    async (chain) => {
      world.chain = chain;
      const outcomes = await refresh({ awsRegions: [] });
      expect(errorOf(outcomes, 'azure-retail westeurope')).toMatch(/^FETCH/);
      expect((await prices())['azure']).toBe('3.2');
    },
    60_000,
  );

  it('a service that stays down costs nothing but its own news', async () => {
    world.faults.push({ match: '/api/retail/prices', times: 1000, kind: 'status', status: 500 });
    const outcomes = await refresh();
    expect(errorOf(outcomes, 'azure-retail westeurope')).toMatch(/^FETCH: .*answered 500 after 6 tries/);
    expect(outcomesOf(outcomes)['gcp-skus']).toBe('refreshed');
    expect((await prices())['azure']).toBe('3.2');
  });

  it('HTML with status 200 is refused', async () => {
    world.faults.push({ match: '/spot.json', times: 1, kind: 'garbage' });
    expect(errorOf(await refresh(), 'aws-spot-feed')).toMatch(/^NOT_JSON/);
    expect((await prices())['spot']).toBe('0.0391');
  });

  it('a refused key is reported without the key, and not tried again', async () => {
    const outcomes = await refresh({ gcpApiKey: 'secret-and-wrong' });
    const error = errorOf(outcomes, 'gcp-skus');
    expect(error).toMatch(/^FETCH: .*answered 400/);
    expect(error).not.toContain('secret');
    expect(server.requests.filter(({ path }) => path.startsWith('/v1/services'))).toHaveLength(1);
    expect((await prices())['gcp']).toBe(GOOD.gcp);
  });

  it('an answer in another currency than asked for is refused', async () => {
    const outcomes = await refresh({ currency: 'EUR', awsRegions: [] });
    expect(errorOf(outcomes, 'gcp-skus')).toMatch(/^WRONG_CURRENCY/);
    expect(await prices()).toEqual(GOOD);
  });

  it('half of the pages missing is held back by the gate', async () => {
    world.azureItems = azureItems().slice(0, 2);
    const outcomes = await refresh({ awsRegions: [] });
    const azure = outcomes.find(({ what }) => what === 'azure-retail westeurope');
    expect(azure?.outcome === 'refreshed' ? azure.report.quarantined.length : 0).toBe(1);
    expect((await prices())['azure']).toBe('3.2');
    expect(
      lookupResource(await loadPriceCatalogue(db), {
        provider: 'azure',
        region: 'westeurope',
        resource: 'network',
        name: 'internet',
      }).price,
    ).toBeNull();
  });
});
