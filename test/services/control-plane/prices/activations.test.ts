import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  NodeRegistry,
  PriceBook,
  PriceSource,
  PriceWatch,
  standardPrices,
  type PriceSettings,
} from '@kubehero/control-plane';
import { applyRefresh, withPostgresCatalogue } from '@kubehero/pricing';
import { silentLogger } from '@kubehero/runtime';
import {
  acquireLease,
  addCluster,
  connectPostgres,
  listActivations,
  migratePostgres,
  releaseLease,
  sql,
  startEmbeddedPostgres,
  type ActivationRow,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { findFreePort } from '../../../support/free-port.js';
import { M5_LARGE, offer, parse } from '../../../support/pricing/samples.js';
import { waitUntil } from '../../../support/wait-until.js';

const NOW = 1_795_000_000;
const DELAY_S = 120;
const CAPACITY = { cpuMillicores: 2000, memoryBytes: 8 * 2 ** 30, gpus: 0 };

type Spec = Parameters<NodeRegistry['applySpec']>[1];

function spec(name: string, instanceType: string, labels: Record<string, string> = {}): Spec {
  return {
    name,
    providerId: `aws:///eu-west-1a/i-${name}`,
    bootId: name,
    bootedAtS: 1,
    labels: {
      'node.kubernetes.io/instance-type': instanceType,
      'topology.kubernetes.io/region': 'eu-west-1',
      'topology.kubernetes.io/zone': 'eu-west-1a',
      'kubernetes.io/os': 'linux',
      ...labels,
    },
    annotations: {},
    cpuCapacityMillicores: CAPACITY.cpuMillicores,
    memoryCapacityBytes: CAPACITY.memoryBytes,
    gpuCapacity: 0,
    gpuModel: '',
  };
}

describe('prices of nodes from the catalogue in PostgreSQL', () => {
  let folder = '';
  let server: EmbeddedPostgresServer;
  let db: Kysely<Database>;
  let clusterKey = 0;
  let now = NOW;
  let term: LeaseTerm;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-activations-'));
    server = await startEmbeddedPostgres({
      directory: join(folder, 'pg'),
      port: await findFreePort(),
      log: () => undefined,
    });
    db = connectPostgres({ url: server.url, onIdleError: () => undefined });
    await migratePostgres(db);
    clusterKey = (await addCluster(db, { id: 'c1', name: 'c1', cloud: '', region: '', labels: {} })).key;
    term = await lease('first');
  }, 60_000);
  afterAll(async () => {
    await db.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function lease(holder: string): Promise<LeaseTerm> {
    const got = await acquireLease(db, { holder, address: 'here' }, 600);
    if (got === undefined) throw new Error('the lease is held');
    return got;
  }

  function replica(
    rates: Record<string, string> = {},
    writesTo = db,
    configured: Partial<PriceSettings> = {},
  ): { book: PriceBook; registry: NodeRegistry } {
    const nowS = (): number => now;
    const book = new PriceBook({ db, nowS });
    const prices = new PriceSource(
      standardPrices({ currency: 'USD', exchangeRates: rates, ...configured }),
      book,
    );
    const registry = new NodeRegistry({
      db: writesTo,
      nowS,
      prices,
      activationDelayS: DELAY_S,
      onIdentities: () => undefined,
    });
    return { book, registry };
  }

  async function publish(prices: Record<string, string>): Promise<void> {
    const products = Object.entries(prices).map(([instanceType, price]) => ({
      sku: `SKU-${instanceType}`,
      attributes: { ...M5_LARGE, instanceType, usagetype: `EU-BoxUsage:${instanceType}` },
      price,
    }));
    const parsed = await parse('aws-offer', offer(products));
    const at = now * 1000;
    await withPostgresCatalogue(db, (store) =>
      applyRefresh(store, parsed, {
        source: 'aws-offer',
        asOfMs: at,
        nowMs: at,
        mode: 'add',
        accept: ['all'],
      }),
    );
  }

  async function activationsOf(name: string): Promise<readonly ActivationRow[]> {
    const node = await db.selectFrom('node').select('key').where('uid', '=', name).executeTakeFirstOrThrow();
    return (await listActivations(db)).filter(({ nodeKey }) => nodeKey === node.key);
  }

  const forever = AbortSignal.timeout(120_000);
  let leader: ReturnType<typeof replica>;

  it('prices a first run from the list that ships with the product, and says so', async () => {
    leader = replica();
    await leader.registry.load(term);
    await leader.registry.applySpec({ clusterKey, uid: 'a' }, spec('a', 'm5.large'), NOW);
    await leader.registry.applySpec({ clusterKey, uid: 'b' }, spec('b', 'c5.large'), NOW);
    const [first] = await activationsOf('a');
    expect(first).toMatchObject({
      effectiveFrom: 0,
      picounitsPerHour: 107_000_000_000n,
      source: 'built-in',
      catalogueVersion: null,
    });
    expect(first?.explanation[0]).toBe('no refreshed price catalogue yet');
  });

  it('gives only the nodes whose price changed a new activation, in the future, with the version that made it', async () => {
    await publish({ 'm5.large': '0.2' });
    expect(await leader.book.refresh()).toBe(true);
    expect(await leader.registry.repriceAll(forever)).toEqual({ checked: 2, changed: 1 });
    const [before, after] = await activationsOf('a');
    expect(after).toMatchObject({
      effectiveFrom: now + DELAY_S,
      picounitsPerHour: 200_000_000_000n,
      source: 'aws-offer',
      sku: 'SKU-m5.large',
      catalogueVersion: 1,
    });
    expect(await activationsOf('b')).toHaveLength(1);
    const history = leader.registry.tryFind(clusterKey, 'a')?.prices;
    expect(history?.at(now + DELAY_S - 1, CAPACITY).activation.key).toBe(before?.key);
    expect(history?.at(now + DELAY_S, CAPACITY).activation.key).toBe(after?.key);
  });

  it('pins nothing again where nothing changed', async () => {
    expect(await leader.book.refresh()).toBe(false);
    expect(await leader.registry.repriceAll(forever)).toEqual({ checked: 2, changed: 0 });
  });

  it('prices a node again when its labels say that it is another machine', async () => {
    await publish({ 'm5.xlarge': '0.41' });
    await leader.book.refresh();
    await leader.registry.applySpec({ clusterKey, uid: 'b' }, spec('b', 'm5.xlarge'), NOW + 10);
    const activations = await activationsOf('b');
    expect(activations.at(-1)).toMatchObject({
      effectiveFrom: now + DELAY_S,
      picounitsPerHour: 410_000_000_000n,
    });
  });

  it('puts two changes of one second one after the other', async () => {
    await publish({ 'm5.large': '0.21' });
    await leader.book.refresh();
    await leader.registry.repriceAll(forever);
    await publish({ 'm5.large': '0.22' });
    await leader.book.refresh();
    await leader.registry.repriceAll(forever);
    expect((await activationsOf('a')).map(({ effectiveFrom }) => effectiveFrom)).toEqual([
      0,
      now + DELAY_S,
      now + DELAY_S + 1,
      now + DELAY_S + 2,
    ]);
  });

  it('finds a price that PostgreSQL took while its answer was lost, and pins no second one', async () => {
    const lost = { answers: 0 };
    const unlucky = replica({}, losingAnswers(db, lost));
    await unlucky.registry.load(term);
    await unlucky.registry.applySpec({ clusterKey, uid: 'u' }, spec('u', 'm5.large'), NOW);
    await publish({ 'm5.large': '0.23' });
    await unlucky.book.refresh();
    lost.answers = 1;
    await expect(unlucky.registry.repriceAll(forever)).rejects.toThrow('terminated');
    now += 30;
    await unlucky.registry.repriceAll(forever);
    const [, pinned, ...more] = await activationsOf('u');
    expect(more).toEqual([]);
    const history = unlucky.registry.tryFind(clusterKey, 'u')?.prices;
    expect(history?.at(now - 30 + DELAY_S, CAPACITY).activation.key).toBe(pinned?.key);
    await leader.book.refresh();
    await leader.registry.repriceAll(forever); // has the others at the newest price too
  });

  it('converts a price in another currency and records the rate; without a rate it falls to the next price', async () => {
    const sheet = {
      kind: 'sheet',
      name: 'rack',
      source: 'custom',
      currency: 'EUR',
      version: '1',
      nodes: [{ match: { labels: { rack: 'r1' } }, pricePerHour: '0.123456789013', basis: 'stated' }],
      units: [],
      discounts: [],
    } as const;
    await withPostgresCatalogue(db, (store) =>
      store.commit({
        parts: [
          {
            facts: {
              key: 'custom/all',
              source: 'custom',
              asOf: new Date(now * 1000).toISOString(),
              sourceVersion: '1',
              publications: {},
            },
            items: [sheet],
          },
        ],
        quarantine: [],
        createdAt: new Date(now * 1000).toISOString(),
      }),
    );
    const rated = replica({ EUR: '1.5' });
    await rated.registry.load(term);
    await rated.registry.applySpec({ clusterKey, uid: 'e' }, spec('e', 'made.up', { rack: 'r1' }), NOW);
    const [converted] = await activationsOf('e');
    expect(converted).toMatchObject({
      picounitsPerHour: 185_185_183_520n,
      currency: 'USD',
      source: 'custom',
      conversion: { from: 'EUR', to: 'USD', rate: '1.5', price: '0.123456789013' },
    });
    await leader.book.refresh();
    await leader.registry.applySpec({ clusterKey, uid: 'f' }, spec('f', 'made.up', { rack: 'r1' }), NOW);
    const [without] = await activationsOf('f');
    expect(without?.source).toBe('unit-prices');
    expect(without?.explanation.join('\n')).toContain('KUBEHERO_EXCHANGE_RATES');
  });

  it('lets a changed setting take effect by a new price in the future, and records it with that price', async () => {
    await leader.registry.applySpec({ clusterKey, uid: 's' }, spec('s', 'made.up'), NOW);
    const [byDefault] = await activationsOf('s');
    expect(byDefault?.explanation.join('\n')).toContain('unit prices of sheet built-in unit rates');
    expect(byDefault?.explanation.join('\n')).not.toContain('configured');
    expect(byDefault?.picounitsPerHour).toBe(97_118_000_000n);
    const configured = {
      unitPrices: { perCoreHour: '0.05', perGibHour: '0.01', perGpuHour: '2' },
      resourceWeights: { perCoreHour: '3', perGibHour: '1', perGpuHour: '90' },
      networkRates: { crossZone: '0', internet: '0.02' },
    };
    const restarted = replica({}, db, configured);
    await restarted.registry.load(term);
    await restarted.book.refresh();
    // A collector that connects again says what its node is
    await restarted.registry.applySpec({ clusterKey, uid: 's' }, spec('s', 'made.up'), NOW + 10);
    const [before, after, ...more] = await activationsOf('s');
    expect([before, more]).toEqual([byDefault, []]);
    expect(after).toMatchObject({
      effectiveFrom: now + DELAY_S,
      picounitsPerHour: 180_000_000_000n,
      weights: { perCoreHour: 3_000_000, perGibHour: 1_000_000, perGpuHour: 90_000_000 },
      networkRates: { crossZoneSent: 0, crossZoneReceived: 0, internetSent: 20_000_000_000 },
      source: 'unit-prices',
    });
    expect(after?.explanation.slice(-3)).toEqual([
      'unit prices (configured): 0.05 per vCPU-hour, 0.01 per GiB-hour, 2 per GPU-hour',
      'split over resources (configured): 3 a vCPU to 1 a GiB to 90 a GPU',
      'traffic per GB (configured): 0 to or from another zone, 0.02 to the internet',
    ]);
    const history = restarted.registry.tryFind(clusterKey, 's')?.prices;
    expect(history?.at(now + DELAY_S - 1, CAPACITY).rates.internetSent).toBe(90_000_000_000);
    expect(await restarted.registry.repriceAll(forever)).toMatchObject({ changed: 0 });
  });

  it('goes on under the next leader, and the one before can pin no more', async () => {
    await releaseLease(db, term);
    const next = await lease('second');
    const count = (await listActivations(db)).length;
    const second = replica();
    await second.registry.load(next);
    await second.registry.applySpec({ clusterKey, uid: 'a' }, spec('a', 'm5.large'), NOW);
    expect(await listActivations(db)).toHaveLength(count);
    now += 1000;
    await publish({ 'm5.large': '0.3' });
    await leader.book.refresh();
    await expect(leader.registry.repriceAll(forever)).rejects.toMatchObject({ code: 'NOT_LEADER' });
    expect(await listActivations(db)).toHaveLength(count);
    const watch = new PriceWatch({ ...second, logger: silentLogger, everyMs: 20 });
    await watch.lead(next);
    await waitUntil('a new activation', async () => (await listActivations(db)).length === count + 1);
    await watch.follow();
    expect((await activationsOf('a')).at(-1)).toMatchObject({
      effectiveFrom: now + DELAY_S,
      picounitsPerHour: 300_000_000_000n,
    });
  });

  it('reads what machines need of a catalogue of 120,000 rows without holding the event loop', async () => {
    await sql`insert into price_row (part_key, from_version, digest, provider, region, resource, name, os, purchase_model,
        unit, currency, price, source, source_version, sku, family)
      select (select key from price_part limit 1), 1, decode(md5(n::text), 'hex'), 'aws', 'r' || n % 30, 'instance',
        't' || n / 30 || '.large', 'linux', 'on-demand', 'hour', 'USD', 0.1 + n::numeric / 1000000, 'aws-offer', '1', 's' || n, 't'
      from generate_series(1, 120000) n`.execute(db);
    await sql`analyze price_row`.execute(db);
    const { book } = replica();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const before = process.memoryUsage().heapUsed;
    for (let type = 1; type <= 300; type += 1) {
      const kind = {
        provider: 'aws',
        region: `r${type % 30}`,
        zone: '',
        instanceType: `t${type}.large`,
      } as const;
      const { catalogue } = await book.catalogueOf(kind);
      expect(catalogue.rows('aws', kind.region, 'instance', kind.instanceType)).toHaveLength(1);
    }
    delay.disable();
    // Generous: other work of the machine counts too
    expect(delay.percentile(99) / 1e6).toBeLessThan(500);
    expect((process.memoryUsage().heapUsed - before) / 2 ** 20).toBeLessThan(64);
  });
});

/** A database that carries transactions out, and breaks off before it says so. */
function losingAnswers(db: Kysely<Database>, lost: { answers: number }): Kysely<Database> {
  return new Proxy(db, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'transaction' || lost.answers === 0)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      lost.answers -= 1;
      return () => ({
        execute: async (work: Parameters<ReturnType<Kysely<Database>['transaction']>['execute']>[0]) => {
          await target.transaction().execute(work);
          throw new Error('Connection terminated unexpectedly');
        },
      });
    },
  });
}
