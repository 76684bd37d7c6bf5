import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { type Json, Part, type PartOptions, waves } from '../core/manifest.js';
import { formatBytes, formatMilliCpu, tryParseBytes, tryParseMilliCpu } from '../core/quantities.js';

/** Input of {@link ResourceQuotas}. */
export interface ResourceQuotasProps extends PartOptions {
  /** Construct whose pods are counted. */
  readonly of: Construct;
  /** Namespaces that hold nothing but pods of ours, all of them in a manifest. */
  readonly namespaces: readonly string[];
}

const resources = ['cpu', 'memory', 'ephemeral-storage'] as const;
type Resource = (typeof resources)[number];

interface Container {
  readonly resources?: Readonly<Record<'requests' | 'limits', Readonly<Partial<Record<Resource, string>>>>>;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
}

/**
 * A ResourceQuota for each namespace: as much as its pods ask for while everything is being updated at once. Worked out when
 * the manifests are written, so that overrides count.
 */
export class ResourceQuotas extends Part {
  constructor(scope: Construct, id: string, props: ResourceQuotasProps) {
    super(scope, id, props);
    for (const namespace of props.namespaces) {
      const quota = this.emit(
        `ResourceQuota-${namespace}`,
        { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'kubehero', namespace }, spec: {} },
        { wave: waves.policies },
      );
      quota.addLateOverride('spec.hard', () => hardOf(objectsIn(props.of, namespace)));
    }
  }
}

function objectsIn(construct: Construct, namespace: string): Json[] {
  return construct.node
    .findAll()
    .filter((node): node is ApiObject => ApiObject.isApiObject(node) && node.kind !== 'ResourceQuota')
    .map((object) => object.toJson() as Json)
    .filter((json) => (json['metadata'] as { namespace?: string }).namespace === namespace);
}

/** What the pods of some manifests may ask for together, by the names of a quota. */
export function hardOf(manifests: readonly Json[]): Record<string, string> {
  const peaks = manifests.flatMap((manifest) => {
    const peak = peakOf(manifest);
    return peak ? [peak] : [];
  });
  const sum = (kind: 'requests' | 'limits', resource: Resource): number =>
    peaks.reduce((total, { pods, spec }) => total + pods * askedBy(spec, kind, resource), 0);
  return {
    pods: String(peaks.reduce((total, { pods }) => total + pods, 0)),
    ...Object.fromEntries(
      (['limits', 'requests'] as const).flatMap((kind) =>
        resources.map((resource) => {
          const total = sum(kind, resource);
          return [`${kind}.${resource}`, resource === 'cpu' ? formatMilliCpu(total) : formatBytes(total)];
        }),
      ),
    ),
  };
}

/** Pods that a workload has at most: a pod that is replaced counts until it has ended, beside the one that follows. */
function peakOf(manifest: Json): { pods: number; spec: PodSpec } | undefined {
  const spec = manifest['spec'] as
    | { replicas?: number; strategy?: { type?: string }; template?: { spec: PodSpec }; jobTemplate?: Json }
    | undefined;
  switch (manifest['kind']) {
    case 'Deployment': {
      const replicas = spec?.replicas ?? 1;
      return (
        spec?.template && {
          pods: spec.strategy?.type === 'Recreate' ? replicas : 2 * replicas,
          spec: spec.template.spec,
        }
      );
    }
    case 'StatefulSet':
      return spec?.template && { pods: spec.replicas ?? 1, spec: spec.template.spec };
    case 'Job':
      return spec?.template && { pods: 1, spec: spec.template.spec };
    case 'CronJob':
      return {
        pods: 1,
        spec: (spec?.jobTemplate as { spec: { template: { spec: PodSpec } } }).spec.template.spec,
      };
    default:
      return undefined;
  }
}

/** Containers run together; init containers run one by one before them. */
function askedBy(spec: PodSpec, kind: 'requests' | 'limits', resource: Resource): number {
  const of = (container: Container): number => {
    const text = container.resources?.[kind][resource] ?? '';
    return (resource === 'cpu' ? tryParseMilliCpu(text) : tryParseBytes(text)) ?? 0;
  };
  const together = spec.containers.reduce((total, container) => total + of(container), 0);
  return Math.max(together, ...(spec.initContainers ?? []).map(of));
}
