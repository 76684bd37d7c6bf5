import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { repository } from '../manifests/examples.js';
import {
  auditPolicy,
  type AuditEvent,
  controllerManager,
  findStages,
  kubelets,
  kwokNode,
  readAuditLog,
  scheduler,
} from './workers.js';

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** `Warning` headers, their text alone. */
  readonly warnings: readonly string[];
}

/** A call of the API server. */
export interface ApiCall {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  /** @default the administrator's */
  readonly token?: string;
  readonly contentType?: string;
}

/** Settings of {@link Cluster.start}. */
export interface ClusterOptions {
  /** Folder with the binaries; see `findBinaries`. */
  readonly binaries: string;
  /** Further flags of the API server. */
  readonly apiServerFlags?: readonly string[];
  /** Runs the controllers too. @default false */
  readonly controllers?: boolean;
  /** Nodes whose kubelets are simulated; any runs controllers, scheduler and kwok too. @default 0 */
  readonly kwokNodes?: number;
  /** Keeps the API server's own record of every write; see {@link Cluster.writes}. @default false */
  readonly auditLog?: boolean;
}

const deadlineMs = 60_000;

/** A real etcd and kube-apiserver on free ports of the loopback address, with everything in a folder of its own. */
export class Cluster {
  readonly #processes: ChildProcess[] = [];
  /** Token of a member of `system:masters`. */
  readonly adminToken = randomBytes(16).toString('hex');

  private constructor(
    /** Folder of keys, logs and data. */
    readonly dir: string,
    private readonly port: number,
  ) {}

  /** Base URL of the API server. */
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Certificate of the API server, PEM. */
  get ca(): string {
    return readFileSync(join(this.dir, 'certs/apiserver.crt'), 'utf8');
  }

