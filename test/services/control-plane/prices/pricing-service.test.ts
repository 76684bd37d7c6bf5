import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  NodeRegistry,
  PriceBook,
  PriceSource,
  pricingService,
  standardPrices,
} from '@kubehero/control-plane';
import { applyRefresh, withPostgresCatalogue } from '@kubehero/pricing';
import { connectRoutes } from '@kubehero/rpc';
import { bearerTokenGuard, HttpServer, silentLogger } from '@kubehero/runtime';
import {
  acquireLease,
  addCluster,
  connectPostgres,
  migratePostgres,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../../support/free-port.js';
import { M5_LARGE, offer, parse } from '../../../support/pricing/samples.js';

const NOW = Date.parse('2026-11-22T00:00:00Z');
const TOKEN = 'token';

describe('the pricing service', () => {
  let folder = '';
  let server: EmbeddedPostgresServer;
  let db: Kysely<Database>;
  let http: HttpServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-pricing-service-'));
    server = await startEmbeddedPostgres({
      directory: join(folder, 'pg'),
      port: await findFreePort(),
      log: () => undefined,
    });
    db = connectPostgres({ url: server.url, onIdleError: () => undefined });
    await migratePostgres(db);
    const book = new PriceBook({ db, nowS: () => NOW / 1000 });
    const service = pricingService({ db, book, currency: 'USD' });
    http = new HttpServer({ listen: { host: '127.0.0.1', port: 0 }, logger: silentLogger });
    const authorize = bearerTokenGuard(TOKEN);
    for (const route of connectRoutes([service], { authorize, logger: silentLogger })) http.route(route);
    await http.start();
  }, 60_000);
  afterAll(async () => {
    await http.stop(AbortSignal.timeout(1000));
    await db.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function publish(day: number, prices: Record<string, string>): Promise<void> {
    const products = Object.entries(prices).map(([size, price]) => ({
      sku: `SKU-${size}`,
      attributes: { ...M5_LARGE, instanceType: `m5.${size}`, usagetype: `EU-BoxUsage:m5.${size}` },
      price,
    }));
    const publicationDate = new Date(NOW + day * 86_400_000).toISOString();
    const parsed = await parse('aws-offer', offer(products, { publicationDate }));
    const at = NOW + day * 86_400_000;
    await withPostgresCatalogue(db, (store) =>
      applyRefresh(store, parsed, {
        source: 'aws-offer',
        asOfMs: at,
        nowMs: at,
        mode: 'replace',
        accept: [],
      }),
    );
  }

  async function call(method: string, body: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${http.url}/kubehero.pricing.v1.PricingService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  }

  it('says before the first refresh that the shipped list answers alone', async () => {
    expect((await call('GetCatalogue', {}))['builtInVersion']).toMatch(/^built-in-/);
    const { prices } = await call('ExplainPrice', {
      provider: 'aws',
      region: 'eu-west-1',
      instanceType: 'm5.large',
    });
    expect(prices).toMatchObject([{ price: '0.107', source: 'built-in' }]);
  });

  it('gives the age of each part, what changed, and what waits for a person with the command for it', async () => {
    await publish(0, { large: '0.107', xlarge: '0.214', '2xlarge': '0.428' });
    await publish(1, { large: '0.1', xlarge: '0.214', '4xlarge': '0.856' });
    const changes = await call('ListChanges', {});
    expect(changes).toMatchObject({ version: 2, added: 0, changed: 0, removed: 0 });
    // One of three rows lost in a family is suspicious: all of it waits
    expect(await call('GetCatalogue', {})).toMatchObject({
      version: 2,
      currency: 'USD',
      parts: [{ name: 'aws-offer/eu-west-1', source: 'aws-offer', asOf: '2026-11-23T00:00:00.000Z' }],
      quarantined: [
        {
          region: 'eu-west-1',
          family: 'm5',
          acceptCommand: "kubehero pricing refresh --sources aws --accept 'eu-west-1/m5'",
        },
      ],
    });
    await publish(2, { large: '0.1', xlarge: '0.214', '2xlarge': '0.428', '4xlarge': '0.856' });
    expect(await call('ListChanges', {})).toMatchObject({
      version: 3,
      added: 1,
      changed: 1,
      changes: [
        { name: 'm5.4xlarge', after: '0.856' },
        { name: 'm5.large', before: '0.107', after: '0.1' },
      ],
    });
  });

  it('finds prices by a part of the name, and says when there are more', async () => {
    const found = await call('SearchPrices', { text: 'M5.', provider: 'aws', limit: 2 });
    expect(found).toMatchObject({ truncated: true, prices: [{ name: 'm5.large' }, { name: 'm5.xlarge' }] });
    expect((await call('SearchPrices', { text: '%' }))['prices']).toEqual([]);
    expect(await call('SearchPrices', { limit: 501 })).toMatchObject({ code: 'invalid_argument' });
  });

  it('explains a machine and a node, and refuses what is neither', async () => {
    const machine = { provider: 'aws', region: 'eu-west-1', instanceType: 'm5.large' };
    const { prices } = await call('ExplainPrice', machine);
    expect(prices).toMatchObject([
      { price: '0.1', source: 'aws-offer', sku: 'SKU-large', catalogueVersion: 3 },
    ]);
    await pinNode();
    expect(await call('ExplainPrice', { node: 'worker', cluster: 'c1' })).toMatchObject({
      prices: [{ price: '0.1', source: 'aws-offer', catalogueVersion: 3 }],
    });
    expect(await call('ExplainPrice', { node: 'nobody' })).toMatchObject({ code: 'not_found' });
    expect(await call('ExplainPrice', { provider: 'aws' })).toMatchObject({ code: 'invalid_argument' });
    expect(await call('ExplainPrice', { ...machine, os: 'plan9' })).toMatchObject({
      code: 'invalid_argument',
    });
  });

  async function pinNode(): Promise<void> {
    const cluster = await addCluster(db, { id: 'c1', name: 'c1', cloud: '', region: '', labels: {} });
    const term = await acquireLease(db, { holder: 'one', address: '' }, 60);
    if (term === undefined) throw new Error('the lease is held');
    const nowS = (): number => NOW / 1000;
    const registry = new NodeRegistry({
      db,
      nowS,
      prices: new PriceSource(standardPrices({ currency: 'USD' }), new PriceBook({ db, nowS })),
      activationDelayS: 120,
      onIdentities: () => undefined,
    });
    await registry.load(term);
    const labels = {
      'node.kubernetes.io/instance-type': 'm5.large',
      'topology.kubernetes.io/region': 'eu-west-1',
    };
    await registry.applySpec(
      { clusterKey: cluster.key, uid: 'uid-1' },
      {
        name: 'worker',
        providerId: 'aws:///eu-west-1a/i-1',
        bootId: 'b',
        bootedAtS: 1,
        labels,
        annotations: {},
        cpuCapacityMillicores: 2000,
        memoryCapacityBytes: 8 * 2 ** 30,
        gpuCapacity: 0,
        gpuModel: '',
      },
      NOW / 1000,
    );
  }
});
