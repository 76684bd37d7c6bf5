import { tryFindActionFault } from '@kubehero/domain';
import { AuditChain, unknownOutcome } from '@kubehero/operator';
import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetStack, type Victim } from '../support/budget-stack.js';
import { EnforcementRig } from '../support/enforcement/enforcement-rig.js';
import { randomBySeed } from './crash-proof.js';
import { readInside } from './inside-state.js';
import { inside, OperatorHistory, outside } from './operator-history.js';
import { PolicyHistory } from './policy-history.js';

/** How hard the proof is. */
export interface BudgetCrashOptions {
  /** Kills of the control plane and of the operator together. */
  readonly kills: number;
  readonly seed: number;
  /** Kills between two looks at whether everything is as it should be. */
  readonly killsPerCheck: number;
}

/** What came out. */
export interface BudgetCrashProof {
  readonly kills: Readonly<Record<Victim, number>>;
  /** Kills at a write of the operator, before or after the API server did it. */
  readonly killsInWrites: number;
  readonly edits: number;
  readonly checks: { readonly enforced: number; readonly released: number };
  /** Writes to workloads, as the API server recorded them, and actions that the hub stored. */
  readonly writes: number;
  readonly records: number;
  /** Workloads that people deleted. */
  readonly deleted: number;
  /** What was not as it should be. */
  readonly faults: readonly string[];
}

const settleMs = 180_000;
const user = 'system:serviceaccount:kubehero-system:kubehero-operator';
const recorded = new Set(['Scale', 'Restore', 'Suspend', 'Resume', 'Pause', 'Unpause']);
const victims: readonly (readonly Victim[])[] = [
  ['controlPlane'],
  ['controlPlane'],
  ['operator'],
  ['operator', 'controlPlane'],
];

/**
 * Kills the control plane and the operator (SIGKILL), each alone and both together, at their steps of enforcing and
 * releasing, while people edit workloads and policies. PostgreSQL, ClickHouse and the cluster go on, as in production.
 */
export async function proveBudgetCrashSafety(
  options: BudgetCrashOptions,
  tell: (line: string) => void,
): Promise<BudgetCrashProof> {
  const rig = await EnforcementRig.start();
  let stack: BudgetStack | undefined;
  try {
    stack = await BudgetStack.start(rig.cluster);
    return await new Proof({ options, tell, rig, stack }).run();
  } finally {
    await stack?.stop();
    await rig.stop();
    await rig.cluster.stop();
  }
}

interface ProofParts {
  readonly options: BudgetCrashOptions;
  readonly tell: (line: string) => void;
  readonly rig: EnforcementRig;
  readonly stack: BudgetStack;
}

class Proof {
  readonly #random: () => number;
  readonly #history: OperatorHistory;
  readonly #policies: PolicyHistory;
  readonly #kills: Record<Victim, number> = { controlPlane: 0, operator: 0 };
  readonly #checks = { enforced: 0, released: 0 };
  #killsInWrites = 0;
  #edits = 0;
  #sinceCheck = 0;

  constructor(private readonly parts: ProofParts) {
    const { options, rig } = parts;
    this.#random = randomBySeed(options.seed);
    this.#history = new OperatorHistory(rig, this.#random);
    this.#policies = new PolicyHistory(rig.cluster, this.#random);
  }

