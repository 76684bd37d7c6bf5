import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { environmentNames } from '@kubehero/contract';
import { createConnectClient, admin } from '@kubehero/rpc';
import { tryFindClusterByName, tryFindLeader, type LeaseTerm } from '@kubehero/store-postgres';
import { randomBySeed } from './crash-proof.js';
import { LeaderProxy } from '../support/leader-proxy.js';
import { sumTable, waitForRollups } from '../support/ledger.js';
import { start, type Started } from '../support/product.js';
import { findFreePort } from '../support/free-port.js';
import { startStores, type Stores } from '../support/stack.js';

/** What is done to the leader, or to its stores. */
export type Fault = 'kill' | 'stop' | 'postgres' | 'clickhouse';

/** How hard the proof is. */
export interface FailoverOptions {
  readonly rounds: Readonly<Record<Fault, number>>;
  /** How long a stopped leader sleeps. */
  readonly stopMs: number;
  readonly nodes: number;
  readonly podsPerNode: number;
  readonly seconds: number;
}

/** One fault and what came of it. */
export interface Round {
  readonly fault: Fault;
  readonly takeoverMs: number;
  readonly equal: boolean;
  readonly emitted: string;
  readonly stored: string;
}

interface Replica {
  readonly address: string;
  readonly http: number;
  readonly grpc: number;
  process: Started;
}

/** Longer than what a write waits for before it is given up and begun anew. */
const MAX_AWAY_MS = 4000;
const random = randomBySeed(1);

/** How a replica stands: its exit, if any, and the last it said. */
function describeReplica({ address, process: { child, ...started } }: Replica): string {
  const state = child.exitCode ?? child.signalCode ?? 'running';
  return `${address} ${state}: ${started.errors().trimEnd().split('\n').slice(-3).join(' | ')}`;
}

/** Two control planes over one PostgreSQL and one ClickHouse, and a Service that points to the leader. */
class Pair {
  readonly replicas: Replica[] = [];
  readonly token = randomBytes(16).toString('hex');

  constructor(readonly stores: Stores) {}

  async start(): Promise<void> {
    await writeFile(join(this.stores.folder, 'token'), this.token);
    await writeFile(join(this.stores.folder, 'ca-key'), Buffer.alloc(32, 5).toString('base64'));
    for (let i = 0; i < 2; i += 1) {
      const http = await findFreePort();
      const replica = { address: `127.0.0.1:${http}`, http, grpc: await findFreePort() };
      this.replicas.push({ ...replica, process: this.launch(replica) });
    }
  }

  launch({ http, grpc }: Omit<Replica, 'process'>): Started {
    const url = new URL(this.stores.postgres.url);
    const file = (name: string): string => join(this.stores.folder, name);
    return start(['control-plane'], {
      [environmentNames.postgresUrl]: `postgres://${url.username}@${url.host}${url.pathname}`,
      [environmentNames.postgresPasswordFile]: file('postgres/password'),
      [environmentNames.clickhouseUrl]: this.stores.clickhouseUrl,
      [environmentNames.apiTokenFile]: file('token'),
      [environmentNames.caKeyFile]: file('ca-key'),
      [environmentNames.httpListen]: `127.0.0.1:${http}`,
      [environmentNames.grpcListen]: `127.0.0.1:${grpc}`,
      [environmentNames.grpcServerNames]: '127.0.0.1,localhost',
    });
  }

  /** Waits for a leader of another term. @returns it and how long that took */
  async leader(after: number): Promise<{ term: LeaseTerm; ms: number }> {
    const started = performance.now();
    for (;;) {
      const term = await tryFindLeader(this.stores.db).catch(() => undefined); // postgresql may be restarting
      if (term !== undefined && term.epoch > after)
        return { term, ms: Math.round(performance.now() - started) };
      if (performance.now() - started > 60_000)
        throw new Error(`nobody leads after 60 s: ${this.replicas.map(describeReplica).join('; ')}`);
      await delay(50);
    }
  }

  /** @throws Error where a replica ended that nobody killed */
  checkAlive(): void {
    for (const { address, process: started } of this.replicas) {
      if (started.child.exitCode === null && started.child.signalCode === null) continue;
      throw new Error(
        `control plane ${address} ended with ${started.child.exitCode}: ${started.errors().slice(-3000)}`,
      );
    }
  }

  replicaOf(term: LeaseTerm): Replica {
    const replica = this.replicas.find(({ address }) => address === term.address);
    if (replica === undefined) throw new Error(`the leader ${term.address} is none of ours`);
    return replica;
  }

  async stop(): Promise<void> {
    for (const {
      process: { child, ended },
    } of this.replicas) {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const isOver = await Promise.race([ended.then(() => true), delay(20_000, false, { ref: false })]);
      if (!isOver) child.kill('SIGKILL');
    }
  }
}

