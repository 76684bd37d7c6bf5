import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  connectPostgres,
  migratePostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgresServer,
} from '@kubehero/store-postgres';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ec2Server, type Ec2SpotPrice } from '../../support/ec2-server.js';
import { findFreePort } from '../../support/free-port.js';
import { PriceServer } from '../../support/price-server.js';
import { AZURE_D4S, E2_RATES, M5_LARGE, offer, SAVINGS_PLAN } from '../../support/pricing/samples.js';
import { MAIN } from '../../support/product.js';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Outcome {
  readonly what: string;
  readonly outcome: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const VERSION = '20261101000000';
const DOCUMENT = offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }]);
const spot = (zone: string, product: string, price: string): Ec2SpotPrice => ({
  zone,
  product,
  price,
  instanceType: 'm5.large',
  timestamp: '2026-11-20T00:00:00Z',
});

describe('kubehero pricing refresh with credentials, into PostgreSQL', () => {
  let folder = '';
  let postgres: EmbeddedPostgresServer;
  let env: Record<string, string> = {};
  const path = (name: string): string => join(folder, name);
  const server = new PriceServer({
    offers: new Map([['eu-west-1', new Map([['AmazonEC2', { version: VERSION, document: DOCUMENT }]])]]),
    savingsPlans: new Map([['eu-west-1', { version: VERSION, document: SAVINGS_PLAN }]]),
    spotFeed: {},
    azureItems: [
      AZURE_D4S,
      {
        ...AZURE_D4S,
        type: 'Reservation',
        reservationTerm: '1 Year',
        retailPrice: 1188,
        unitPrice: 1188,
        meterId: 'r1',
      },
    ],
    azurePageSize: 10,
    gcpSkus: new Map([['6F81-5844-456A', E2_RATES]]),
    gcpPageSize: 10,
    gcpKey: 'unused',
    gcpToken: 'the-token',
    gcpMachineTypes: new Map([
      ['us-central1-a', [{ name: 'e2-standard-4', guestCpus: 4, memoryMb: 16_384 }]],
      // A shape that the built-in table does not hold
      ['us-central1-b', [{ name: 'e2-standard-5', guestCpus: 5, memoryMb: 20_480 }]],
    ]),
    chain: 'true',
    faults: [],
  });
  const ec2 = new Ec2Server({
    prices: [
      spot('eu-west-1a', 'Linux/UNIX', '0.041'),
      spot('eu-west-1b', 'Linux/UNIX', '0.042'),
      spot('eu-west-1a', 'Windows', '0.131'),
      spot('eu-west-1a', 'Red Hat Enterprise Linux', '0.077'),
    ],
    accessKey: 'AKIATEST',
    pageSize: 2,
    throttled: 0,
    endless: false,
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-credentials-'));
    postgres = await startEmbeddedPostgres({
      directory: path('pg'),
      port: await findFreePort(),
      log: () => undefined,
    });
    const db = connectPostgres({ url: postgres.url, onIdleError: () => undefined });
    await migratePostgres(db);
    await db.destroy();
    await server.start();
    await ec2.start();
    await writeFile(path('aws'), '[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = secret\n');
    await writeFile(
      path('wrong'),
      '[default]\naws_access_key_id = AKIAWRONG\naws_secret_access_key = secret\n',
    );
    const pem = { type: 'pkcs8', format: 'pem' } as const;
    const account = {
      client_email: 'prices@project.iam.example.com',
      private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem),
      token_uri: `${server.origin}/token`,
      project_id: 'project',
    };
    await writeFile(path('account.json'), JSON.stringify(account));
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    await writeFile(path('key'), privateKey.export(pem));
    await writeFile(path('pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    const url = new URL(postgres.url);
    await writeFile(path('password'), decodeURIComponent(url.password));
    url.password = '';
    const { origin } = server;
    env = {
      KUBEHERO_POSTGRES_URL: url.href,
      KUBEHERO_POSTGRES_PASSWORD_FILE: path('password'),
      KUBEHERO_PRICING_AWS_REGIONS: 'eu-west-1',
      KUBEHERO_PRICING_AZURE_REGIONS: AZURE_D4S.armRegionName,
      KUBEHERO_PRICING_AWS_URL: origin,
      KUBEHERO_PRICING_AWS_SPOT_URL: origin,
      KUBEHERO_PRICING_AWS_EC2_URL: ec2.origin,
      KUBEHERO_PRICING_AWS_CREDENTIALS_FILE: path('aws'),
      KUBEHERO_PRICING_AZURE_URL: origin,
      KUBEHERO_PRICING_GCP_URL: origin,
      KUBEHERO_PRICING_GCP_COMPUTE_URL: origin,
      KUBEHERO_PRICING_GCP_ACCOUNT_FILE: path('account.json'),
    };
  }, 60_000);
  afterAll(async () => {
    await ec2.stop();
    await server.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    ec2.requests.length = 0;
    ec2.world.endless = false;
  });

  function kubehero(args: readonly string[], more: Record<string, string> = {}): Promise<Ran> {
    return new Promise((resolve) => {
      const options = { env: { ...process.env, ...env, ...more }, timeout: 100_000 };
      execFile(process.execPath, [MAIN, 'pricing', ...args], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  async function refresh(
    sources: string,
    more: Record<string, string> = {},
  ): Promise<Record<string, Outcome>> {
    const { stdout } = await kubehero(['refresh', '--sources', sources, '--output', 'json'], more);
    const outcomes = JSON.parse(stdout) as Outcome[];
    return Object.fromEntries(outcomes.map((outcome) => [outcome.what, outcome]));
  }

  async function lookup(...args: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await kubehero(['lookup', ...args, '--output', 'json']);
    return JSON.parse(stdout) as Record<string, unknown>;
  }
  const M5 = ['--region', 'eu-west-1', '--type', 'm5.large'];

  it('spot prices by zone and system come from the EC2 API, over pages and throttling', async () => {
    ec2.world.throttled = 2;
    const outcomes = await refresh('aws');
    expect(outcomes['aws-spot-history eu-west-1']).toMatchObject({ outcome: 'refreshed' });
    expect(ec2.requests).toHaveLength(4);
    expect(ec2.requests.map((form) => form.get('NextToken'))).toEqual([null, null, null, '2']);
    const asked = ec2.requests[0];
    expect(asked?.get('StartTime')).toBe(asked?.get('EndTime'));
    const zone = (name: string): string[] => [...M5, '--spot', '--zone', name];
    expect(await lookup(...zone('eu-west-1a'))).toMatchObject({ price: '0.041', source: 'aws-spot-history' });
    expect(await lookup(...zone('eu-west-1b'))).toMatchObject({ price: '0.042' });
    expect(await lookup(...zone('eu-west-1a'), '--os', 'windows')).toMatchObject({ price: '0.131' });
    expect(await lookup(...zone('eu-west-1a'), '--os', 'rhel')).toMatchObject({ price: '0.077' });
  }, 100_000);

  it('savings plans are joined to the offer, shown by lookup and not used', async () => {
    const found = await lookup(...M5);
    expect(found).toMatchObject({ price: '0.107', source: 'aws-offer' });
    expect(found['commitments']).toMatchObject([
      { name: 'savings-plan/3yr/all-upfront/ec2-instance', price: '0.0428', source: 'aws-savings-plan' },
      { name: 'savings-plan/1yr/no-upfront/compute', price: '0.0795' },
    ]);
    const { stdout } = await kubehero(['lookup', ...M5]);
    expect(stdout).toContain('not used: 0.0428 USD per hour as savings-plan/3yr/all-upfront/ec2-instance');
  }, 60_000);

  it('refused credentials and an endless answer leave the last good prices', async () => {
    const refused = await refresh('aws', { KUBEHERO_PRICING_AWS_CREDENTIALS_FILE: path('wrong') });
    expect(refused['aws-spot-history eu-west-1']?.error).toMatchObject({ code: 'FETCH' });
    expect(refused['aws-spot-history eu-west-1']?.error?.message).toContain('AuthFailure');
    ec2.world.endless = true;
    const endless = await refresh('aws');
    expect(endless['aws-spot-history eu-west-1']?.error?.message).toContain('leads back');
    const found = await lookup(...M5, '--spot', '--zone', 'eu-west-1a');
    expect(found).toMatchObject({ price: '0.041' });
  }, 100_000);

  it('nobody is asked for spot prices by zone where the feed alone is wanted', async () => {
    expect(Object.keys(await refresh('aws', { KUBEHERO_PRICING_AWS_SPOT: 'feed' }))).not.toContain(
      'aws-spot-history eu-west-1',
    );
    expect(ec2.requests).toHaveLength(0);
  }, 60_000);

  it("Google's machine types price a shape that no table holds; prices come by the account's token", async () => {
    const outcomes = await refresh('gcp');
    expect(outcomes['gcp-machine-types']).toMatchObject({ outcome: 'refreshed' });
    expect(outcomes['gcp-skus']).toMatchObject({ outcome: 'refreshed' });
    const type = ['--provider', 'gcp', '--region', 'us-central1', '--type', 'e2-standard-5'];
    const found = await lookup(...type);
    // 5 × 0.02181159 + 20 × 0.00292353
    expect(found).toMatchObject({ price: '0.16752855' });
    expect(found['explanation']).toContain('shape from machine type list');
  }, 60_000);

  it('Azure reservations arrive beside the prices', async () => {
    await refresh('azure');
    const type = ['--provider', 'azure', '--region', AZURE_D4S.armRegionName, '--type', 'Standard_D4s_v5'];
    expect(await lookup(...type)).toMatchObject({
      price: '0.23',
      commitments: [{ name: 'reserved/1yr', price: '0.135616438356', upfront: '1188' }],
    });
  }, 60_000);

  it('the refreshed database is exported signed and imported equal, commitments and all', async () => {
    const key = ['--signing-key', path('key')];
    expect(await kubehero(['export', '--to', path('a.json'), ...key])).toMatchObject({ code: 0 });
    const moved = ['--catalogue', path('moved')];
    const pinned = ['--verifying-key', path('pub')];
    const taken = await kubehero(['import', '--from', path('a.json'), ...moved, ...pinned]);
    expect(taken.code).toBe(0);
    expect(await lookup(...moved, ...M5)).toEqual(await lookup(...M5));
    expect((await kubehero(['export', ...moved, '--to', path('b.json'), ...key])).code).toBe(0);
    expect(await readFile(path('b.json'), 'utf8')).toBe(await readFile(path('a.json'), 'utf8'));
    const changed = (await readFile(path('a.json'), 'utf8')).replace('0.107', '0.108');
    await writeFile(path('c.json'), changed);
    const refused = await kubehero(['import', '--from', path('c.json'), ...moved, ...pinned]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('signature');
  }, 100_000);
});
