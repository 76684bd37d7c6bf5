import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  connectPostgres,
  listPriceAcceptances,
  listPriceQuarantine,
  migratePostgres,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.js';
import { PriceServer } from '../../support/price-server.js';
import { M5_LARGE, offer } from '../../support/pricing/samples.js';
import { MAIN } from '../../support/product.js';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const C5 = { ...M5_LARGE, instanceType: 'c5.large', usagetype: 'EU-BoxUsage:c5.large' };

/** An edition of the list: prices of the two families. */
function edition(
  version: string,
  m5: string,
  c5: string,
  regionCode = 'eu-west-1',
): { version: string; document: object } {
  const publicationDate = `2026-11-${version.slice(6, 8)}T00:00:00Z`;
  const products = [
    { sku: 'M5', attributes: { ...M5_LARGE, regionCode }, price: m5 },
    { sku: 'C5', attributes: { ...C5, regionCode }, price: c5 },
  ];
  return { version, document: offer(products, { version, publicationDate }) };
}

describe('what the gate holds back in PostgreSQL, and a person lets through', () => {
  let folder = '';
  let postgres: EmbeddedPostgresServer;
  let db: Kysely<Database>;
  let url = '';
  const ec2 = new Map([['AmazonEC2', edition('20261101000000', '0.107', '0.096')]]);
  const other = new Map([['AmazonEC2', edition('20261101000000', '0.096', '0.085', 'us-east-1')]]);
  const server = new PriceServer({
    offers: new Map([
      ['eu-west-1', ec2],
      ['us-east-1', other],
    ]),
    spotFeed: { vers: 0.01, config: { rate: 'perhr', regions: [] } },
    azureItems: [],
    azurePageSize: 10,
    gcpSkus: new Map(),
    gcpPageSize: 10,
    gcpKey: 'the-key',
    chain: 'true',
    faults: [],
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-accept-'));
    const directory = join(folder, 'pg');
    postgres = await startEmbeddedPostgres({ directory, port: await findFreePort(), log: () => undefined });
    db = connectPostgres({ url: postgres.url, onIdleError: () => undefined });
    await migratePostgres(db);
    const address = new URL(postgres.url);
    await writeFile(join(folder, 'password'), decodeURIComponent(address.password));
    address.password = '';
    url = address.href;
    await server.start();
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await db.destroy();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function kubehero(...args: readonly string[]): Promise<Ran> {
    const env = {
      ...process.env,
      KUBEHERO_POSTGRES_URL: url,
      KUBEHERO_POSTGRES_PASSWORD_FILE: join(folder, 'password'),
      KUBEHERO_PRICING_SOURCES: 'aws',
      KUBEHERO_PRICING_AWS_REGIONS: 'eu-west-1,us-east-1',
      KUBEHERO_PRICING_AWS_URL: server.origin,
      KUBEHERO_PRICING_AWS_SPOT_URL: server.origin,
    };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [MAIN, 'pricing', ...args],
        { env, timeout: 60_000 },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        },
      );
    });
  }

  async function price(type: string): Promise<string | null> {
    const { stdout } = await kubehero('lookup', '--region', 'eu-west-1', '--type', type, '--output', 'json');
    return (JSON.parse(stdout) as { price: string | null }).price;
  }

  const held = async (): Promise<readonly string[]> =>
    (await listPriceQuarantine(db)).map(({ region, family }) => `${region}/${family}`);

  it('stays out while nobody names it, goes live when somebody does, and who did is kept', async () => {
    await kubehero('refresh');
    expect(await price('m5.large')).toBe('0.107');

    ec2.set('AmazonEC2', edition('20261110000000', '1.07', '0.095'));
    other.set('AmazonEC2', edition('20261110000000', '0.96', '0.085', 'us-east-1'));
    const suspicious = await kubehero('refresh');
    expect(suspicious.stderr).toContain("--accept 'eu-west-1/m5'");
    // A region that is refreshed after another does not forget what the other's list is held back for
    expect(await held()).toEqual(['eu-west-1/m5', 'us-east-1/m5']);
    expect([await price('m5.large'), await price('c5.large')]).toEqual(['0.107', '0.095']);

    await kubehero('refresh', '--accept', 'eu-west-1/c5', '--accepted-by', 'Grace Hopper');
    expect(await held()).toEqual(['eu-west-1/m5', 'us-east-1/m5']);
    expect(await price('m5.large')).toBe('0.107');
    expect(await listPriceAcceptances(db, 10)).toEqual([]);

    const accepted = await kubehero('refresh', '--accept', 'eu-west-1/m5', '--accepted-by', 'Ada Lovelace');
    expect(accepted.stderr).toContain('goes live by Ada Lovelace');
    expect(await held()).toEqual(['us-east-1/m5']);
    expect(await price('m5.large')).toBe('1.07');
    expect(await listPriceAcceptances(db, 10)).toMatchObject([
      {
        source: 'aws-offer',
        region: 'eu-west-1',
        family: 'm5',
        purchaseModel: 'on-demand',
        reasons: [expect.stringContaining('median price × 10'), expect.anything(), expect.anything()],
        acceptedBy: 'Ada Lovelace',
      },
    ]);

    ec2.set('AmazonEC2', edition('20261112000000', '1.08', '0.095'));
    await kubehero('refresh');
    expect(await price('m5.large')).toBe('1.08');
    expect(await listPriceAcceptances(db, 10)).toHaveLength(1);
  }, 60_000);
});
