import { formatPicounits, PICOUNITS_PER_UNIT } from '@kubehero/domain';
import { ApiError, type Result } from '@kubehero/kubernetes';
import type { budget } from '@kubehero/rpc';
import type { Logger } from '@kubehero/runtime';
import type { EnforcementResult, Enforcer, PolicyInForce, Wanted } from '../enforcement/index.js';
import { armedByOf, identityOf, policyFinalizer, type BudgetPolicyObject } from './budget-policy.js';
import { decide, type Decision } from './decide.js';
import type { EventRecorder } from './event-recorder.js';
import { announce } from './policy-events.js';
import { toEnforcement } from './enforcement-report.js';
import { compareStatus, computeStatus } from './policy-status.js';
import type { PolicyStore } from './policy-store.js';
import type { VerdictBook } from './verdict-book.js';
import { restoreVerdict, type Verdict } from './verdict.js';

/** What a {@link PolicyController} works with. */
export interface PolicyControllerOptions {
  readonly store: Pick<PolicyStore, 'tryFind' | 'patch' | 'patchStatus' | 'all'>;
  readonly book: VerdictBook;
  readonly enforcer: Pick<Enforcer, 'reconcile' | 'release' | 'heldPolicies'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Name of this cluster; empty where it is not known. */
  readonly cluster: string;
  readonly isHubConnected: () => boolean;
  /** Told after every reconciliation of a policy that has a verdict. */
  readonly onReport: (report: budget.EnforcementInput) => void;
  /** Called before a status is written, so that who armed or disarmed is recorded first. */
  readonly noteArming: (policy: BudgetPolicyObject, signal: AbortSignal) => Promise<void>;
  /** Told how long a verdict above the ceiling took to be carried out, ms. */
  readonly onEnforced: (durationMs: number) => void;
  /** Told that a policy is gone and everything about it released. */
  readonly onGone: (uid: string) => void;
}

/** Statuses of all policies together are written no more often than so many a second for their figures alone. */
const FIGURES_PER_SECOND = 20;
const FIGURES_AT_LEAST_MS = 5000;
const RETRY_RELEASE_MS = 1000;

/**
 * Brings one policy to what it should be: reads it, decides, remembers the verdict in the object before it acts on it,
 * lets the enforcer act, and writes the status. Level-triggered: every step can be cut off and begun again.
 */
export class PolicyController {
  readonly #options: PolicyControllerOptions;
  /** Monotonic time of the last write of a policy's status, by name. */
  readonly #writtenAt = new Map<string, number>();
  /** Arrival of the verdict that was last carried out, by identity: each is measured once. */
  readonly #measured = new Map<string, number>();

  constructor(options: PolicyControllerOptions) {
    this.#options = options;
  }

