import { annotationKeys } from '@kubehero/contract';
import type { Action } from '../audit/action-record.js';
import { objectPath } from '../world/watched-kinds.js';
import type { Workload } from '../world/world-objects.js';
import type { World } from '../world/world.js';
import { nameOf } from './affected.js';
import { toReleaseChange, toStripChange, type Change } from './change.js';
import type { Failures } from './failures.js';
import { tryFindGuardRecord } from './guard-record.js';
import type { Guards } from './guards.js';
import { holdersIn, isHeldBy, tryFindHold } from './hold.js';
import { inParallel } from './in-parallel.js';
import { fieldManager, type RecordedWriter } from './recorded-writer.js';
import { ScopeView } from './scope.js';
import { toAction, type Cause } from './stopper.js';

/** An object that was not simply restored. */
export interface ReleaseRemark {
  readonly isShared: boolean;
  /** One sentence. */
  readonly text: string;
}

/** What one pass of a release came to. */
export interface ReleasePass {
  /** Objects that were written. */
  readonly written: number;
  /** Nothing is left: no hold, no guard. */
  readonly isDone: boolean;
  /** Objects that were left as somebody set them, or stopped for others. */
  readonly remarks: readonly ReleaseRemark[];
  /** When to come back, ms; 0 when done. */
  readonly retryAfterMs: number;
}

/** How long the API server may go on denying after its policy is gone: it looks for changes once a second. */
const settleMs = 1200;
/** Waiting owners are woken up so often, in growing intervals: about a minute in all. */
const mostNudges = 7;
const longestNudgePauseMs = 15_000;

/** Autoscalers after what they scale. */
const lastKinds: readonly Workload['kind'][] = ['HorizontalPodAutoscaler', 'ScaledObject'];

/** Puts back what was stopped. */
export class Releaser {
  /** By policy: when its guards were first seen open by this process, and how often owners were woken up. */
  readonly #opened = new Map<string, { readonly atMs: number; nudges: number; nextMs: number }>();

  constructor(
    private readonly world: World,
    private readonly writer: RecordedWriter,
    private readonly guards: Guards,
    private readonly now: () => number,
  ) {}

  /** One pass of a whole release: opens the guards, restores, wakes owners up, removes the guards. */
  async release(cause: Cause, failures: Failures, signal: AbortSignal): Promise<ReleasePass> {
    const uids = this.#guardUidsOf(cause);
    let isOpen = true;
    for (const uid of uids) {
      await failures.attempt(async () => {
        isOpen = (await this.guards.open(uid, toUndeny(uid, cause), signal)) && isOpen;
      });
    }
    const { written, remarks } = await this.restore(cause, () => false, failures, signal);
    if (failures.count > 0) return { written, isDone: false, remarks, retryAfterMs: 0 };
    if (written > 0 || !isOpen) return { written, isDone: false, remarks, retryAfterMs: settleMs };
    for (const uid of uids) {
      const retryAfterMs = await this.#settle(uid, failures, signal);
      if (retryAfterMs > 0) return { written, isDone: false, remarks, retryAfterMs };
    }
    return { written, isDone: failures.count === 0, remarks, retryAfterMs: 0 };
  }

  /** Restores whatever a holder holds, except what `isKept` says. */
  async restore(
    cause: Cause,
    isKept: (workload: Workload) => boolean,
    failures: Failures,
    signal: AbortSignal,
  ): Promise<Pick<ReleasePass, 'written' | 'remarks'>> {
    const held = [...this.world.heldWorkloads()].filter(
      (each) => isHeldBy(each, cause.holder) && (this.#isCopy(each) || !isKept(each)),
    );
    const remarks: ReleaseRemark[] = [];
    let written = 0;
    const restoreOne = (workload: Workload, toChange: typeof toReleaseChange): Promise<void> =>
      failures.attempt(async () => {
        const compute = (current: Workload): { change: Change; action: Action } | undefined => {
          const change = toChange(current, cause.holder);
          return change && { change, action: toAction(current, change, cause) };
        };
        const change = await this.writer.change(workload, compute, signal);
        if (change === undefined) return;
        written += 1;
        if (change.remark === '' || toChange !== toReleaseChange) return;
        remarks.push({ isShared: change.isShared === true, text: `${nameOf(workload)}: ${change.remark}` });
      });
    const mustStop = (): boolean => signal.aborted || failures.mustPause;
    const own = held.filter((each) => !this.#isCopy(each));
    const isLast = ({ kind }: Workload): boolean => lastKinds.includes(kind);
    for (const part of [own.filter((each) => !isLast(each)), own.filter(isLast)])
      await inParallel(part, (each) => restoreOne(each, toReleaseChange), mustStop);
    const copies = held.filter((each) => this.#isCopy(each) && this.#isStale(each, cause));
    await inParallel(copies, (each) => restoreOne(each, toStripChange), mustStop);
    return { written, remarks };
  }

  /** Removes guards that an earlier policy of the same name left, now that this one has its own. */
  async removePredecessors(cause: Cause, failures: Failures, signal: AbortSignal): Promise<void> {
    for (const uid of this.#guardUidsOf(cause).filter((each) => each !== cause.holder.uid)) {
      await failures.attempt(async () => {
        await this.guards.open(uid, toUndeny(uid, cause), signal);
        await this.guards.remove(uid, signal);
      });
    }
  }

  /** UIDs of the policies for which guards stand that are a holder's. */
  #guardUidsOf({ holder }: Cause): string[] {
    const records = [...this.world.guards()].map(tryFindGuardRecord).filter((each) => each !== undefined);
    const mine = records.filter(({ name }) => holder.takesOver && name === holder.name).map(({ uid }) => uid);
    return [...new Set([holder.uid, ...mine])];
  }

  #isCopy({ kind, owner }: Workload): boolean {
    return kind === 'ReplicaSet' && (owner?.kind === 'Deployment' || owner?.kind === 'Rollout');
  }

  /** A copy that names a holder which the original does not name (any more). */
  #isStale(copy: Workload, { holder }: Cause): boolean {
    const { kind, uid } = copy.owner ?? { kind: '', uid: '' };
    const original = this.world.tryFind(kind as Workload['kind'], uid) as Workload | undefined;
    const now = (original && tryFindHold(original)?.policies) ?? {};
    return holdersIn(tryFindHold(copy)?.policies ?? {}, holder).some((each) => !(each in now));
  }

