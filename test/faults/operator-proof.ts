import { tryFindActionFault } from '@kubehero/domain';
import { AuditChain, unknownOutcome } from '@kubehero/operator';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repository } from '../support/manifests/examples.js';
import { FaultProxy } from '../support/cluster/fault-proxy.js';
import { EnforcementRig } from '../support/enforcement/enforcement-rig.js';
import type { Orders, Report } from '../support/enforcement/enforcer-main.js';
import { operatorToken } from '../support/enforcement/operator-account.js';
import { randomBySeed } from './crash-proof.js';
import { readInside } from './inside-state.js';
import { inside, OperatorHistory, outside } from './operator-history.js';

/** How hard the proof is. */
export interface OperatorProofOptions {
  readonly kills: number;
  readonly seed: number;
  /** Kills between two looks at whether everything is as it should be. */
  readonly killsPerCheck: number;
}

/** What came out. */
export interface OperatorProof {
  readonly kills: number;
  /** Kills between a write's sending and its answer. */
  readonly killsInWrites: number;
  readonly edits: number;
  readonly checks: number;
  /** Writes to workloads, as the API server recorded them, and actions in the operator's chain. */
  readonly writes: number;
  readonly records: number;
  /** Workloads that people deleted. */
  readonly deleted: number;
  /** What was not as it should be. */
  readonly faults: readonly string[];
}

const recorded = ['Scale', 'Restore', 'Suspend', 'Resume', 'Pause', 'Unpause'];
const settleMs = 120_000;

/** Kills an enforcing process (SIGKILL) again and again, in the middle of its writes, while people edit. */
export async function proveOperatorCrashSafety(
  options: OperatorProofOptions,
  tell: (line: string) => void,
): Promise<OperatorProof> {
  const proof = new Proof(options, tell);
  try {
    await proof.begin();
    return await proof.run();
  } finally {
    await proof.end();
  }
}

class Proof {
  readonly #dir = mkdtempSync(join(tmpdir(), 'kubehero-operator-proof-'));
  readonly #random: () => number;
  readonly #faults: string[] = [];
  #rig: EnforcementRig | undefined;
  #proxy: FaultProxy | undefined;
  #history: OperatorHistory | undefined;
  #child: ChildProcess | undefined;
  #counts = { kills: 0, killsInWrites: 0, edits: 0, checks: 0, records: 0 };

  constructor(
    private readonly options: OperatorProofOptions,
    private readonly tell: (line: string) => void,
  ) {
    this.#random = randomBySeed(options.seed);
  }