/** Runs the rounds; each has a cluster of its own, whose stored cost must equal what was emitted. */
export async function proveFailover(
  options: FailoverOptions,
  tell: (line: string) => void,
): Promise<readonly Round[]> {
  const stores = await startStores();
  const pair = new Pair(stores);
  await pair.start();
  const { term } = await pair.leader(0);
  const proxy = new LeaderProxy(
    stores.db,
    new Map(pair.replicas.map(({ address, grpc }) => [address, grpc])),
  );
  const grpc = await proxy.start();
  await delay(1500);
  const rounds: Round[] = [];
  let epoch = term.epoch;
  try {
    for (const fault of ['kill', 'postgres', 'clickhouse', 'stop'] as const) {
      for (let i = 0; i < options.rounds[fault]; i += 1) {
        const round = await playRound({ pair, proxy, grpc, options, fault, epoch, name: `${fault}-${i}` });
        rounds.push(round.round);
        epoch = round.epoch;
        tell(JSON.stringify(round.round));
      }
    }
  } finally {
    await proxy.stop();
    await pair.stop();
    await stores.close();
  }
  return rounds;
}

interface Play {
  readonly pair: Pair;
  readonly proxy: LeaderProxy;
  readonly grpc: number;
  readonly options: FailoverOptions;
  readonly fault: Fault;
  readonly epoch: number;
  readonly name: string;
}

async function playRound(play: Play): Promise<{ round: Round; epoch: number }> {
  const { pair, grpc, options, fault, name } = play;
  const before = await pair.leader(0);
  const client = await writeClient(pair, before.term, grpc, name);
  const sender = start([
    'simulate',
    '--client',
    client,
    '--nodes',
    String(options.nodes),
    '--pods-per-node',
    String(options.podsPerNode),
    '--seconds',
    String(options.seconds),
    '--repeat',
    '2',
    '--output',
    'json',
  ]);
  await delay(1200 + Math.floor(random() * 1500));
  const { ms, after } = await inflict(play, before.term);
  const watch = setInterval(() => {
    if (pair.replicas.some(({ process: { child } }) => child.exitCode !== null)) sender.child.kill();
  }, 1000);
  const code = await sender.ended;
  clearInterval(watch);
  pair.checkAlive();
  if (code !== 0) throw new Error(`the simulator ended with ${code}: ${sender.errors()}`);
  const emitted = String(
    (JSON.parse(sender.output()) as { costPicodollars: string | number }).costPicodollars,
  );
  await waitForRollups(pair.stores.db);
  const key = (await tryFindClusterByName(pair.stores.db, name))?.key ?? 0;
  const sums = await Promise.all(
    (['second', 'minute'] as const).map((level) => sumTable(pair.stores.clickhouse, level, key)),
  );
  const equal = sums.every(({ cost }) => cost.toString() === emitted);
  return {
    round: { fault, takeoverMs: ms, equal, emitted, stored: sums.map(({ cost }) => cost).join(' ') },
    epoch: after,
  };
}

async function inflict(
  { pair, proxy, fault, epoch, options }: Play,
  term: LeaseTerm,
): Promise<{ ms: number; after: number }> {
  if (fault === 'postgres') {
    const started = performance.now();
    await pair.stores.restartPostgres(Math.floor(random() * MAX_AWAY_MS));
    const { term: now } = await pair.leader(0);
    return { ms: Math.round(performance.now() - started), after: Math.max(now.epoch, epoch) };
  }
  if (fault === 'clickhouse') {
    await pair.stores.killClickHouse(Math.floor(random() * MAX_AWAY_MS));
    return { ms: 0, after: Math.max((await pair.leader(0)).term.epoch, epoch) };
  }
  const replica = pair.replicaOf(term);
  replica.process.child.kill(fault === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  const next = await pair.leader(term.epoch);
  proxy.cut();
  if (fault === 'kill') replica.process = pair.launch(replica);
  else {
    await delay(Math.max(0, options.stopMs - next.ms));
    replica.process.child.kill('SIGCONT');
  }
  return { ms: next.ms, after: next.term.epoch };
}

/** Registers a cluster at the leader and writes the files that the simulator reads. */
async function writeClient(pair: Pair, term: LeaseTerm, grpc: number, name: string): Promise<string> {
  const server = `http://${pair.replicaOf(term).address}`;
  const clusters = createConnectClient({ server, token: pair.token }).client(admin.ClusterService);
  const added = await clusters.AddCluster({ name });
  const file = (leaf: string): string => join(pair.stores.folder, `${name}.${leaf}`);
  await writeFile(file('ca.pem'), added.caBundlePem);
  await writeFile(file('cert.pem'), added.certificatePem);
  await writeFile(file('key.pem'), added.privateKeyPem);
  const client = {
    server,
    token: pair.token,
    grpc: `127.0.0.1:${grpc}`,
    caFile: file('ca.pem'),
    clusterCertFile: file('cert.pem'),
    clusterKeyFile: file('key.pem'),
  };
  await writeFile(file('client.json'), JSON.stringify(client));
  return file('client.json');
}