  /** Wakes up the owners that the guard kept waiting, then removes it. Returns when to come back, 0 when it is gone. */
  async #settle(uid: string, failures: Failures, signal: AbortSignal): Promise<number> {
    const guards = this.guards.of(uid);
    if (guards.length === 0) {
      this.#opened.delete(uid);
      return 0;
    }
    const now = this.now();
    const opened = this.#opened.get(uid) ?? { atMs: now, nudges: 0, nextMs: now + settleMs };
    this.#opened.set(uid, opened);
    if (now < opened.nextMs) return opened.nextMs - now;
    const covered = this.#coveredBy(guards.map(tryFindGuardRecord).find((each) => each !== undefined)?.spec);
    const waiting = this.#waitingAmong(covered);
    if (waiting.length > 0 && opened.nudges < mostNudges) {
      opened.nudges += 1;
      opened.nextMs = now + Math.min(longestNudgePauseMs, settleMs * 2 ** (opened.nudges - 1));
      await this.#nudge(
        waiting.filter(({ kind }) => kind !== 'Deployment'),
        failures,
        signal,
      );
      return opened.nextMs - now;
    }
    await this.#nudge(
      covered.filter(({ isNudged }) => isNudged),
      failures,
      signal,
    );
    if (failures.count > 0) return settleMs;
    await failures.attempt(() => this.guards.remove(uid, signal));
    if (failures.count === 0) this.#opened.delete(uid);
    return failures.count === 0 ? 0 : settleMs;
  }

  /**
   * Owners with fewer pods than they want, counted by the pods themselves, for a status is as old as its controller is
   * busy. A Deployment whose ReplicaSet is not scaled yet waits too.
   */
  #waitingAmong(covered: readonly Workload[]): Workload[] {
    const pods = new Map<string, number>();
    const count = (uid: string): void => void pods.set(uid, (pods.get(uid) ?? 0) + 1);
    for (const namespace of new Set(covered.map((each) => each.namespace))) {
      for (const { owner, isTerminating, isFinished } of this.world.pods(namespace)) {
        if (owner === undefined || isTerminating || isFinished) continue;
        count(owner.uid);
        const replicaSet = this.world.tryFind('ReplicaSet', owner.uid) as Workload | undefined;
        if (replicaSet?.owner !== undefined) count(replicaSet.owner.uid);
      }
    }
    return covered.filter(
      ({ kind, uid, wantedPods, held, isTerminating, isFinished }) =>
        // Who makes the pods of a Rollout may not be installed.
        kind !== 'Rollout' &&
        wantedPods > (pods.get(uid) ?? 0) &&
        held === undefined &&
        !isTerminating &&
        !isFinished,
    );
  }

  /** A controller in back-off looks again when its object changes: the mark comes and goes by turns. */
  async #nudge(workloads: readonly Workload[], failures: Failures, signal: AbortSignal): Promise<void> {
    await inParallel(
      workloads,
      (workload) =>
        failures.attempt(async () => {
          const { kind, namespace, name, uid } = workload;
          const mark = workload.isNudged ? null : new Date(this.now()).toISOString();
          await this.writer.writeUnrecorded(
            workload,
            {
              method: 'PATCH',
              path: `${objectPath(kind, namespace, name)}?fieldManager=${fieldManager}`,
              contentType: 'application/merge-patch+json',
              body: { metadata: { uid, annotations: { [annotationKeys.nudged]: mark } } },
            },
            signal,
          );
        }),
      () => signal.aborted || failures.mustPause,
    );
  }

  #coveredBy(spec: ConstructorParameters<typeof ScopeView>[0] | undefined): Workload[] {
    if (spec === undefined) return [];
    const scope = new ScopeView(spec, this.world);
    return scope.namespaces.flatMap(({ name }) =>
      [...this.world.workloads(name)].filter((each) => scope.covers(each)),
    );
  }
}

function toUndeny(uid: string, { holder, reason }: Cause): Omit<Action, 'object'> {
  return { policyUid: uid, policyName: holder.name, action: 'Undeny', reason, beforeJson: '', afterJson: '' };
}
