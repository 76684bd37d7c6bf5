import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  asOnlyPriceWriter,
  connectPostgres,
  migratePostgres,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.js';
import { PriceServer } from '../../support/price-server.js';
import { AZURE_D4S, E2_RATES, M5_LARGE, offer } from '../../support/pricing/samples.js';
import { MAIN, start } from '../../support/product.js';
import { waitUntil } from '../../support/wait-until.js';

const SHEET = `
name: rack-a
version: "2026-11"
currency: USD
nodes:
  - match: { name: "rack-*" }
    pricePerHour: 0.45
`;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('kubehero pricing against PostgreSQL', () => {
  let folder = '';
  let postgres: EmbeddedPostgresServer;
  let db: Kysely<Database>;
  let env: Record<string, string> = {};
  const server = new PriceServer({
    offers: new Map([
      [
        'eu-west-1',
        new Map([
          [
            'AmazonEC2',
            {
              version: '20261101000000',
              document: offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }]),
            },
          ],
        ]),
      ],
    ]),
    spotFeed: { vers: 0.01, config: { rate: 'perhr', regions: [] } },
    azureItems: [AZURE_D4S],
    azurePageSize: 10,
    gcpSkus: new Map([['6F81-5844-456A', E2_RATES]]),
    gcpPageSize: 10,
    gcpKey: 'the-key',
    chain: 'true',
    faults: [],
  });
  const path = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-pricing-'));
    postgres = await startEmbeddedPostgres({
      directory: path('pg'),
      port: await findFreePort(),
      log: () => undefined,
    });
    db = connectPostgres({ url: postgres.url, onIdleError: () => undefined });
    await migratePostgres(db);
    await server.start();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    await writeFile(path('key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(path('pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(path('sheet.yaml'), SHEET);
    await writeFile(path('gcp-key'), 'the-key\n');
    const url = new URL(postgres.url);
    await writeFile(path('password'), decodeURIComponent(url.password));
    url.password = '';
    const { origin } = server;
    env = {
      KUBEHERO_POSTGRES_URL: url.href,
      KUBEHERO_POSTGRES_PASSWORD_FILE: path('password'),
      KUBEHERO_PRICING_SOURCES: 'aws,azure,gcp,custom',
      KUBEHERO_PRICING_AWS_REGIONS: 'eu-west-1',
      KUBEHERO_PRICING_AZURE_REGIONS: AZURE_D4S.armRegionName,
      KUBEHERO_PRICING_GCP_KEY_FILE: path('gcp-key'),
      KUBEHERO_PRICING_CUSTOM_FILE: path('sheet.yaml'),
      KUBEHERO_PRICING_AWS_URL: origin,
      KUBEHERO_PRICING_AWS_SPOT_URL: origin,
      KUBEHERO_PRICING_AZURE_URL: origin,
      KUBEHERO_PRICING_GCP_URL: origin,
    };
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await db.destroy();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function kubehero(args: readonly string[], more: Record<string, string> = {}): Promise<Ran> {
    return new Promise((resolve) => {
      const options = { env: { ...process.env, ...env, ...more }, timeout: 60_000 };
      execFile(process.execPath, [MAIN, 'pricing', ...args], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  async function lookup(...args: readonly string[]): Promise<{ price: string | null; source: string }> {
    const { stdout } = await kubehero(['lookup', ...args, '--output', 'json']);
    return JSON.parse(stdout) as { price: string | null; source: string };
  }

  it('refreshes from the services and the own sheet by its environment, and logs each step as JSON', async () => {
    const { code, stdout, stderr } = await kubehero(['refresh', '--output', 'json']);
    const outcomes = JSON.parse(stdout) as { what: string; outcome: string }[];
    expect(Object.fromEntries(outcomes.map(({ what, outcome }) => [what, outcome]))).toMatchObject({
      custom: 'refreshed',
      'aws-offer eu-west-1': 'refreshed',
      [`azure-retail ${AZURE_D4S.armRegionName}`]: 'refreshed',
      'gcp-skus': 'refreshed',
    });
    const steps = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { message: string; what?: string; done?: number; total?: number });
    expect(steps.filter(({ message }) => message === 'price list').at(-1)).toMatchObject({
      what: 'done',
    });
    // A feed without a region is no feed: its own outcome fails, and the exit code says so
    expect(code).toBe(1);
  });

  it('looks prices up in the database: a service, a node of the own sheet, and the shipped list behind them', async () => {
    expect(await lookup('--region', 'eu-west-1', '--type', 'm5.large')).toMatchObject({
      price: '0.107',
      source: 'aws-offer',
    });
    await writeFile(path('node.json'), JSON.stringify({ metadata: { name: 'rack-7' } }));
    expect(await lookup('--node', path('node.json'))).toMatchObject({ price: '0.45', source: 'custom' });
    expect(await lookup('--region', 'us-east-1', '--type', 'm5.large')).toMatchObject({
      source: 'built-in',
    });
  });

  it('exports a snapshot that an air-gapped refresh takes in whole', async () => {
    const exported = await kubehero(['export', '--to', path('snapshot.json'), '--signing-key', path('key')]);
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    const again = await kubehero(['export', '--to', path('again.json'), '--signing-key', path('key')]);
    expect(again.code).toBe(0);
    expect(await readFile(path('again.json'))).toEqual(await readFile(path('snapshot.json')));
    const airGapped = await kubehero([
      'refresh',
      ...['--catalogue', path('moved'), '--sources', 'snapshot', '--snapshot-file', path('snapshot.json')],
      ...['--verifying-key', path('pub')],
    ]);
    expect(airGapped).toMatchObject({ code: 0, stdout: 'snapshot: refreshed\n' });
    const moved = await lookup('--catalogue', path('moved'), '--region', 'eu-west-1', '--type', 'm5.large');
    expect(moved).toEqual(await lookup('--region', 'eu-west-1', '--type', 'm5.large'));
    const node = ['--node', path('node.json')];
    expect(await lookup('--catalogue', path('moved'), ...node)).toEqual(await lookup(...node));
  });

  it('is one run at a time', async () => {
    const held = await asOnlyPriceWriter(db, () => kubehero(['refresh']));
    expect(held?.value.code).toBe(1);
    expect(held?.value.stderr).toContain('another price refresh runs');
  });

  it('fetches through a proxy', async () => {
    const seen: string[] = [];
    const proxy = tunnel(seen);
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const url = `http://127.0.0.1:${String(port)}`;
    const { stdout } = await kubehero(['refresh', '--sources', 'azure'], { KUBEHERO_PRICING_PROXY: url });
    proxy.close();
    expect(stdout).toContain(`azure-retail ${AZURE_D4S.armRegionName}: refreshed`);
    expect(seen).toContain(new URL(server.origin).host);
  });

  it('serves health and the age, rows, changes and quarantined parts of prices', async () => {
    const serving = start(['pricing', 'serve', '--http', '127.0.0.1:0'], env);
    await waitUntil('a port', () => serving.output().includes('\n'));
    const { url } = JSON.parse(serving.output()) as { url: string };
    await waitUntil('ready', async () => (await fetch(`${url}/readyz`)).ok);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/kubehero_pricing_last_success_timestamp_seconds\{source="aws-offer"\} \d+/);
    expect(metrics).toContain('kubehero_pricing_rows{source="custom"} 1');
    expect(metrics).toContain('kubehero_pricing_quarantined_parts 0');
    expect(metrics).toMatch(/kubehero_pricing_changed_rows\{kind="added"\} \d+/);
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toBe(0);
  });
});

/** A proxy that tunnels by CONNECT (RFC 9110, 9.3.6) and notes where to. */
function tunnel(seen: string[]): Server {
  return createServer().on('connect', (request, socket) => {
    seen.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url ?? ''}`);
    const target = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
}
