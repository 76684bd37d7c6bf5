import { ControlPlane, issueClusterCertificate, standardPrices } from '@kubehero/control-plane';
import { silentLogger, type Logger } from '@kubehero/runtime';
import { connectClickHouse, type ClickHouseEngine } from '@kubehero/store-clickhouse';
import {
  addCluster,
  connectPostgres,
  migratePostgres,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './free-port.js';

/** Real stores for a suite: PostgreSQL's server, and ClickHouse's engine in a process of its own. */
export interface Stores {
  readonly folder: string;
  readonly postgres: EmbeddedPostgresServer;
  readonly db: Kysely<Database>;
  readonly clickhouseUrl: string;
  readonly clickhouse: ClickHouseEngine;
  /** Stops PostgreSQL and starts it on the same port after a while, as an upgrade would. */
  restartPostgres(awayMs?: number): Promise<void>;
  /** Kills ClickHouse in whatever it does and starts it on the same port after a while. */
  killClickHouse(awayMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts both stores in a temporary folder. */
export async function startStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-stack-'));
  const options = { directory: join(folder, 'postgres'), port: await findFreePort(), log: () => undefined };
  let postgres = await startEmbeddedPostgres(options);
  const clickhousePort = await findFreePort();
  const { child: first, url } = await startFront(join(folder, 'clickhouse'), clickhousePort);
  let child = first;
  const db = connectPostgres({ url: postgres.url, onIdleError: () => undefined });
  await migratePostgres(db);
  const clickhouse = connectClickHouse({ url });
  return {
    folder,
    postgres,
    db,
    clickhouseUrl: url,
    clickhouse,
    restartPostgres: async (awayMs = 0) => {
      await postgres.stop();
      await delay(awayMs);
      postgres = await startEmbeddedPostgres(options);
    },
    killClickHouse: async (awayMs) => {
      await stopChild(child, 'SIGKILL');
      await delay(awayMs);
      ({ child } = await startFront(join(folder, 'clickhouse'), clickhousePort));
    },
    close: async () => {
      await clickhouse.close();
      await db.destroy();
      await postgres.stop();
      await stopChild(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Serves the embedded engine from a process of its own. */
export async function startFront(directory: string, port = 0): Promise<{ child: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL('./clickhouse-front.js', import.meta.url));
  const child = spawn(process.execPath, [script, '--directory', directory, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => {
      reject(new Error(`the clickhouse front ended with ${code}`));
    });
  });
  return { child, url };
}

/** Ends a child and waits for it. */
export async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  child.kill(signal);
  await exited;
}

/** A control plane in this process with the files that a remote command reads. */
export interface Plane {
  readonly plane: ControlPlane;
  readonly token: string;
  readonly clientFile: string;
  stop(): Promise<void>;
}

/** What a suite may want otherwise. */
export interface PlaneOptions {
  /** @default test */
  readonly cluster?: string;
  readonly logger?: Logger;
  /** Another one leads. */
  readonly follows?: boolean;
  /** @default - the machine's clock */
  readonly nowS?: () => number;
  /** @default - the standard ones in USD */
  readonly prices?: ReturnType<typeof standardPrices>;
}

/** Starts a control plane over the stores, waits until it leads (unless it follows another), and registers a cluster. */
export async function startPlane(stores: Stores, options: PlaneOptions = {}): Promise<Plane> {
  const token = randomBytes(16).toString('hex');
  const plane = new ControlPlane({
    db: stores.db,
    clickhouse: stores.clickhouse,
    database: 'kubehero',
    http: { host: '127.0.0.1', port: 0 },
    grpc: { host: '127.0.0.1', port: 0 },
    serverNames: ['127.0.0.1', 'localhost'],
    advertisedAddress: '127.0.0.1',
    tokens: [token],
    sealingKey: Buffer.alloc(32, 7),
    prices: options.prices ?? standardPrices({ currency: 'USD' }),
    ...(options.nowS === undefined ? {} : { nowS: options.nowS }),
    rawRetentionDays: 30,
    maxAheadS: 10,
    minuteRetentionDays: 90,
    logger: options.logger ?? silentLogger,
  });
  await plane.start();
  while (!plane.isLeading && options.follows !== true)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const clientFile = await writeClientFiles(stores, plane, token, options.cluster ?? 'test');
  return { plane, token, clientFile, stop: () => plane.stop() };
}

async function writeClientFiles(
  stores: Stores,
  plane: ControlPlane,
  token: string,
  name: string,
): Promise<string> {
  const cluster = await addCluster(stores.db, { id: name, name, cloud: '', region: '' });
  const issued = await issueClusterCertificate({ db: stores.db, authority: plane.authority }, cluster);
  const file = (leaf: string): string => join(stores.folder, leaf);
  await writeFile(file('ca.pem'), plane.authority.caBundlePem);
  await writeFile(file('cert.pem'), issued.certificateChainPem);
  await writeFile(file('key.pem'), issued.privateKeyPem);
  const client = {
    server: plane.url,
    token,
    grpc: `127.0.0.1:${plane.grpcPort}`,
    caFile: file('ca.pem'),
    clusterCertFile: file('cert.pem'),
    clusterKeyFile: file('key.pem'),
  };
  await writeFile(file('client.json'), JSON.stringify(client));
  return file('client.json');
}
