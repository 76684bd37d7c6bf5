import { annotationKeys } from '@kubehero/contract';
import type { ProjectionContext } from './projections.js';
import { controllerOf, isProtected, toWorldObject } from './projections.js';
import type { RawMetadata, RawObject, RawTemplate } from './raw-object.js';
import type { Workload, WorkloadKind } from './world-objects.js';

/** Annotation by which KEDA stops scaling, https://keda.sh/docs/latest/concepts/scaling-deployments/#pausing-autoscaling */
export const kedaPaused = 'autoscaling.keda.sh/paused';
/** Label by which Kueue takes charge of a Job, https://kueue.sigs.k8s.io/docs/tasks/run/jobs/ */
const kueueQueue = 'kueue.x-k8s.io/queue-name';
const jobController = 'kubernetes.io/job-controller';

/** Projects anything that owns pods or scales what does. */
export function toWorkload(
  raw: RawObject,
  context: ProjectionContext & { readonly kind: WorkloadKind },
): Workload {
  const { metadata, spec = {} } = raw;
  const { kind, interner } = context;
  const template = spec.template ?? spec.jobTemplate?.spec?.template;
  return {
    ...toWorldObject(raw, context),
    kind,
    labels: interner.labels(metadata?.labels),
    podLabels: interner.labels(template?.metadata?.labels),
    owner: controllerOf(metadata, interner),
    isProtected: isProtected(metadata) || isProtected(template?.metadata),
    held: metadata?.annotations?.[annotationKeys.held],
    isNudged: metadata?.annotations?.[annotationKeys.nudged] !== undefined,
    healedBy: healerOf(metadata),
    queuedBy: queueOf(kind, raw, template),
    ...wantedOf(kind, raw),
    target: targetOf(raw),
    isFinished: isFinished(raw),
    isTerminating: metadata?.deletionTimestamp !== undefined,
    wantedPods: wantedPodsOf(kind, raw),
  };
}

type WantedFields = Pick<Workload, 'replicas' | 'suspend' | 'minReplicas' | 'paused'>;

/** The fields that enforcement changes; null where the field may be there and is not. */
function wantedOf(kind: WorkloadKind, { metadata, spec = {} }: RawObject): WantedFields {
  const none = { replicas: undefined, suspend: undefined, minReplicas: undefined, paused: undefined };
  switch (kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'ReplicaSet':
    case 'Rollout':
      return { ...none, replicas: spec.replicas ?? null };
    case 'Job':
    case 'CronJob':
      return { ...none, suspend: spec.suspend ?? null };
    case 'HorizontalPodAutoscaler':
      return { ...none, minReplicas: spec.minReplicas ?? null };
    case 'ScaledObject':
      return { ...none, paused: metadata?.annotations?.[kedaPaused] ?? null };
    case 'DaemonSet':
      return none;
  }
}

/**
 * Who puts a spec back. `app.kubernetes.io/instance` was Argo CD's tracking label before 3.0 and is on everything that
 * Helm installs too, which marks it by an annotation: it counts only where the cluster has Argo CD.
 */
function healerOf(metadata: RawMetadata | undefined): Workload['healedBy'] {
  const { labels = {}, annotations = {} } = metadata ?? {};
  if (annotations['argocd.argoproj.io/tracking-id'] !== undefined) return 'Argo CD';
  if (labels['argocd.argoproj.io/instance'] !== undefined) return 'Argo CD';
  if (labels['kustomize.toolkit.fluxcd.io/name'] !== undefined) return 'Flux';
  const byHelm = annotations['meta.helm.sh/release-name'] !== undefined;
  return labels['app.kubernetes.io/instance'] !== undefined && !byHelm
    ? 'Argo CD by instance label'
    : undefined;
}

function queueOf(
  kind: WorkloadKind,
  { metadata, spec = {} }: RawObject,
  template: RawTemplate | undefined,
): string | undefined {
  const isQueued =
    metadata?.labels?.[kueueQueue] !== undefined || template?.metadata?.labels?.[kueueQueue] !== undefined;
  if (isQueued) return 'Kueue';
  if (kind !== 'Job') return undefined;
  return spec.managedBy === undefined || spec.managedBy === jobController ? undefined : spec.managedBy;
}

function targetOf({ spec = {} }: RawObject): Workload['target'] {
  const { kind = 'Deployment', name, apiVersion = 'apps/v1' } = spec.scaleTargetRef ?? {};
  return name === undefined ? undefined : { kind, name, apiVersion };
}

function isFinished({ status = {} }: RawObject): boolean {
  const ended = (status.conditions ?? []).filter(({ type }) => type === 'Complete' || type === 'Failed');
  return ended.some((condition) => condition.status === 'True');
}

function wantedPodsOf(kind: WorkloadKind, { spec = {}, status = {} }: RawObject): number {
  if (kind === 'Job') {
    if (spec.suspend === true) return 0;
    const parallelism = spec.parallelism ?? 1;
    const left = spec.completions == null ? parallelism : spec.completions - (status.succeeded ?? 0);
    return Math.max(0, Math.min(parallelism, left));
  }
  const isScaled = ['Deployment', 'Rollout', 'ReplicaSet', 'StatefulSet'].includes(kind);
  return isScaled ? (spec.replicas ?? 1) : 0;
}
