import { annotationKeys } from '@kubehero/contract';
import {
  type ProjectionContext,
  toEndpointSlice,
  toGuard,
  toNamespace,
  toNode,
  toPod,
  toService,
  toVolume,
} from './projections.js';
import type { RawObject } from './raw-object.js';
import { toWorkload } from './workload-projection.js';
import type { AnyObject, WorkloadKind, WorldKind } from './world-objects.js';

/** A collection of the API that is watched. */
export interface WatchedKind {
  readonly kind: WorldKind;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly labelSelector?: string;
  /** Not every API server serves it: watched while discovery finds it. */
  readonly isOptional?: boolean;
  readonly project: (raw: RawObject, context: ProjectionContext) => AnyObject;
}

function workload(
  kind: WorkloadKind,
  [group, version, plural]: readonly [string, string, string],
): WatchedKind {
  return { kind, group, version, plural, project: (raw, context) => toWorkload(raw, { ...context, kind }) };
}

const guards = { labelSelector: annotationKeys.budgetPolicy, project: toGuard };
const admission = { group: 'admissionregistration.k8s.io', version: 'v1', isOptional: true };

/** Everything that a world watches. */
export const watchedKinds: readonly WatchedKind[] = [
  { kind: 'Namespace', group: '', version: 'v1', plural: 'namespaces', project: toNamespace },
  { kind: 'Node', group: '', version: 'v1', plural: 'nodes', project: toNode },
  { kind: 'Pod', group: '', version: 'v1', plural: 'pods', project: toPod },
  { kind: 'PersistentVolume', group: '', version: 'v1', plural: 'persistentvolumes', project: toVolume },
  { kind: 'Service', group: '', version: 'v1', plural: 'services', project: toService },
  {
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    version: 'v1',
    plural: 'endpointslices',
    project: toEndpointSlice,
  },
  workload('Deployment', ['apps', 'v1', 'deployments']),
  workload('StatefulSet', ['apps', 'v1', 'statefulsets']),
  workload('ReplicaSet', ['apps', 'v1', 'replicasets']),
  workload('DaemonSet', ['apps', 'v1', 'daemonsets']),
  workload('Job', ['batch', 'v1', 'jobs']),
  workload('CronJob', ['batch', 'v1', 'cronjobs']),
  workload('HorizontalPodAutoscaler', ['autoscaling', 'v2', 'horizontalpodautoscalers']),
  { ...workload('ScaledObject', ['keda.sh', 'v1alpha1', 'scaledobjects']), isOptional: true },
  { ...workload('Rollout', ['argoproj.io', 'v1alpha1', 'rollouts']), isOptional: true },
  { kind: 'ResourceQuota', group: '', version: 'v1', plural: 'resourcequotas', ...guards },
  {
    kind: 'ValidatingAdmissionPolicy',
    plural: 'validatingadmissionpolicies',
    ...admission,
    ...guards,
  },
  {
    kind: 'ValidatingAdmissionPolicyBinding',
    plural: 'validatingadmissionpolicybindings',
    ...admission,
    ...guards,
  },
];

/** `group/version`, or `v1` for the core group. */
export function apiVersionOf({ group, version }: Pick<WatchedKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Path of the whole collection. */
export function collectionPath({ group, version, plural }: WatchedKind): string {
  return group === '' ? `/api/${version}/${plural}` : `/apis/${group}/${version}/${plural}`;
}

/** Path of one object; `namespace` is empty for objects of the whole cluster. */
export function objectPath(kind: WorldKind, namespace: string, name: string): string {
  const watched = watchedKinds.find((candidate) => candidate.kind === kind);
  if (watched === undefined) throw new Error(`no kind '${kind}' is watched`);
  const { group, version, plural } = watched;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespace === '' ? '' : `/namespaces/${namespace}`;
  return `${root}${within}/${plural}/${name === '' ? '' : encodeURIComponent(name)}`.replace(/\/$/, '');
}
