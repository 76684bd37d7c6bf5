import { ApiError, type ApiServer } from '@kubehero/kubernetes';
import { enforcementActions } from '@kubehero/domain';
import { sleep } from '@kubehero/runtime';
import type { AuditChain } from '../audit/audit-chain.js';
import type { Workload } from '../world/world-objects.js';
import type { World } from '../world/world.js';
import { toAffectedObjects, toFindings, toHeld } from './affected.js';
import type { EnforcementResult, Finding, PolicyInForce, Wanted } from './enforcement-types.js';
import { Failures } from './failures.js';
import { tryFindGuardRecord } from './guard-record.js';
import { Guards, type GuardWish } from './guards.js';
import { isHeldBy, tryFindHold } from './hold.js';
import { RecordedWriter } from './recorded-writer.js';
import { Releaser, type ReleasePass, type ReleaseRemark } from './releaser.js';
import { ScopeView, toScopeSpec } from './scope.js';
import { Stopper, type Cause } from './stopper.js';
import { toTreatment, type Treatment } from './treatment.js';

/** What an {@link Enforcer} works with. */
export interface EnforcerOptions {
  readonly api: ApiServer;
  readonly world: World;
  readonly audit: AuditChain;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Namespaces that are never touched, besides those that never are: the operator's own. */
  readonly neverTouch?: readonly string[];
  /** Longest time that a call to the API server may take. @default 15000 */
  readonly timeoutMs?: number;
}

/** What a policy comes to in this cluster. */
interface Plan {
  readonly policy: PolicyInForce;
  readonly cause: Cause;
  readonly wish: GuardWish;
  readonly treatment: Treatment;
  readonly findings: readonly Finding[];
  readonly fault: { readonly reason: string; readonly message: string } | undefined;
}

const mostListed = 100;
const mostTold = 10;
const uninstallPauseMs = 500;
const firstRetryMs = 250;
const longestRetryMs = 30_000;
/** Pods that are going are looked at again so often. */
const drainMs = 1000;
/** The API server looks for new admission policies once a second: before that a deleted pod would only come back. */
const denialMs = 1500;

/**
 * Stops what a policy stops and puts it back. Level-triggered: each call reads the world, compares, and writes what is
 * missing; calling again after a failure, a kill or nothing at all is always right. Calls for one policy must come one
 * after another; calls for different policies may run together.
 */
export class Enforcer {
  readonly #writer: RecordedWriter;
  readonly #guards: Guards;
  readonly #stopper: Stopper;
  readonly #releaser: Releaser;
  /** Failed passes in a row, by policy. */
  readonly #failed = new Map<string, number>();
  /** Policies of which something was released in the last pass: the next one says so. */
  readonly #releasing = new Set<string>();
  readonly #deniedAtMs = new Map<string, number>();

  constructor(private readonly options: EnforcerOptions) {
    this.#writer = new RecordedWriter(options);
    this.#guards = new Guards(options.world, this.#writer, options.now);
    this.#stopper = new Stopper(this.#writer);
    this.#releaser = new Releaser(options.world, this.#writer, this.#guards, options.now);
  }

  /**
   * Brings the cluster to what a policy wants. What was held for an earlier policy of the same name (deleted and
   * recreated from Git: another UID) is taken over. What fails on single objects is told in `message` with
   * `retryAfterMs`; the other objects are done all the same.
   *
   * @throws {ApiError} UNREACHABLE when the signal aborts or the API server is away
   */
  async reconcile(policy: PolicyInForce, wanted: Wanted, signal: AbortSignal): Promise<EnforcementResult> {
    await this.#writer.resolve(signal);
    const effective = this.#effective(policy, wanted);
    const cause = toCause(policy, effective, this.options.now());
    if (effective === 'release') return this.#release(cause, signal);
    const plan = this.#plan(policy, cause);
    if (plan.fault !== undefined) return this.#refuse(plan, signal);
    return effective === 'preview' ? this.#preview(plan, signal) : this.#enforce(plan, signal);
  }

