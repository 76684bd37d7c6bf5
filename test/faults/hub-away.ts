import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { environmentNames } from '@kubehero/contract';
import { admin, createConnectClient } from '@kubehero/rpc';
import { runJson, start, type CostJson, type Started } from '../support/product.js';
import { findFreePort } from '../support/free-port.js';
import { startStores } from '../support/stack.js';

/**
 * The hub is away for 55 s (less than a collector keeps: no gap) and for 120 s (a gap that shows and is charged as
 * unobserved). `node dist/js/test/faults/hub-away.js [--short 55] [--long 120]`, with the real collector of this
 * machine at 3.6 USD an hour: a second costs 0.001 USD.
 */
const { values } = parseArgs({
  options: { short: { type: 'string', default: '55' }, long: { type: 'string', default: '120' } },
});
const STARTING_MS = 2500;
const stores = await startStores();
const token = randomBytes(16).toString('hex');
const file = (name: string): string => join(stores.folder, name);
await writeFile(file('token'), token);
await writeFile(file('ca-key'), Buffer.alloc(32, 3).toString('base64'));
await mkdir(file('collector'));
const http = await findFreePort();
const grpc = await findFreePort();
const server = `http://127.0.0.1:${http}`;

function startHub(): Started {
  const url = new URL(stores.postgres.url);
  return start(['control-plane'], {
    [environmentNames.postgresUrl]: `postgres://${url.username}@${url.host}${url.pathname}`,
    [environmentNames.postgresPasswordFile]: file('postgres/password'),
    [environmentNames.clickhouseUrl]: stores.clickhouseUrl,
    [environmentNames.apiTokenFile]: file('token'),
    [environmentNames.caKeyFile]: file('ca-key'),
    [environmentNames.httpListen]: `127.0.0.1:${http}`,
    [environmentNames.grpcListen]: `127.0.0.1:${grpc}`,
    [environmentNames.grpcServerNames]: '127.0.0.1',
  });
}

async function untilReady(): Promise<void> {
  for (;;) {
    const ready = await fetch(`${server}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await delay(200);
  }
}

async function seriesCount(): Promise<number> {
  const text = await (await fetch(`${server}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('kubehero_pod_cost_usd_per_second{')).length;
}

let hub = startHub();
await untilReady();
const added = await createConnectClient({ server, token })
  .client(admin.ClusterService)
  .AddCluster({ name: 'edge' });
await writeFile(file('edge-ca.pem'), added.caBundlePem);
await writeFile(file('edge-cert.pem'), added.certificatePem);
await writeFile(file('edge-key.pem'), added.privateKeyPem);
await writeFile(file('client.json'), JSON.stringify({ server, token }));
const collectorEnv = {
  [environmentNames.hubEndpoint]: `127.0.0.1:${grpc}`,
  [environmentNames.hubCaFile]: file('edge-ca.pem'),
  [environmentNames.clusterCertFile]: file('edge-cert.pem'),
  [environmentNames.clusterKeyFile]: file('edge-key.pem'),
  [environmentNames.dataDir]: file('collector'),
  [environmentNames.httpListen]: '127.0.0.1:0',
  [environmentNames.nodePrice]: '3.6',
};
const collector = start(['collector'], collectorEnv);
await delay(20_000);
const from = new Date(Math.floor(Date.now() / 1000 - 10) * 1000).toISOString();

async function away(seconds: number, settleMs: number): Promise<CostJson & { seriesWhileBack: number }> {
  hub.child.kill('SIGTERM');
  await hub.ended;
  // Starting takes part of the time away
  await delay(seconds * 1000 - STARTING_MS);
  hub = startHub();
  await untilReady();
  await delay(settleMs);
  const to = new Date(Math.floor(Date.now() / 1000 - 5) * 1000).toISOString();
  const cost = await runJson<CostJson>([
    'cost',
    '--client',
    file('client.json'),
    '--by',
    'cluster',
    '--from',
    from,
    '--to',
    to,
    '--output',
    'json',
  ]);
  return { ...cost, seriesWhileBack: await seriesCount() };
}

/** 3.6 USD an hour: every second costs 10^9 picodollars, and traffic comes on top. */
const SECOND = 1_000_000_000n;

function report(seconds: string, found: CostJson & { seriesWhileBack: number }): boolean {
  const { coverage, unobserved, total, rows, idle, seriesWhileBack } = found;
  const parts = [...rows, idle, unobserved].map(({ costPicodollars }) => BigInt(costPicodollars));
  const missing = coverage.expectedNodeSeconds - coverage.observedNodeSeconds;
  const exact =
    BigInt(total.costPicodollars) === parts.reduce((sum, part) => sum + part, 0n) &&
    BigInt(total.costPicodollars) >= BigInt(coverage.expectedNodeSeconds) * SECOND &&
    BigInt(unobserved.costPicodollars) === BigInt(unobserved.nodeSeconds) * SECOND &&
    Number(unobserved.nodeSeconds) === missing;
  const line = { proof: 'hub-away', seconds, ...coverage, missing, total: total.costPicodollars, exact };
  process.stdout.write(`${JSON.stringify({ ...line, seriesWhileBack })}\n`);
  return exact && seriesWhileBack > 0;
}

const short = await away(Number(values.short), 25_000);
const shortHolds = report(values.short, short) && short.unobserved.nodeSeconds === 0;
const long = await away(Number(values.long), 105_000);
const longHolds = report(values.long, long) && long.unobserved.nodeSeconds > 0;
collector.child.kill('SIGTERM');
process.stdout.write(`${JSON.stringify({ collectorExit: await collector.ended })}\n`);
await delay(6000);
const seriesWithoutCollector = await seriesCount();
process.stdout.write(`${JSON.stringify({ seriesWithoutCollector })}\n`);
process.exitCode = shortHolds && longHolds && seriesWithoutCollector === 0 ? 0 : 1;
hub.child.kill('SIGTERM');
await hub.ended;
await stores.close();
