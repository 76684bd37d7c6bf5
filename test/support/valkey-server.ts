import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable, valkeyNames } from './executables.js';
import { findFreePort } from './free-port.js';
import { waitUntil } from './wait-until.js';

/** What a test server is like. */
export interface TestValkeyOptions {
  /** Asked from clients, replicas and sentinels. */
  readonly password: string;
  /** Port of the primary that it follows. @default - it is a primary */
  readonly replicaOf?: number;
  /** @default - a free one */
  readonly port?: number;
}

/** A real Valkey or Redis server of a test, on loopback, without persistence. */
export class TestValkey {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly args: readonly string[],
  ) {}

  /** Starts a server on a free port. */
  static async start(options: TestValkeyOptions): Promise<TestValkey> {
    const port = options.port ?? (await findFreePort());
    const directory = await mkdtemp(join(tmpdir(), 'kubehero-valkey-'));
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
    args.push('--requirepass', options.password, '--masterauth', options.password);
    args.push('--repl-diskless-sync-delay', '0');
    if (options.replicaOf !== undefined) args.push('--replicaof', `127.0.0.1 ${options.replicaOf}`);
    const server = new TestValkey(port, directory, args);
    await server.launch();
    return server;
  }

  /** Starts a sentinel that watches a primary alone, so that its own vote decides after half a second. */
  static async startSentinel(name: string, primary: TestValkey, password: string): Promise<TestValkey> {
    const port = await findFreePort();
    const directory = await mkdtemp(join(tmpdir(), 'kubehero-sentinel-'));
    const file = join(directory, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `requirepass ${password}`,
      `sentinel monitor ${name} 127.0.0.1 ${primary.port} 1`,
      `sentinel auth-pass ${name} ${password}`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 3000`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const sentinel = new TestValkey(port, directory, [file, '--sentinel']);
    await sentinel.launch();
    return sentinel;
  }

  get url(): string {
    return `valkey://127.0.0.1:${this.port}`;
  }

  /** Starts it (again) on its port and waits until it accepts connections. */
  async launch(): Promise<void> {
    this.#child = spawn(findExecutable(...valkeyNames), this.args, { stdio: 'ignore' });
    await waitUntil(`port ${this.port} accepts connections`, () => accepts(this.port));
  }

  /** Kills it as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it and removes what it wrote. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
