import type { budget } from '@kubehero/rpc';
import type { Pod, Workload } from '../world/world-objects.js';
import type { Finding } from './enforcement-types.js';
import { heldFieldOf, type HeldField } from './hold.js';
import { some, type ScopeView } from './scope.js';
import type { Treatment } from './treatment.js';

const actions: Readonly<Record<HeldField, string>> = {
  replicas: 'Scaled',
  suspend: 'Suspended',
  minReplicas: 'Held',
  paused: 'Paused',
};

/** A workload or pod as a policy's status and its records name it. */
export function toAffected(object: Workload | Pod, action: string): budget.AffectedObject {
  const { apiVersion, kind, namespace, name, uid } = object;
  return { apiVersion, kind, namespace, name, uid, action };
}

/** A workload that is held, by what is done to it. */
export function toHeld(workload: Workload): budget.AffectedObject {
  const field = heldFieldOf(workload.kind);
  return toAffected(workload, field === undefined ? 'Reported' : actions[field]);
}

/** What a treatment stops or would stop. */
export function toAffectedObjects({ hold, drain, pods }: Treatment): readonly budget.AffectedObject[] {
  const bare = pods.filter(({ owner }) => owner === undefined);
  return [
    ...hold.map(toHeld),
    ...drain.map((workload) => toAffected(workload, 'PodsDeleted')),
    ...bare.map((pod) => toAffected(pod, 'PodsDeleted')),
  ];
}

/** What people must know of a treatment, before it is done and while it lasts. */
export function toFindings(scope: ScopeView, treatment: Treatment): Finding[] {
  const { hold, pods, drain, reported } = treatment;
  const jobs = hold.filter(({ kind }) => kind === 'Job');
  const cronJobs = hold.filter(({ kind }) => kind === 'CronJob');
  const bare = pods.filter(({ owner }) => owner === undefined);
  const losses = [
    jobs.length > 0 &&
      `suspending throws away the running work of ${countOf(jobs.length, 'Job')} (${names(jobs)})`,
    cronJobs.length > 0 &&
      `${countOf(cronJobs.length, 'CronJob')} (${names(cronJobs)}) will catch up a missed run when resumed`,
    bare.length > 0 && `${countOf(bare.length, 'pod')} without an owner (${names(bare)}) cannot be restored`,
  ].filter((each) => each !== false);
  const first = reported[0];
  const found: (Finding | false)[] = [
    losses.length > 0 && { type: 'Irreversible', reason: 'WorkIsLost', message: losses.join('; ') },
    drain.length > 0 && {
      type: 'SpecKept',
      reason: 'OwnedByGitOps',
      message: `somebody else keeps the spec of ${countOf(drain.length, 'workload')} (${names(drain)}): their pods are deleted and refused, the specs stay`,
    },
    first !== undefined && {
      type: 'LeftAlone',
      reason: 'OwnerUnknown',
      message: `${countOf(reported.length, 'object')} (${some(reported.map(({ workload }) => nameOf(workload)))}) cannot be stopped; ${nameOf(first.workload)}: ${first.why}`,
    },
    scope.untouched.length > 0 && {
      type: 'PartlyUntouched',
      reason: 'NamespacesProtected',
      message: `the scope also names namespaces that are never touched: ${some(scope.untouched)}`,
    },
    scope.namespaces.length === 0 && {
      type: 'ScopeEmpty',
      reason: 'NoNamespaceMatches',
      message: 'the scope matches no namespace of this cluster: nothing can be stopped here until one does',
    },
  ];
  return found.filter((each) => each !== false);
}

/** `kind namespace/name`. */
export function nameOf({
  kind,
  namespace,
  name,
}: Pick<Workload, 'namespace' | 'name'> & { readonly kind: string }): string {
  return `${kind} ${namespace}/${name}`;
}

function names(objects: readonly (Workload | Pod)[]): string {
  return some(objects.map(({ namespace, name }) => `${namespace}/${name}`));
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
