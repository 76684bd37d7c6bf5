import type { Action } from '../audit/action-record.js';
import { objectPath } from '../world/watched-kinds.js';
import type { Pod, Workload } from '../world/world-objects.js';
import { ApiError } from '@kubehero/kubernetes';
import { toAffected, toHeld } from './affected.js';
import { toStopChange, type Change } from './change.js';
import type { Failures } from './failures.js';
import { deleteOptions } from './guards.js';
import type { Holder } from './hold.js';
import { inParallel } from './in-parallel.js';
import type { RecordedWriter } from './recorded-writer.js';
import type { Treatment } from './treatment.js';

/** For whom and why something is done. */
export interface Cause {
  readonly holder: Holder;
  /** Sentence for the record. */
  readonly reason: string;
}

/** Kinds that are written together; each group waits for the one before. */
const groups: readonly (readonly Workload['kind'][])[] = [
  ['ScaledObject', 'HorizontalPodAutoscaler'],
  ['CronJob'],
  ['Deployment', 'Rollout', 'StatefulSet', 'ReplicaSet'],
  ['Job'],
];

/** Stops what a treatment says. */
export class Stopper {
  constructor(private readonly writer: RecordedWriter) {}

  /** Stops and holds; returns how many objects were written. */
  async hold(treatment: Treatment, cause: Cause, failures: Failures, signal: AbortSignal): Promise<number> {
    let written = 0;
    for (const kinds of groups) {
      const workloads = treatment.hold.filter(({ kind }) => kinds.includes(kind));
      await inParallel(
        workloads,
        (workload) =>
          failures.attempt(async () => {
            const compute = (current: Workload): { change: Change; action: Action } | undefined => {
              const change = toStopChange(current, cause.holder);
              return change && { change, action: toAction(current, change, cause) };
            };
            if (await this.writer.change(workload, compute, signal)) written += 1;
          }),
        () => signal.aborted || failures.mustPause,
      );
    }
    return written;
  }

  /** Deletes pods, each one exactly: a successor of the same name stays. Returns how many. */
  async deletePods(
    pods: readonly Pod[],
    cause: Cause,
    failures: Failures,
    signal: AbortSignal,
  ): Promise<number> {
    let deleted = 0;
    await inParallel(
      pods,
      (pod) =>
        failures.attempt(async () => {
          await this.#deletePod(pod, cause, signal);
          deleted += 1;
        }),
      () => signal.aborted || failures.mustPause,
    );
    return deleted;
  }

  async #deletePod(pod: Pod, { holder, reason }: Cause, signal: AbortSignal): Promise<void> {
    const { kind, namespace, name, uid } = pod;
    const owner = pod.owner === undefined ? 'no owner' : `${pod.owner.kind} ${pod.owner.name}`;
    try {
      await this.writer.write(
        {
          action: {
            policyUid: holder.uid,
            policyName: holder.name,
            action: 'DeletePods',
            object: toAffected(pod, 'PodsDeleted'),
            reason,
            beforeJson: JSON.stringify({ owner }),
            afterJson: '',
          },
          witness: { kind, namespace, name, uid, expects: 'gone' },
          write: { method: 'DELETE', path: objectPath(kind, namespace, name), body: deleteOptions(uid) },
        },
        signal,
      );
    } catch (error) {
      // Another pod has its name by now: the one that was meant is gone.
      if (!(error instanceof ApiError) || error.code !== 'CONFLICT') throw error;
    }
  }
}

/** The record of a change. */
export function toAction(workload: Workload, change: Change, { holder, reason }: Cause): Action {
  return {
    policyUid: holder.uid,
    policyName: holder.name,
    action: change.action,
    object: toHeld(workload),
    reason: change.remark === '' ? reason : `${reason}; ${change.remark}`,
    beforeJson: JSON.stringify(change.before),
    afterJson: JSON.stringify(change.after),
  };
}