  /**
   * Starts a control plane and waits until it is ready.
   * @throws Error with the end of the log when it is not ready in time
   */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const dir = mkdtempSync(join(tmpdir(), 'kubehero-cluster-'));
    const [etcdClient, etcdPeer, apiPort] = await freePorts(3);
    const cluster = new Cluster(dir, apiPort as number);
    try {
      cluster.#spawn(options.binaries, 'etcd', [
        '--data-dir',
        join(dir, 'etcd'),
        '--unsafe-no-fsync',
        '--log-level',
        'warn',
        '--listen-client-urls',
        `http://127.0.0.1:${etcdClient}`,
        '--advertise-client-urls',
        `http://127.0.0.1:${etcdClient}`,
        '--listen-peer-urls',
        `http://127.0.0.1:${etcdPeer}`,
        '--initial-advertise-peer-urls',
        `http://127.0.0.1:${etcdPeer}`,
        '--initial-cluster',
        `default=http://127.0.0.1:${etcdPeer}`,
      ]);
      cluster.#writeKeys();
      cluster.#spawn(
        options.binaries,
        'kube-apiserver',
        cluster.#apiServerFlags(etcdClient as number, options),
      );
      await cluster.#ready();
      await cluster.#startWorkers(options);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Whatever was written so far, as the API server saw it. Needs `auditLog`. */
  writes(): AuditEvent[] {
    return readAuditLog(this.dir);
  }

  async #startWorkers({ binaries, controllers, kwokNodes = 0 }: ClusterOptions): Promise<void> {
    if (!controllers && kwokNodes === 0) return;
    const kubeconfig = this.writeKubeconfig('admin.kubeconfig', this.adminToken);
    const workers = [controllerManager(this.dir, kubeconfig)];
    if (kwokNodes > 0) {
      workers.push(scheduler(kubeconfig), kubelets(this.dir, kubeconfig, findStages(repository, binaries)));
    }
    for (const { binary, args } of workers) this.#spawn(binaries, binary, args);
    for (let index = 0; index < kwokNodes; index += 1) {
      await this.call({ method: 'POST', path: '/api/v1/nodes', body: kwokNode(index) });
    }
    await this.#settled(kwokNodes);
  }

  /** Pods can be made: accounts are there, and every node is ready. */
  async #settled(nodes: number): Promise<void> {
    for (const until = Date.now() + deadlineMs; Date.now() < until; await sleep(100)) {
      const account = await this.call({ path: '/api/v1/namespaces/default/serviceaccounts/default' });
      const { items = [] } = (await this.call({ path: '/api/v1/nodes' })).body as {
        items?: { status?: { conditions?: { type: string; status: string }[] } }[];
      };
      const ready = items.filter(({ status }) =>
        status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
      );
      if (account.status === 200 && ready.length === nodes) return;
    }
    throw new Error(`not ${nodes} nodes are ready after ${deadlineMs} ms`);
  }

  #writeKeys(): void {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(join(this.dir, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), {
      mode: 0o600,
    });
    writeFileSync(join(this.dir, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(join(this.dir, 'tokens.csv'), `${this.adminToken},admin,admin,system:masters\n`, {
      mode: 0o600,
    });
  }

  #apiServerFlags(etcdPort: number, options: ClusterOptions): string[] {
    const at = (file: string): string => join(this.dir, file);
    return [
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      `--secure-port=${this.port}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--cert-dir=${at('certs')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${at('sa.key')}`,
      `--service-account-key-file=${at('sa.pub')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--authorization-mode=RBAC',
      `--token-auth-file=${at('tokens.csv')}`,
      '--allow-privileged=true',
      '--endpoint-reconciler-type=none',
      ...(options.auditLog ? this.#auditFlags() : []),
      ...(options.apiServerFlags ?? []),
    ];
  }

  #auditFlags(): string[] {
    const path = join(this.dir, 'audit-policy.yaml');
    writeFileSync(path, auditPolicy);
    return [`--audit-policy-file=${path}`, `--audit-log-path=${join(this.dir, 'audit.log')}`];
  }

  #spawn(binaries: string, name: string, args: readonly string[]): void {
    const child = spawn(join(binaries, name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(join(this.dir, `${name}.log`));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#processes.push(child);
  }

  async #ready(): Promise<void> {
    const until = Date.now() + deadlineMs;
    for (;;) {
      try {
        const answer = await this.call({ path: '/readyz' });
        if (answer.status === 200) return;
      } catch {
        // Not listening yet: asked again until the deadline, which names the log.
      }
      if (Date.now() > until || this.#processes.some((child) => child.exitCode !== null)) {
        const log = readFileSync(join(this.dir, 'kube-apiserver.log'), 'utf8').slice(-2000);
        throw new Error(`the API server is not ready: ${log}`);
      }
      await sleep(100);
    }
  }

  /** Writes a kubeconfig for a token and returns its path. */
  writeKubeconfig(name: string, token: string): string {
    const path = join(this.dir, name);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: this.url, 'certificate-authority': join(this.dir, 'certs/apiserver.crt') },
        },
      ],
      users: [{ name: 'user', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
      'current-context': 'test',
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  /** Calls the API server once; an answer of any status is an answer. */
  call(call: ApiCall): Promise<ApiAnswer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.url}${call.path}`,
        {
          method: call.method ?? 'GET',
          // The server made its certificate for itself when it started, on this machine's loopback address.
          rejectUnauthorized: false,
          timeout: 30_000,
          headers: {
            authorization: `Bearer ${call.token ?? this.adminToken}`,
            accept: 'application/json',
            ...(body
              ? {
                  'content-type': call.contentType ?? 'application/json',
                  'content-length': Buffer.byteLength(body),
                }
              : {}),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve(
              toAnswer(
                answer.statusCode ?? 0,
                answer.headers.warning,
                Buffer.concat(chunks).toString('utf8'),
              ),
            ),
          );
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${call.path} in 30 s`)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** Ends every process and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(end));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function toAnswer(status: number, warning: string | string[] | undefined, text: string): ApiAnswer {
  const lines = warning === undefined ? [] : Array.isArray(warning) ? warning : warning.split(/,(?=\s*299 )/);
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    body = { text };
  }
  return {
    status,
    body,
    warnings: lines.map((line) => /299 \S+ "((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}

/** Ports that are free now, all held at once so that none is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