  /**
   * Releases whatever is held for a policy, also for one that is gone.
   *
   * @throws {ApiError} as {@link reconcile}
   */
  async release(policyUid: string, signal: AbortSignal): Promise<EnforcementResult> {
    await this.#writer.resolve(signal);
    const name = this.heldPolicies().get(policyUid) ?? '';
    return this.#release(
      { holder: { uid: policyUid, name, takesOver: false }, reason: 'the policy is gone' },
      signal,
    );
  }

  /**
   * UID and name of every policy for which something is held, found on objects, admission policies and quotas. A UID
   * whose policy is gone must be released, unless a policy of that name is there: reconciling it takes over.
   */
  heldPolicies(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const guard of this.options.world.guards()) {
      const record = tryFindGuardRecord(guard);
      if (record !== undefined) found.set(record.uid, record.name);
    }
    for (const workload of this.options.world.heldWorkloads()) {
      for (const [uid, name] of Object.entries(tryFindHold(workload)?.policies ?? {})) found.set(uid, name);
    }
    return found;
  }

  /** Releases everything for every policy and removes whatever was made. @throws {ApiError} as {@link reconcile} */
  async uninstall(signal: AbortSignal): Promise<void> {
    for (let held = this.heldPolicies(); held.size > 0; held = this.heldPolicies()) {
      signal.throwIfAborted();
      let pauseMs = uninstallPauseMs;
      for (const uid of held.keys()) {
        const { retryAfterMs = 0 } = await this.release(uid, signal);
        pauseMs = Math.max(pauseMs, retryAfterMs);
      }
      if (this.heldPolicies().size > 0) await sleep(pauseMs, signal);
    }
  }

  /**
   * Finishes the record of what a killed process had announced: looks at the objects and writes none. A process calls it
   * when it starts, also one that only waits for its turn, for later the objects may have changed.
   *
   * @throws {ApiError} by status
   */
  async settleRecords(signal: AbortSignal): Promise<void> {
    await this.#writer.resolve(signal);
  }

  #effective(policy: PolicyInForce, wanted: Wanted): Wanted {
    const isOver = this.options.now() >= policy.periodEndsAtS * 1000;
    if (wanted === 'release' || (wanted === 'enforce' && isOver)) return 'release';
    if (enforcementActions(policy.spec).size === 0) return 'release';
    return policy.spec.dryRun === true ? 'preview' : wanted;
  }

  #plan(policy: PolicyInForce, cause: Cause): Plan {
    const { world, neverTouch = [] } = this.options;
    const spec = toScopeSpec(policy.spec);
    const scope = new ScopeView(spec, world, neverTouch);
    const treatment = toTreatment(scope, world);
    const wish: GuardWish = { policy, spec, scope, spared: treatment.spared, neverTouch };
    const fault = scope.tryFindFault() ?? this.#guards.tryFindFault(wish);
    return { policy, cause, wish, treatment, fault, findings: toFindings(scope, treatment) };
  }

  async #enforce(plan: Plan, signal: AbortSignal): Promise<EnforcementResult> {
    const { policy, cause, treatment } = plan;
    const waitMs = this.#graceLeftMs(policy);
    if (waitMs > 0 && !this.heldPolicies().has(policy.uid)) return this.#wait(plan, waitMs);
    this.#releasing.delete(policy.uid);
    const failures = new Failures();
    const refusal = await this.#deny(plan, failures, signal);
    if (refusal !== undefined) return this.#refuse({ ...plan, fault: refusal }, signal);
    const stops = enforcementActions(policy.spec).has('ScaleToZero');
    const keep = new Set(stops ? treatment.hold.map(({ uid }) => uid) : []);
    if (stops) await this.#stopper.hold(treatment, cause, failures, signal);
    const { remarks } = await this.#releaser.restore(cause, ({ uid }) => keep.has(uid), failures, signal);
    await this.#releaser.removePredecessors(cause, failures, signal);
    const isDenied = this.options.now() - (this.#deniedAtMs.get(policy.uid) ?? 0) >= denialMs;
    if (stops && isDenied) await this.#stopper.deletePods(treatment.pods, cause, failures, signal);
    signal.throwIfAborted();
    const left = (stops ? treatment.pods.length + treatment.running : 0) + (isDenied ? 0 : 1);
    return this.#enforced(plan, { failures, left, remarks, stops });
  }

  /** Denies new pods; returns why the API server refuses the rule, if it does. */
  async #deny(
    { wish, policy }: Plan,
    failures: Failures,
    signal: AbortSignal,
  ): Promise<Plan['fault'] | undefined> {
    try {
      const stood = await this.#guards.ensure(wish, signal);
      if (!stood || !this.#deniedAtMs.has(policy.uid)) this.#deniedAtMs.set(policy.uid, this.options.now());
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'INVALID') {
        return { reason: 'DenyNotExpressible', message: error.message };
      }
      await failures.attempt(() => Promise.reject(error as Error));
      return undefined;
    }
  }

  #enforced(
    plan: Plan,
    done: { failures: Failures; left: number; remarks: readonly ReleaseRemark[]; stops: boolean },
  ): EnforcementResult {
    const { policy, cause, treatment } = plan;
    const { failures, left } = done;
    const retryAfterMs = this.#retryAfter(policy.uid, failures) ?? (left > 0 ? drainMs : undefined);
    const held = this.#heldBy(cause);
    const drained = toAffectedObjects({ ...treatment, hold: [], pods: [] });
    const objects = [...held.map(toHeld), ...(done.stops ? drained : [])];
    return {
      state: failures.count === 0 && left === 0 ? 'enforced' : 'enforcing',
      objects: objects.slice(0, mostListed),
      objectCount: objects.length,
      message: failures.message,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      findings: [...plan.findings, ...toReleaseFindings(done.remarks)],
    };
  }

  #wait({ policy, findings }: Plan, waitMs: number): EnforcementResult {
    const at = new Date(this.options.now() + waitMs).toISOString();
    const grace: Finding = {
      type: 'GracePeriod',
      reason: 'Waiting',
      message: `above the ceiling; acts at ${at}, after spec.enforcement.gracePeriodSeconds`,
    };
    return {
      state: 'enforcing',
      objects: [],
      objectCount: 0,
      message: `policy '${policy.name}' acts at ${at}`,
      retryAfterMs: waitMs,
      findings: [...findings, grace],
    };
  }

  async #preview(plan: Plan, signal: AbortSignal): Promise<EnforcementResult> {
    const { state, ...release } = await this.#release(plan.cause, signal);
    if (state === 'releasing') return { state, ...release };
    const stops = enforcementActions(plan.policy.spec).has('ScaleToZero');
    const objects = stops ? toAffectedObjects(plan.treatment) : [];
    return {
      ...release,
      state: 'dry-run',
      objects: objects.slice(0, mostListed),
      objectCount: objects.length,
      findings: [...plan.findings, ...release.findings],
    };
  }

  /** A policy that cannot be carried out holds nothing: what it held before its spec was changed is released. */
  async #refuse({ cause, fault, findings }: Plan, signal: AbortSignal): Promise<EnforcementResult> {
    const release = await this.#release(cause, signal);
    const { reason = '', message = '' } = fault ?? {};
    return {
      ...release,
      state: 'refused',
      message,
      findings: [...findings, { type: 'Refused', reason, message }, ...release.findings],
    };
  }

  async #release(cause: Cause, signal: AbortSignal): Promise<EnforcementResult> {
    const { uid } = cause.holder;
    const failures = new Failures();
    this.#deniedAtMs.delete(uid);
    const pass = await this.#releaser.release(cause, failures, signal);
    signal.throwIfAborted();
    const wasReleasing = this.#releasing.has(uid);
    if (pass.isDone) this.#releasing.delete(uid);
    else this.#releasing.add(uid);
    const retryAfterMs = this.#retryAfter(uid, failures) ?? pass.retryAfterMs;
    const held = this.#heldBy(cause);
    return {
      state: releaseState(pass, wasReleasing),
      objects: held.slice(0, mostListed).map(toHeld),
      objectCount: held.length,
      message: failures.message,
      ...(!pass.isDone && { retryAfterMs }),
      findings: toReleaseFindings(pass.remarks),
    };
  }

  #heldBy({ holder }: Cause): Workload[] {
    const held = [...this.options.world.heldWorkloads()];
    return held.filter(
      (each) => each.owner?.kind !== 'Deployment' && each.owner?.kind !== 'Rollout' && isHeldBy(each, holder),
    );
  }

  #graceLeftMs({ exceededAtS, spec }: PolicyInForce): number {
    const graceS = spec.enforcement?.gracePeriodSeconds ?? 0;
    return (exceededAtS + graceS) * 1000 - this.options.now();
  }

  /** Growing pauses after failures, never shorter than what the server asked for. */
  #retryAfter(uid: string, failures: Failures): number | undefined {
    if (failures.count === 0) {
      this.#failed.delete(uid);
      return undefined;
    }
    const failed = (this.#failed.get(uid) ?? 0) + 1;
    this.#failed.set(uid, failed);
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failed - 1, 10));
    return Math.max(failures.retryAfterMs, Math.round(pauseMs * (0.75 + Math.random() / 2)));
  }
}