  async begin(): Promise<void> {
    this.#rig = await EnforcementRig.start();
    const { cluster } = this.rig;
    this.#proxy = await FaultProxy.start(cluster.url, cluster.ca);
    const token = await operatorToken(cluster);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'proxy', cluster: { server: this.#proxy.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'operator', user: { token } }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'operator' } }],
      'current-context': 'proxy',
    };
    writeFileSync(this.#path('kubeconfig'), JSON.stringify(config), { mode: 0o600 });
    this.#history = new OperatorHistory(this.rig, this.#random);
    await this.history.begin();
  }

  async run(): Promise<OperatorProof> {
    while (this.#counts.kills < this.options.kills && this.#faults.length === 0) {
      await this.#round();
      if (this.#counts.kills % this.options.killsPerCheck === 0) await this.#check();
    }
    await this.#check();
    const writes = this.rig.cluster
      .writes()
      .filter(({ user, responseStatus }) => isOperator(user.username) && (responseStatus?.code ?? 500) < 300);
    this.#expect(
      'a write outside of the scope',
      writes.filter(({ objectRef }) => objectRef?.namespace !== undefined && objectRef.namespace !== inside),
      [],
    );
    const held = writes.filter(
      ({ requestObject }) => 'kubehero.io/held' in (requestObject?.metadata?.annotations ?? {}),
    );
    const { deleted } = this.history;
    return { ...this.#counts, writes: held.length, deleted, faults: this.#faults };
  }

  async end(): Promise<void> {
    await this.#kill();
    await this.#proxy?.stop();
    await this.#rig?.stop();
    await this.#rig?.cluster.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  private get rig(): EnforcementRig {
    if (this.#rig === undefined) throw new Error('the proof has not begun');
    return this.#rig;
  }

  private get history(): OperatorHistory {
    if (this.#history === undefined) throw new Error('the proof has not begun');
    return this.#history;
  }

  /** Something is ordered, somebody edits, and the process is killed in the middle of it. */
  async #round(): Promise<void> {
    if (this.#random() < 0.9) this.#order(this.history.orderAnything());
    const killed = this.#killAtRandom();
    if (this.#random() < 0.5) {
      await sleep(this.#random() * 600);
      await this.history.edit();
      this.#counts.edits += 1;
    }
    await killed;
    this.#counts.kills += 1;
    if (this.#counts.kills % 50 === 0) this.tell(JSON.stringify(this.#counts));
  }

  /**
   * Starts the process and resolves when it was killed: around one of its next writes, or, where it writes less than
   * that, some time after it began to act; now and then while it still starts.
   */
  async #killAtRandom(): Promise<void> {
    const dice = this.#random();
    const countdown = dice < 0.8 ? 1 + Math.floor(this.#random() * 10) : Number.POSITIVE_INFINITY;
    const atWrite = this.#killAtWrite(countdown, this.#random() < 0.5);
    const later = this.#random() * (dice < 0.8 ? 2500 : 900);
    const isReady = this.#start();
    await Promise.race([atWrite, dice < 0.95 ? isReady.then(() => sleep(later)) : sleep(later)]);
    await this.#kill();
    this.proxy.decide = () => 'pass';
  }

  async #killAtWrite(writes: number, isAfter: boolean): Promise<void> {
    let countdown = writes;
    await new Promise<void>((resolve) => {
      this.proxy.decide = async ({ method }) => {
        if (method === 'GET') return 'pass';
        countdown -= 1;
        if (countdown > 0) return 'pass';
        // Writes that were under way beside the fatal one have the other fate.
        if (countdown < 0) return isAfter ? 'cut-before' : 'cut-after';
        this.#counts.killsInWrites += 1;
        await this.#kill();
        resolve();
        return isAfter ? 'cut-after' : 'cut-before';
      };
    });
  }

  private get proxy(): FaultProxy {
    if (this.#proxy === undefined) throw new Error('the proof has not begun');
    return this.#proxy;
  }

  /** Lets the process finish what it is to do, and looks at the cluster and at its records. */
  async #check(): Promise<void> {
    for (const wanted of this.#random() < 0.5 ? (['enforce', 'release'] as const) : (['release'] as const)) {
      this.#order(this.history.orderAll(wanted));
      await this.#settle(wanted);
      if (wanted === 'enforce') await this.#checkEnforced();
      else await this.#checkReleased();
    }
    await this.#kill();
    await this.#checkRecords();
    this.#counts.checks += 1;
  }

  async #settle(wanted: 'enforce' | 'release'): Promise<void> {
    await this.#start();
    const { version, policies } = this.history.orders;
    const finals = wanted === 'enforce' ? ['enforced'] : ['idle'];
    let report: Report | undefined;
    const isFinal = (): boolean => {
      report = this.#readReport();
      if (report?.version !== version || report.intents > 0) return false;
      const uids = policies.map(({ policy }) => policy.uid);
      const isHeld = report.held.every((uid) => wanted === 'enforce' && uids.includes(uid));
      return isHeld && uids.every((uid) => finals.includes(report?.states[uid] ?? ''));
    };
    for (const until = Date.now() + settleMs; ; await sleep(100)) {
      if (isFinal()) {
        await sleep(500);
        if (isFinal()) return;
      }
      if (this.#faults.length > 0) throw new Error(this.#faults.join('\n'));
      if (Date.now() > until)
        throw new Error(`seed ${this.options.seed}: never ${finals.join()}: ${JSON.stringify(report)}`);
    }
  }

  async #checkEnforced(): Promise<void> {
    const { replicas, isProtected } = this.history.wishes;
    const running = [...replicas]
      .filter(([name]) => isProtected.get(name) === true)
      .reduce((sum, [, each]) => sum + each, 0);
    await this.#untilPods(running);
    await this.#checkOutside();
  }

  async #checkReleased(): Promise<void> {
    const { replicas } = this.history.wishes;
    const found = await readInside(this.rig);
    this.#expect('replicas after the release', found.replicas, Object.fromEntries([...replicas].sort()));
    this.#expect('suspension after the release', found.suspended, []);
    this.#expect('minimum of the autoscaler', found.minReplicas, [0]);
    this.#expect('marks left behind', found.marks, []);
    this.#expect('admission policies left behind', found.guards, []);
    // Two pods of the Job besides those of Deployments and StatefulSet.
    await this.#untilPods([...replicas.values()].reduce((sum, each) => sum + each, 2));
    await this.#checkOutside();
  }

  /** What keeps pods away is worth a sentence: their owners' conditions and the last events. */
  async #untilPods(count: number): Promise<void> {
    try {
      await this.rig.untilPods(inside, count);
    } catch (cause) {
      const events = (await this.rig.get(`/api/v1/namespaces/${inside}/events`))['items'] as {
        message: string;
      }[];
      const last = events.slice(-5).map(({ message }) => message);
      const found = { pods: await this.rig.pods(inside), inside: await readInside(this.rig), last };
      const told = [...this.#faults, `not ${count} pods: ${JSON.stringify(found)}`];
      throw new Error(told.join('\n'), { cause });
    }
  }

  async #checkOutside(): Promise<void> {
    this.#expect('pods outside of the scope', (await this.rig.pods(outside)).length, 3);
  }

  /** The dead process's chain: whole, signed, and complete. */
  async #checkRecords(): Promise<void> {
    const chain = await AuditChain.open({ dir: this.#path('data') });
    const records = await chain.pending(0n, 100_000);
    this.#expect('the chain of records', tryFindActionFault(records, chain.publicKey), undefined);
    this.#expect('announced actions without an end', chain.intents(), []);
    this.#counts.records += records.filter(
      ({ action, reason }) => recorded.includes(action) && !reason.endsWith(unknownOutcome),
    ).length;
    await chain.ack(chain.sequence);
    await chain.close();
  }

  #expect(what: string, found: unknown, expected: unknown): void {
    if (JSON.stringify(found) === JSON.stringify(expected)) return;
    this.#faults.push(
      `${what} after ${this.#counts.kills} kills: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`,
    );
  }

