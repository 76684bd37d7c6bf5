import type { Workload, WorkloadKind } from '../world/world-objects.js';

/** Value of the one field by which a kind is stopped; null where it is left out. */
export type HeldValue = number | boolean | string | null;

/**
 * What enforcement did to an object, as an annotation on the object itself and in the same write: the one truth about
 * it. Policies are there by UID with their names, so that a recreated one (another UID, the same name) finds its work.
 */
export interface Hold {
  readonly version: 1;
  readonly policies: Readonly<Record<string, string>>;
  /** Value before, which a release restores. */
  readonly was: HeldValue;
  /** Value that was set; another one now means that somebody changed it since. */
  readonly set: HeldValue;
  /** How often somebody changed it back while it was held. */
  readonly edits: number;
}

/** After so many edits of a held object its value is left to whoever makes them; its pods are deleted instead. */
export const mostEdits = 3;

/** The field by which a kind is stopped. */
export type HeldField = 'replicas' | 'suspend' | 'minReplicas' | 'paused';

const fields: Readonly<Partial<Record<WorkloadKind, HeldField>>> = {
  Deployment: 'replicas',
  StatefulSet: 'replicas',
  ReplicaSet: 'replicas',
  Rollout: 'replicas',
  Job: 'suspend',
  CronJob: 'suspend',
  HorizontalPodAutoscaler: 'minReplicas',
  ScaledObject: 'paused',
};

const stoppedValues: Readonly<Record<HeldField, HeldValue>> = {
  replicas: 0,
  suspend: true,
  // An autoscaler whose minimum is not zero leaves a target alone that stands at zero.
  minReplicas: 1,
  paused: 'true',
};

/** The field by which a kind is stopped, undefined for a DaemonSet. */
export function heldFieldOf(kind: WorkloadKind): HeldField | undefined {
  return fields[kind];
}

/** The value that stops. */
export function stoppedValueOf(field: HeldField): HeldValue {
  return stoppedValues[field];
}

/** The value that an object has now. */
export function valueOf(workload: Workload, field: HeldField): HeldValue {
  return workload[field] ?? null;
}

/** True where a value lets pods run. */
export function isRunning(field: HeldField, value: HeldValue): boolean {
  switch (field) {
    case 'replicas':
      return (value ?? 1) !== 0;
    case 'suspend':
      return value !== true;
    case 'minReplicas':
      return value === 0;
    case 'paused':
      return value !== 'true';
  }
}

const parsed = new WeakMap<Workload, Hold | 'none'>();

/** The record on an object, undefined where there is none or it is none of ours. Each projection is read once. */
export function tryFindHold(workload: Workload): Hold | undefined {
  if (workload.held === undefined) return undefined;
  const known = parsed.get(workload) ?? tryParseHold(workload.held) ?? 'none';
  parsed.set(workload, known);
  return known === 'none' ? undefined : known;
}

/** Reads the annotation; undefined where there is none or it is none of ours. */
function tryParseHold(text: string): Hold | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Somebody wrote something else there: it is no record, and its reader says so.
    return undefined;
  }
  return isHold(value) ? value : undefined;
}

/** Writes the annotation; equal holds have equal texts. */
export function formatHold({ policies, was, set, edits }: Hold): string {
  const sorted = Object.fromEntries(Object.entries(policies).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ version: 1, policies: sorted, was, set, edits });
}

/** Whom an action is done for. */
export interface Holder {
  readonly uid: string;
  readonly name: string;
  /** True where whatever an earlier policy of this name holds counts as held by this one. */
  readonly takesOver: boolean;
}

/** UIDs under which a hold is a holder's. */
export function holdersIn(policies: Readonly<Record<string, string>>, holder: Holder): string[] {
  return Object.entries(policies)
    .filter(([uid, name]) => uid === holder.uid || (holder.takesOver && name === holder.name))
    .map(([uid]) => uid);
}

/** True where an object's record names the holder. */
export function isHeldBy(workload: Workload, holder: Holder): boolean {
  const hold = tryFindHold(workload);
  return hold !== undefined && holdersIn(hold.policies, holder).length > 0;
}

function isHold(value: unknown): value is Hold {
  if (typeof value !== 'object' || value === null) return false;
  const { version, policies, was, set, edits } = value as Partial<Record<keyof Hold, unknown>>;
  return (
    version === 1 &&
    typeof policies === 'object' &&
    policies !== null &&
    Object.values(policies).every((each) => typeof each === 'string') &&
    isHeldValue(was) &&
    isHeldValue(set) &&
    typeof edits === 'number'
  );
}

function isHeldValue(value: unknown): value is HeldValue {
  return value === null || ['number', 'boolean', 'string'].includes(typeof value);
}