  /** Reconciles the policy of a name; one that is gone is done. */
  async reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const policy = this.#options.store.tryFind(name);
    if (policy === undefined) {
      this.#writtenAt.delete(name);
      return {};
    }
    try {
      return await this.#reconcile(policy, signal);
    } catch (error) {
      // The object is gone: the watch says so too.
      if (error instanceof ApiError && error.code === 'NOT_FOUND') return {};
      throw error;
    }
  }

  /** Releases what is held for policies that are not there any more. @returns when to look again */
  async releaseOrphans(signal: AbortSignal): Promise<Result> {
    const { store, enforcer, logger } = this.#options;
    const known = new Set([...store.all()].flatMap((policy) => [identityOf(policy), policy.metadata.name]));
    let left = false;
    for (const [uid, name] of enforcer.heldPolicies()) {
      if (known.has(uid) || known.has(name)) continue;
      logger.warn('a policy is gone and what it held is released', { policy: name, uid });
      left = !isClean(await enforcer.release(uid, signal)) || left;
    }
    return left ? { requeueAfterMs: RETRY_RELEASE_MS } : {};
  }

  async #reconcile(found: BudgetPolicyObject, signal: AbortSignal): Promise<Result> {
    const verdict = this.#verdictOf(found);
    const decision = this.#decide(found, verdict);
    if (found.metadata.deletionTimestamp !== undefined) return this.#letGo(found, verdict, signal);
    const policy = decision.wanted === 'enforce' ? await this.#remember(found, verdict, signal) : found;
    const result = await this.#act(policy, verdict, decision, signal);
    if (verdict !== undefined && result?.state === 'enforced') this.#measure(policy, verdict);
    this.#report(policy, verdict, decision, result);
    const requeueAfterMs = await this.#writeStatus(policy, { verdict, decision, result }, signal);
    if (decision.wanted === 'release' && (result === undefined || isClean(result))) {
      await this.#dropFinalizer(policy.metadata.name, signal);
    }
    return toResult([requeueAfterMs, result?.retryAfterMs, this.#untilMs(decision)]);
  }

  #verdictOf(policy: BudgetPolicyObject): Verdict | undefined {
    const { book } = this.#options;
    const uid = identityOf(policy);
    const known = book.tryFind(uid);
    if (known !== undefined || book.isWithdrawn(uid)) return known;
    const restored = restoreVerdict(policy.status);
    if (restored !== undefined) book.accept(uid, restored);
    return restored;
  }

  #decide(policy: BudgetPolicyObject, verdict: Verdict | undefined): Decision {
    return decide({
      spec: policy.spec,
      isDeleting: policy.metadata.deletionTimestamp !== undefined,
      isWithdrawn: this.#options.book.isWithdrawn(identityOf(policy)),
      verdict,
      nowS: Math.floor(this.#options.now() / 1000),
    });
  }

  /** Before anything is stopped the object says why, so that an operator that is killed now goes on or releases. */
  async #remember(
    policy: BudgetPolicyObject,
    verdict: Verdict | undefined,
    signal: AbortSignal,
  ): Promise<BudgetPolicyObject> {
    const { store } = this.#options;
    let remembered = policy;
    if (!policy.metadata.finalizers.includes(policyFinalizer)) {
      const finalizers = [...policy.metadata.finalizers, policyFinalizer];
      remembered = await store.patch(policy, { metadata: { finalizers } }, signal);
    }
    const stored = restoreVerdict(remembered.status);
    const isStored = stored?.exceeded === true && stored.periodEndsAtS === verdict?.periodEndsAtS;
    if (verdict === undefined || (isStored && stored.question === verdict.question)) return remembered;
    const facts = this.#facts(remembered, {
      verdict,
      decision: this.#decide(remembered, verdict),
      result: undefined,
    });
    this.#writtenAt.set(policy.metadata.name, performance.now());
    return store.patchStatus(remembered, computeStatus(facts), signal);
  }

  async #act(
    policy: BudgetPolicyObject,
    verdict: Verdict | undefined,
    decision: Decision,
    signal: AbortSignal,
  ): Promise<EnforcementResult | undefined> {
    if (decision.wanted === 'keep') return undefined;
    if (decision.wanted === 'release' && !this.#mayHold(policy)) return undefined;
    const wanted: Wanted = decision.wanted;
    return this.#options.enforcer.reconcile(this.#inForce(policy, verdict), wanted, signal);
  }

  /** The finalizer stands before the first object is touched; a policy recreated from Git finds its work by name. */
  #mayHold(policy: BudgetPolicyObject): boolean {
    if (policy.metadata.finalizers.includes(policyFinalizer)) return true;
    if (policy.status.phase === 'Enforced') return true;
    if (policy.status.observedGeneration !== undefined) return false;
    return [...this.#options.enforcer.heldPolicies().values()].includes(policy.metadata.name);
  }

  #inForce(policy: BudgetPolicyObject, verdict: Verdict | undefined): PolicyInForce {
    return {
      uid: identityOf(policy),
      name: policy.metadata.name,
      spec: policy.spec,
      ceiling: formatPicounits(verdict?.ceiling ?? 0n),
      spend: toReadable(verdict?.spend ?? 0n),
      currency: verdict?.currency ?? '',
      armedBy: armedByOf(policy) || (verdict?.live?.armedBy ?? ''),
      exceededAtS: verdict?.exceededAtS ?? 0,
      periodEndsAtS: verdict?.periodEndsAtS ?? 0,
    };
  }

  /** A policy that is being deleted goes when nothing is held for it any more. */
  async #letGo(
    policy: BudgetPolicyObject,
    verdict: Verdict | undefined,
    signal: AbortSignal,
  ): Promise<Result> {
    if (!policy.metadata.finalizers.includes(policyFinalizer)) return {};
    const result = await this.#options.enforcer.reconcile(this.#inForce(policy, verdict), 'release', signal);
    if (!isClean(result)) return { requeueAfterMs: result.retryAfterMs ?? RETRY_RELEASE_MS };
    const uid = identityOf(policy);
    await this.#dropFinalizer(policy.metadata.name, signal);
    this.#options.book.forget(uid);
    this.#measured.delete(uid);
    this.#writtenAt.delete(policy.metadata.name);
    this.#options.onGone(uid);
    return {};
  }

  async #dropFinalizer(name: string, signal: AbortSignal): Promise<void> {
    const policy = this.#options.store.tryFind(name);
    if (policy?.metadata.finalizers.includes(policyFinalizer) !== true) return;
    const finalizers = policy.metadata.finalizers.filter((finalizer) => finalizer !== policyFinalizer);
    await this.#options.store.patch(policy, { metadata: { finalizers } }, signal);
  }

  #report(
    policy: BudgetPolicyObject,
    verdict: Verdict | undefined,
    decision: Decision,
    result: EnforcementResult | undefined,
  ): void {
    if (verdict === undefined) return;
    this.#options.onReport(toEnforcement(identityOf(policy), verdict, decision, result));
  }

  #measure(policy: BudgetPolicyObject, verdict: Verdict): void {
    const uid = identityOf(policy);
    const { live } = verdict;
    if (live === undefined || this.#measured.get(uid) === verdict.exceededAtS) return;
    this.#measured.set(uid, verdict.exceededAtS);
    if (policy.status.phase !== 'Enforced') this.#options.onEnforced(performance.now() - live.arrivedAt);
  }

  #facts(policy: BudgetPolicyObject, outcome: Outcome): Parameters<typeof computeStatus>[0] {
    return {
      policy,
      ...outcome,
      cluster: this.#options.cluster,
      hubConnected: this.#options.isHubConnected(),
      nowS: Math.floor(this.#options.now() / 1000),
    };
  }

  /** Writes what changed: what matters at once, figures alone only now and then. @returns when to come back, ms */
  async #writeStatus(
    policy: BudgetPolicyObject,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { name } = policy.metadata;
    const status = computeStatus(this.#facts(policy, outcome));
    const difference = compareStatus(policy.status, status);
    if (difference === 'same') return undefined;
    const leftMs = (this.#writtenAt.get(name) ?? -Infinity) + this.#figuresMs() - performance.now();
    if (difference === 'figures' && leftMs > 0) return leftMs;
    this.#writtenAt.set(name, performance.now());
    await this.#options.noteArming(policy, signal);
    const current = this.#options.store.tryFind(name) ?? policy;
    const written = await this.#options.store.patchStatus(current, status, signal);
    announce(this.#options.events, policy, written, outcome.decision.reason);
    if (status.verdict !== undefined && written.status.verdict === undefined) this.#complain(written);
    return undefined;
  }

  /** The API server drops fields that its definition does not know. */
  #complain(policy: BudgetPolicyObject): void {
    const note =
      'the definition of BudgetPolicy is older than the operator and does not keep verdicts: after a restart nothing is in force until the hub answers; apply the definition of this version';
    this.#options.events.record(policy, {
      type: 'Warning',
      reason: 'DefinitionTooOld',
      action: 'Check',
      note,
    });
  }

  #figuresMs(): number {
    return Math.max(FIGURES_AT_LEAST_MS, (this.#writtenAt.size * 1000) / FIGURES_PER_SECOND);
  }

  #untilMs(decision: Decision): number | undefined {
    if (decision.changesAtS === undefined) return undefined;
    return Math.max(1, decision.changesAtS * 1000 - this.#options.now());
  }
}

interface Outcome {
  readonly verdict: Verdict | undefined;
  readonly decision: Decision;
  readonly result: EnforcementResult | undefined;
}

/** Cents where there are whole units, six decimals where there are not; rounded towards zero. */
function toReadable(picounits: bigint): string {
  const step = picounits >= PICOUNITS_PER_UNIT ? PICOUNITS_PER_UNIT / 100n : PICOUNITS_PER_UNIT / 1_000_000n;
  return formatPicounits((picounits / step) * step);
}

function isClean({ state }: EnforcementResult): boolean {
  return state === 'released' || state === 'idle';
}

/** The earliest of the times at which to look again. */
function toResult(times: readonly (number | undefined)[]): Result {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? {} : { requeueAfterMs: Math.min(...given) };
}
