import { budgetPolicyCrd, environmentNames } from '@kubehero/contract';
import { admin, createConnectClient } from '@kubehero/rpc';
import { releaseLease, tryFindLeader } from '@kubehero/store-postgres';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster/cluster.js';
import { FaultProxy } from './cluster/fault-proxy.js';
import { established } from './cluster/installation.js';
import { operatorToken } from './enforcement/operator-account.js';
import { findFreePort } from './free-port.js';
import { start, type Started } from './product.js';
import { startStores, type Stores } from './stack.js';
import { waitUntil } from './wait-until.js';

/** A program of the stack that may be killed. */
export type Victim = 'controlPlane' | 'operator';

const cluster = 'east';
const nodePrice = '360';
const readyMs = 60_000;

/**
 * What budgets run on in production, as separate programs: PostgreSQL and ClickHouse, the control plane, the operator
 * with its own rights on a real cluster, and telemetry of what that cluster runs.
 */
export class BudgetStack {
  readonly #programs = new Map<Victim | 'telemetry', Started>();
  readonly #expectedEnds = new Set<Started>();
  /** Programs that ended though nobody killed them. */
  readonly faults: string[] = [];

  private constructor(
    readonly stores: Stores,
    /** The operator's way to the API server. */
    readonly proxy: FaultProxy,
    private readonly kubeconfigs: { readonly operator: string; readonly admin: string },
    private readonly ports: { readonly http: number; readonly grpc: number },
  ) {}

  /** Starts everything on a cluster that runs; resolves when the control plane leads. */
  static async start(on: Cluster): Promise<BudgetStack> {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const made = await on.call({ method: 'POST', path, body: budgetPolicyCrd });
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    await established(on);
    const stores = await startStores();
    const proxy = await FaultProxy.start(on.url, on.ca);
    const operator = join(stores.folder, 'operator.kubeconfig');
    await writeFile(operator, kubeconfigOf(proxy.url, await operatorToken(on)), { mode: 0o600 });
    const kubeconfigs = { operator, admin: on.writeKubeconfig('telemetry.kubeconfig', on.adminToken) };
    const ports = { http: await findFreePort(), grpc: await findFreePort() };
    const stack = new BudgetStack(stores, proxy, kubeconfigs, ports);
    await stack.#begin();
    return stack;
  }

  /** Folder of the operator's chain. */
  get operatorData(): string {
    return this.#file('operator');
  }

  /** What both programs said last, for a failure's message. */
  get logs(): string {
    return [...this.#programs]
      .map(([name, program]) => `${name}: ${program.errors().slice(-1500)}`)
      .join('\n');
  }

  /** Kills a program (SIGKILL) and waits until it is gone. */
  async kill(name: Victim | 'telemetry'): Promise<void> {
    const program = this.#programs.get(name);
    if (program === undefined) return;
    this.#programs.delete(name);
    this.#expectedEnds.add(program);
    program.child.kill('SIGKILL');
    await program.ended;
    // Nobody but the dead process holds the lease; what is left of its nine seconds is only waiting.
    const term = name === 'controlPlane' ? await tryFindLeader(this.stores.db) : undefined;
    if (term !== undefined) await releaseLease(this.stores.db, term);
  }

  /** Starts what does not run; returns at once. */
  revive(): void {
    if (!this.#programs.has('controlPlane')) this.#run('controlPlane', this.#startControlPlane());
    if (!this.#programs.has('operator')) this.#run('operator', this.#startOperator());
    if (!this.#programs.has('telemetry')) this.#run('telemetry', this.#startTelemetry());
  }

  async stop(): Promise<void> {
    for (const name of [...this.#programs.keys()]) await this.kill(name);
    await this.proxy.stop();
    await this.stores.close();
  }

  async #begin(): Promise<void> {
    const token = randomBytes(16).toString('hex');
    await writeFile(this.#file('token'), token);
    await writeFile(this.#file('ca-key'), randomBytes(32).toString('base64'));
    await mkdir(this.operatorData);
    this.#run('controlPlane', this.#startControlPlane());
    const server = `http://127.0.0.1:${this.ports.http}`;
    await waitUntil('the control plane is ready', () => isReady(server), readyMs);
    const issued = await createConnectClient({ server, token })
      .client(admin.ClusterService)
      .AddCluster({ name: cluster });
    const files = { caFile: 'ca.pem', clusterCertFile: 'cert.pem', clusterKeyFile: 'key.pem' };
    await writeFile(this.#file(files.caFile), issued.caBundlePem);
    await writeFile(this.#file(files.clusterCertFile), issued.certificatePem);
    await writeFile(this.#file(files.clusterKeyFile), issued.privateKeyPem);
    const paths = Object.fromEntries(Object.entries(files).map(([key, name]) => [key, this.#file(name)]));
    const client = { server, token, cluster, grpc: `127.0.0.1:${this.ports.grpc}`, ...paths };
    await writeFile(this.#file('client.json'), JSON.stringify(client), { mode: 0o600 });
    this.revive();
  }

  #run(name: Victim | 'telemetry', program: Started): void {
    this.#programs.set(name, program);
    void program.ended.then((code) => {
      if (this.#expectedEnds.delete(program)) return;
      this.faults.push(`${name} ended by itself with ${code}: ${program.errors().slice(-2000)}`);
    });
  }

  #startControlPlane(): Started {
    const url = new URL(this.stores.postgres.url);
    return start(['control-plane'], {
      [environmentNames.postgresUrl]: `postgres://${url.username}@${url.host}${url.pathname}`,
      [environmentNames.postgresPasswordFile]: this.#file('postgres/password'),
      [environmentNames.clickhouseUrl]: this.stores.clickhouseUrl,
      [environmentNames.apiTokenFile]: this.#file('token'),
      [environmentNames.caKeyFile]: this.#file('ca-key'),
      [environmentNames.httpListen]: `127.0.0.1:${this.ports.http}`,
      [environmentNames.grpcListen]: `127.0.0.1:${this.ports.grpc}`,
      [environmentNames.grpcServerNames]: '127.0.0.1',
    });
  }

  #startOperator(): Started {
    return start(['operator', '--kubeconfig', this.kubeconfigs.operator, '--cluster', cluster], {
      [environmentNames.hubEndpoint]: `127.0.0.1:${this.ports.grpc}`,
      [environmentNames.hubCaFile]: this.#file('ca.pem'),
      [environmentNames.clusterCertFile]: this.#file('cert.pem'),
      [environmentNames.clusterKeyFile]: this.#file('key.pem'),
      [environmentNames.httpListen]: '127.0.0.1:0',
      [environmentNames.podNamespace]: 'kubehero-system',
      [environmentNames.podName]: 'operator-0',
      [environmentNames.operatorLeaderElection]: 'off',
      [environmentNames.dataDir]: this.operatorData,
    });
  }

  #startTelemetry(): Started {
    return start([
      'simulate',
      ...['--client', this.#file('client.json'), '--kubeconfig', this.kubeconfigs.admin],
      ...['--seconds', '86400', '--node-price', nodePrice, '--give-up-after', '3600'],
    ]);
  }

  #file(name: string): string {
    return join(this.stores.folder, name);
  }
}

async function isReady(server: string): Promise<boolean> {
  await delay(100);
  return fetch(`${server}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
}

function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'operator' } }],
    'current-context': 'proxy',
  });
}