  async run(): Promise<BudgetCrashProof> {
    const { options, stack } = this.parts;
    await this.#history.begin();
    await this.#check();
    while (this.#killed < options.kills) {
      await this.#round();
      if (this.#sinceCheck >= options.killsPerCheck) await this.#check();
    }
    await this.#check();
    const faults = [...stack.faults, ...this.#writtenOutside()];
    const records = await this.#storedRecords(faults);
    return {
      kills: this.#kills,
      killsInWrites: this.#killsInWrites,
      edits: this.#edits,
      checks: this.#checks,
      writes: this.#heldWrites(),
      records,
      deleted: this.#history.deleted,
      faults,
    };
  }

  get #killed(): number {
    return this.#kills.controlPlane + this.#kills.operator;
  }

  /** Policies change, somebody edits, and a program is killed in the middle of what follows. */
  async #round(): Promise<void> {
    const { stack, tell } = this.parts;
    const chosen = victims[Math.floor(this.#random() * victims.length)] ?? [];
    const killed = this.#killAtRandom(chosen);
    if (this.#random() < 0.9) await this.#policies.changeAnything();
    if (this.#random() < 0.5) {
      await sleep(this.#random() * 600);
      await this.#history.edit();
      this.#edits += 1;
    }
    await killed;
    stack.proxy.decide = () => 'pass';
    if (stack.faults.length > 0) throw new Error(stack.faults.join('\n'));
    stack.revive();
    for (const victim of chosen) this.#kills[victim] += 1;
    this.#sinceCheck += chosen.length;
    tell(JSON.stringify({ kills: this.#kills, inWrites: this.#killsInWrites, checks: this.#checks }));
  }

  /** Around one of the operator's next writes, or, where it writes less than that, some time later. */
  async #killAtRandom(chosen: readonly Victim[]): Promise<void> {
    const isAtWrite = this.#random() < 0.75;
    const countdown = 1 + Math.floor(this.#random() * 12);
    const isAfter = this.#random() < 0.5;
    const laterMs = isAtWrite ? 4000 + this.#random() * 4000 : this.#random() * 4000;
    const later = sleep(laterMs);
    await (isAtWrite ? Promise.race([this.#killAtWrite(chosen, countdown, isAfter), later]) : later);
    await this.#kill(chosen);
  }

  async #killAtWrite(chosen: readonly Victim[], writes: number, isAfter: boolean): Promise<void> {
    let countdown = writes;
    const { proxy } = this.parts.stack;
    await new Promise<void>((resolve) => {
      proxy.decide = async ({ method, path }) => {
        // Statuses and events come by themselves: what counts are the steps of a stop or a release.
        if (method === 'GET' || path.includes('/events') || path.endsWith('/status')) return 'pass';
        countdown -= 1;
        if (countdown !== 0) return 'pass';
        this.#killsInWrites += 1;
        await this.#kill(chosen);
        resolve();
        if (!chosen.includes('operator')) return 'pass';
        return isAfter ? 'cut-after' : 'cut-before';
      };
    });
  }

  async #kill(chosen: readonly Victim[]): Promise<void> {
    for (const victim of chosen) await this.parts.stack.kill(victim);
  }

  /** Lets both finish what is to be done, and looks at the cluster. */
  async #check(): Promise<void> {
    this.parts.stack.revive();
    if (this.#random() < 0.7 || this.#killed === 0) {
      await this.#policies.enforceAll();
      await this.#settle('enforced', () => this.#enforcedFaults());
      this.#checks.enforced += 1;
    }
    await this.#policies.releaseAll();
    await this.#settle('released', () => this.#releasedFaults());
    this.#checks.released += 1;
    this.#sinceCheck = 0;
  }

  async #settle(what: string, findFaults: () => Promise<readonly string[]>): Promise<void> {
    let faults: readonly string[] = [];
    for (const until = Date.now() + settleMs; ; await sleep(250)) {
      faults = await findFaults();
      if (faults.length === 0) {
        await sleep(700);
        faults = await findFaults();
        if (faults.length === 0) return;
      }
      if (this.parts.stack.faults.length > 0) throw new Error(this.parts.stack.faults.join('\n'));
      if (Date.now() > until) break;
    }
    const phases = JSON.stringify(await this.#policies.phases());
    const { options, stack } = this.parts;
    throw new Error(
      `seed ${options.seed}, ${this.#killed} kills: never ${what}: ${faults.join('; ')}; policies ${phases}\n${stack.logs}`,
    );
  }

  async #enforcedFaults(): Promise<string[]> {
    const { replicas, isProtected } = this.#history.wishes;
    const running = [...replicas]
      .filter(([name]) => isProtected.get(name) === true)
      .reduce((sum, [, each]) => sum + each, 0);
    return [
      ...differs('policies', await this.#policies.phases(), { 'policy-0': 'Enforced' }),
      ...differs('pods in the scope', (await this.parts.rig.pods(inside)).length, running),
      ...differs('pods outside of the scope', (await this.parts.rig.pods(outside)).length, 3),
    ];
  }

  async #releasedFaults(): Promise<string[]> {
    const { rig } = this.parts;
    const wishes = this.#history.wishes.replicas;
    const found = await readInside(rig);
    const phases = Object.entries(await this.#policies.phases());
    const busy = phases.filter(([name, phase]) => name !== 'policy-0' || /Enforc|Deleting/.test(phase));
    // Two pods of the Job besides those of Deployments and StatefulSet.
    const pods = [...wishes.values()].reduce((sum, each) => sum + each, 2);
    return [
      ...differs('policies', busy, []),
      ...differs('replicas', found.replicas, Object.fromEntries([...wishes].sort())),
      ...differs('suspended', found.suspended, []),
      ...differs('minimum of the autoscaler', found.minReplicas, [0]),
      ...differs('marks', found.marks, []),
      ...differs('admission policies', found.guards, []),
      ...differs('pods', (await rig.pods(inside)).length, pods),
      ...differs('pods outside of the scope', (await rig.pods(outside)).length, 3),
    ];
  }

  #writtenOutside(): string[] {
    return this.#operatorWrites()
      .filter(({ objectRef }) => {
        const { namespace, resource } = objectRef ?? {};
        return namespace !== undefined && namespace !== inside && resource !== 'events';
      })
      .map(({ verb, objectRef }) => `${verb} outside of the scope: ${JSON.stringify(objectRef)}`);
  }

  #heldWrites(): number {
    return this.#operatorWrites().filter(
      ({ requestObject }) => 'kubehero.io/held' in (requestObject?.metadata?.annotations ?? {}),
    ).length;
  }

  #operatorWrites(): ReturnType<EnforcementRig['cluster']['writes']> {
    return this.parts.rig.cluster
      .writes()
      .filter((write) => write.user.username === user && (write.responseStatus?.code ?? 500) < 300);
  }

  /** What the hub stored is the whole chain, as the operator's key signed it. @returns actions on workloads */
  async #storedRecords(faults: string[]): Promise<number> {
    const { stack } = this.parts;
    await stack.kill('operator');
    const chain = await AuditChain.open({ dir: stack.operatorData });
    try {
      const pending = await chain.pending(0n, 100_000);
      const rows = await stack.stores.db
        .selectFrom('budget_action')
        .select(['sequence', 'record', 'fault'])
        .orderBy('sequence')
        .execute();
      const stored = rows.map(({ record }) => fromStored(record));
      const after = BigInt(rows.at(-1)?.sequence ?? 0);
      const all = [...stored, ...pending.filter(({ sequence }) => BigInt(sequence) > after)];
      faults.push(
        ...differs('faults that the hub found', rows.filter(({ fault }) => fault !== null).length, 0),
        ...differs('the chain', tryFindActionFault(all, chain.publicKey) ?? null, null),
        ...differs('its length', all.length, Number(chain.sequence)),
        ...differs('announced actions without an end', chain.intents(), []),
      );
      return all.filter(({ action, reason }) => recorded.has(action) && !reason.endsWith(unknownOutcome))
        .length;
    } finally {
      await chain.close();
    }
  }
}

type SignedAction = Parameters<typeof tryFindActionFault>[0][number];

function fromStored(record: unknown): SignedAction {
  const stored = record as SignedAction & Record<'previousHash' | 'hash' | 'signature', string>;
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
  return {
    ...stored,
    previousHash: bytes(stored.previousHash),
    hash: bytes(stored.hash),
    signature: bytes(stored.signature),
  };
}

function differs(what: string, found: unknown, expected: unknown): string[] {
  const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
  return is === should ? [] : [`${what}: ${is} instead of ${should}`];
}