  #order(orders: Orders): void {
    writeFileSync(`${this.#path('orders')}.partial`, JSON.stringify(orders));
    renameSync(`${this.#path('orders')}.partial`, this.#path('orders'));
  }

  #readReport(): Report | undefined {
    try {
      return JSON.parse(readFileSync(this.#path('report'), 'utf8')) as Report;
    } catch {
      // The first pass is not over yet.
      return undefined;
    }
  }

  /** Starts the process; resolves when it begins to act, or ends before. */
  async #start(): Promise<void> {
    if (this.#child !== undefined) return;
    rmSync(this.#path('report'), { force: true });
    if (this.history.orders.version === 0) this.#order(this.history.orderAnything());
    const main = join(repository, 'dist/js/test/support/enforcement/enforcer-main.js');
    const files = ['kubeconfig', 'data', 'orders', 'report'].map((name) => this.#path(name));
    const child = spawn(process.execPath, [main, ...files], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    child.once('exit', (code) => {
      if (code !== null)
        this.#faults.push(`the process ended by itself with ${code}: ${errors.slice(-2000)}`);
    });
    this.#child = child;
    await new Promise<void>((resolve) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', () => resolve());
    });
  }

  async #kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  #path(name: string): string {
    return join(this.#dir, name);
  }
}

function isOperator(username: string): boolean {
  return username === 'system:serviceaccount:kubehero-system:kubehero-operator';
}
