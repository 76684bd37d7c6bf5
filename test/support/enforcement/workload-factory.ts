import type { ManifestObject } from '../cluster/apply.js';

/** What of a workload differs from test to test. */
export interface WorkloadInput {
  readonly namespace: string;
  readonly name: string;
  readonly replicas?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of its pods besides `app`. */
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly podAnnotations?: Readonly<Record<string, string>>;
}

const containers = [
  { name: 'main', image: 'registry.example/app:1', resources: { requests: { cpu: '10m', memory: '16Mi' } } },
];

function template(input: WorkloadInput, spec: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    metadata: {
      labels: { app: input.name, ...input.podLabels },
      ...(input.podAnnotations && { annotations: input.podAnnotations }),
    },
    spec: { containers, terminationGracePeriodSeconds: 0, ...spec },
  };
}

function metadata({
  namespace,
  name,
  labels = {},
  annotations = {},
}: WorkloadInput): ManifestObject['metadata'] {
  return { namespace, name, labels, annotations } as ManifestObject['metadata'];
}

function scalable(kind: string, apiVersion: string, input: WorkloadInput): ManifestObject {
  return {
    apiVersion,
    kind,
    metadata: metadata(input),
    spec: {
      replicas: input.replicas ?? 2,
      selector: { matchLabels: { app: input.name } },
      template: template(input),
      ...(kind === 'StatefulSet' && { serviceName: input.name, podManagementPolicy: 'Parallel' }),
    },
  };
}

export const deployment = (input: WorkloadInput): ManifestObject => scalable('Deployment', 'apps/v1', input);
export const statefulSet = (input: WorkloadInput): ManifestObject =>
  scalable('StatefulSet', 'apps/v1', input);
export const replicaSet = (input: WorkloadInput): ManifestObject => scalable('ReplicaSet', 'apps/v1', input);
export const rollout = (input: WorkloadInput): ManifestObject =>
  scalable('Rollout', 'argoproj.io/v1alpha1', input);

export function daemonSet(input: WorkloadInput): ManifestObject {
  const selector = { matchLabels: { app: input.name } };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata(input),
    spec: { selector, template: template(input) },
  };
}

export function job(input: WorkloadInput): ManifestObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(input),
    spec: { parallelism: input.replicas ?? 2, template: template(input, { restartPolicy: 'Never' }) },
  };
}

export function cronJob(input: WorkloadInput): ManifestObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadata(input),
    spec: {
      schedule: '0 3 * * *',
      jobTemplate: { spec: { template: template(input, { restartPolicy: 'Never' }) } },
    },
  };
}

export function pod(input: WorkloadInput): ManifestObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    ...template(input),
    metadata: {
      ...metadata(input),
      labels: { app: input.name, ...input.podLabels },
    } as ManifestObject['metadata'],
  };
}

/** An autoscaler of a Deployment of the same name. */
export function autoscaler(input: WorkloadInput & { readonly minReplicas: number }): ManifestObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(input),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: input.name },
      minReplicas: input.minReplicas,
      maxReplicas: 5,
      metrics: [
        {
          type: 'Object',
          object: {
            metric: { name: 'queue' },
            describedObject: { kind: 'Service', name: 'none' },
            target: { type: 'Value', value: '1' },
          },
        },
      ],
    },
  };
}

/** A ScaledObject of KEDA for a Deployment of the same name. */
export function scaledObject(input: WorkloadInput): ManifestObject {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: metadata(input),
    spec: { scaleTargetRef: { name: input.name } },
  };
}

/** A definition of a kind whose controller is not installed, which takes any spec. */
export function looseDefinition([group, version, plural, kind]: readonly [
  string,
  string,
  string,
  string,
]): ManifestObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
}