function releaseState(pass: ReleasePass, wasReleasing: boolean): EnforcementResult['state'] {
  if (!pass.isDone) return 'releasing';
  return wasReleasing ? 'released' : 'idle';
}

function toReleaseFindings(remarks: readonly ReleaseRemark[]): Finding[] {
  const told = (isShared: boolean): string =>
    remarks
      .filter((remark) => remark.isShared === isShared)
      .slice(0, mostTold)
      .map(({ text }) => text)
      .join('; ');
  const edited = { type: 'EditedMeanwhile', reason: 'KeptAsEdited', message: told(false) };
  const shared = { type: 'StillHeld', reason: 'HeldByOthers', message: told(true) };
  return [edited, shared].filter(({ message }) => message !== '');
}

function toCause(policy: PolicyInForce, wanted: Wanted, nowMs: number): Cause {
  const { uid, name, spec, spend, ceiling, currency } = policy;
  const holder = { uid, name, takesOver: true };
  if (wanted === 'enforce') {
    const armed = policy.armedBy === '' ? '' : `, armed by ${policy.armedBy}`;
    return {
      holder,
      reason: `${spend} ${currency} were spent, over the ceiling of ${ceiling} ${currency}${armed}`,
    };
  }
  if (nowMs >= policy.periodEndsAtS * 1000) return { holder, reason: 'the period ended' };
  if (spec.armed !== true) return { holder, reason: 'the policy is not armed' };
  if (spec.dryRun === true) return { holder, reason: 'the policy only reports' };
  return {
    holder,
    reason: `${spend} ${currency} are within the ceiling of ${ceiling} ${currency}, or the policy changed`,
  };
}
