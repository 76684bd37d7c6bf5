import { annotationKeys } from '@kubehero/contract';
import type { ActionName } from '../audit/action-record.js';
import { kedaPaused } from '../world/workload-projection.js';
import type { Workload } from '../world/world-objects.js';
import {
  formatHold,
  heldFieldOf,
  holdersIn,
  isRunning,
  mostEdits,
  stoppedValueOf,
  tryFindHold,
  valueOf,
  type HeldField,
  type HeldValue,
  type Hold,
  type Holder,
} from './hold.js';

/** One write to one object: a merge patch with what it means. */
export interface Change {
  readonly patch: Readonly<Record<string, unknown>>;
  readonly action: ActionName;
  /** The annotation that the write leaves, by which one can tell whether it was done. */
  readonly mark: string | null;
  readonly before: HeldValue;
  readonly after: HeldValue;
  /** What happened besides the wish, for the record and the policy's conditions; empty where nothing did. */
  readonly remark: string;
  /** True for an object that other policies still hold. */
  readonly isShared?: boolean;
}

const stopActions: Readonly<Record<HeldField, ActionName>> = {
  replicas: 'Scale',
  suspend: 'Suspend',
  minReplicas: 'Pause',
  paused: 'Pause',
};

const releaseActions: Readonly<Record<HeldField, ActionName>> = {
  replicas: 'Restore',
  suspend: 'Resume',
  minReplicas: 'Unpause',
  paused: 'Unpause',
};

/**
 * What is missing for an object to be stopped and held, or undefined. An object that somebody started while it was held
 * is stopped again, and what they set is what a release will restore.
 */
export function toStopChange(workload: Workload, holder: Holder): Change | undefined {
  const field = stoppableField(workload);
  if (field === undefined) return undefined;
  const value = valueOf(workload, field);
  const hold = tryFindHold(workload);
  const next = nextHold(hold, { field, value, holder });
  if (formatHold(next) === workload.held) return undefined;
  // The value of a contested object is its editor's: another policy that holds it too must not bring an old one back.
  const isStopped = next.edits < mostEdits && next.set !== value;
  return {
    patch: patchOf({ field, annotation: formatHold(next), ...(isStopped && { value: next.set }) }),
    action: stopActions[field],
    mark: formatHold(next),
    before: value,
    after: isStopped ? next.set : value,
    remark: hold !== undefined && isStopped ? 'it was changed while it was held' : '',
  };
}

/** The field by which an object is to be stopped or stays so; undefined where it ends by itself, or does not run. */
function stoppableField(workload: Workload): HeldField | undefined {
  const field = heldFieldOf(workload.kind);
  if (field === undefined || workload.isTerminating || workload.isFinished) return undefined;
  return tryFindHold(workload) === undefined && !isRunning(field, valueOf(workload, field))
    ? undefined
    : field;
}

/** What is missing for an object not to be held by a holder any more, or undefined. */
export function toReleaseChange(workload: Workload, holder: Holder): Change | undefined {
  const field = heldFieldOf(workload.kind);
  const hold = tryFindHold(workload);
  if (field === undefined || hold === undefined) return undefined;
  const leaving = holdersIn(hold.policies, holder);
  if (leaving.length === 0) return undefined;
  const value = valueOf(workload, field);
  const action = releaseActions[field];
  const policies = without(hold.policies, leaving);
  const others = Object.values(policies);
  if (others.length > 0) {
    return {
      patch: patchOf({ field, annotation: formatHold({ ...hold, policies }) }),
      action,
      mark: formatHold({ ...hold, policies }),
      before: value,
      after: value,
      remark: `it stays stopped for ${others.join(', ')}`,
      isShared: true,
    };
  }
  const isOurs = value === hold.set && hold.edits < mostEdits;
  const restored = isOurs ? hold.was : value;
  return {
    patch: patchOf({ field, annotation: null, ...(restored !== value && { value: restored }) }),
    action,
    mark: null,
    before: value,
    after: restored,
    remark: isOurs ? '' : `it was changed while it was held and is left as it is: ${field} ${String(value)}`,
  };
}

/**
 * What is missing for a copy of the record to be gone, or undefined: the controller of a Deployment or Rollout copies
 * annotations to the ReplicaSets that it makes, and never takes them away.
 */
export function toStripChange(copy: Workload, holder: Holder): Change | undefined {
  const hold = tryFindHold(copy);
  if (hold === undefined || holdersIn(hold.policies, holder).length === 0) return undefined;
  return {
    patch: { metadata: { annotations: { [annotationKeys.held]: null } } },
    action: 'Restore',
    mark: null,
    before: copy.replicas ?? null,
    after: copy.replicas ?? null,
    remark: 'a copy of the record was removed',
  };
}

/** True for an object whose value is left to whoever keeps changing it. */
export function isContested(workload: Workload): boolean {
  return (tryFindHold(workload)?.edits ?? 0) >= mostEdits;
}

interface HoldInput {
  readonly field: HeldField;
  readonly value: HeldValue;
  readonly holder: Holder;
}

function nextHold(hold: Hold | undefined, { field, value, holder }: HoldInput): Hold {
  const stopped = stoppedValueOf(field);
  if (hold === undefined) {
    return { version: 1, policies: { [holder.uid]: holder.name }, was: value, set: stopped, edits: 0 };
  }
  const kept = without(hold.policies, holdersIn(hold.policies, holder));
  const policies = { ...kept, [holder.uid]: holder.name };
  if (value === hold.set || hold.edits >= mostEdits) return { ...hold, policies };
  const edits = Math.min(hold.edits + 1, mostEdits);
  if (edits >= mostEdits) return { version: 1, policies, was: value, set: value, edits };
  return { version: 1, policies, was: value, set: isRunning(field, value) ? stopped : value, edits };
}

function without(
  policies: Readonly<Record<string, string>>,
  uids: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(policies).filter(([uid]) => !uids.includes(uid)));
}

interface PatchInput {
  readonly field: HeldField;
  readonly annotation: string | null;
  readonly value?: HeldValue;
}

function patchOf({ field, annotation, value }: PatchInput): Change['patch'] {
  const annotations = { [annotationKeys.held]: annotation };
  if (value === undefined) return { metadata: { annotations } };
  if (field === 'paused') return { metadata: { annotations: { ...annotations, [kedaPaused]: value } } };
  return { metadata: { annotations }, spec: { [field]: value } };
}
