import { annotationKeys } from '@kubehero/contract';
import { parseQuantity, QuantityError, type ApiObject } from '@kubehero/kubernetes';
import type { telemetry } from '@kubehero/rpc';

type Texts = Readonly<Record<string, string>>;

interface Metadata {
  readonly uid?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly ownerReferences?: readonly {
    readonly kind?: string;
    readonly name?: string;
    readonly controller?: boolean;
  }[];
}

/** The parts of a Node of the API that a simulation reads. */
export interface NodeObject extends ApiObject {
  readonly metadata?: Metadata;
  readonly spec?: { readonly providerID?: string };
  readonly status?: {
    readonly capacity?: Texts;
    readonly conditions?: readonly { readonly type?: string; readonly status?: string }[];
  };
}

/** The parts of a Pod of the API that a simulation reads. */
export interface PodObject extends ApiObject {
  readonly metadata?: Metadata;
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly {
      readonly name?: string;
      readonly resources?: { readonly requests?: Texts; readonly limits?: Texts };
    }[];
  };
  readonly status?: { readonly phase?: string };
}

const OUR_ANNOTATIONS = 'kubehero.io/';
const GPU_RESOURCE = /(?:^|\.)[a-z0-9-]+\/gpu$/;
/** A CronJob's Job is named after it and the scheduled minute. */
const JOB_OF_CRON = /^(.+)-\d{8,10}$/;

/** A quantity in units of 10^-decimals; one that cannot be read counts as none. */
function toNumber(quantity: string | undefined, decimals: number): number {
  if (quantity === undefined) return 0;
  try {
    return Math.min(Number.MAX_SAFE_INTEGER, Number(parseQuantity(quantity, decimals)));
  } catch (error) {
    if (error instanceof QuantityError) return 0;
    throw error;
  }
}

function countGpus(resources: Texts): number {
  const counts = Object.entries(resources).filter(([name]) => GPU_RESOURCE.test(name));
  return counts.reduce((sum, [, quantity]) => sum + toNumber(quantity, 0), 0);
}

/** True where the node's kubelet reports: only such a node could have a collector that measures. */
export function isReady(node: NodeObject): boolean {
  return (
    node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
    false
  );
}

/** The node a running pod is on; undefined for pods that do not run. */
export function runningOn(pod: PodObject): string | undefined {
  return pod.status?.phase === 'Running' ? pod.spec?.nodeName : undefined;
}

/** What a simulation adds to what the API says of a node. */
export interface NodeExtras {
  readonly bootId: string;
  readonly bootedAtS: number;
  /** Where the node carries no usable price itself. */
  readonly pricePerHour: string;
}

/** A node as the protocol describes it. */
export function toNodeSpec(node: NodeObject, extras: NodeExtras): telemetry.NodeSpecInput {
  const { name, labels, annotations } = node.metadata ?? {};
  const capacity = node.status?.capacity ?? {};
  const ours = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith(OUR_ANNOTATIONS));
  return {
    name: name ?? '',
    providerId: node.spec?.providerID ?? '',
    bootId: extras.bootId,
    bootedAtS: extras.bootedAtS,
    labels: labels ?? {},
    annotations: { ...Object.fromEntries(ours), [annotationKeys.pricePerHour]: extras.pricePerHour },
    cpuCapacityMillicores: toNumber(capacity['cpu'], 3),
    memoryCapacityBytes: toNumber(capacity['memory'], 0),
    gpuCapacity: countGpus(capacity),
  };
}

function toWorkload(metadata: Metadata): { workloadKind: string; workload: string } {
  const owners = metadata.ownerReferences ?? [];
  const owner = owners.find((candidate) => candidate.controller === true) ?? owners[0];
  const { kind = '', name = '' } = owner ?? {};
  if (kind === '' || kind === 'Node') return { workloadKind: '', workload: '' };
  const hash = metadata.labels?.['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) {
    return { workloadKind: 'Deployment', workload: name.slice(0, -hash.length - 1) };
  }
  const cronJob = kind === 'Job' ? JOB_OF_CRON.exec(name)?.[1] : undefined;
  return cronJob === undefined
    ? { workloadKind: kind, workload: name }
    : { workloadKind: 'CronJob', workload: cronJob };
}

/** An identity with the numbers that usage is made of. */
export interface ContainerUsage {
  readonly identity: telemetry.ContainerIdentityInput;
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
}

/** The containers of a pod, each using what it requests (a missing request is the limit, as Kubernetes has it). */
export function toContainers(pod: PodObject): readonly ContainerUsage[] {
  const metadata = pod.metadata ?? {};
  return (pod.spec?.containers ?? []).map((container) => {
    const limits = container.resources?.limits ?? {};
    const requests = { ...limits, ...container.resources?.requests };
    const cpuMillicores = toNumber(requests['cpu'], 3);
    const memoryBytes = toNumber(requests['memory'], 0);
    return {
      cpuMillicores,
      memoryBytes,
      identity: {
        kind: 'IDENTITY_KIND_CONTAINER',
        podUid: metadata.uid ?? '',
        namespace: metadata.namespace ?? '',
        pod: metadata.name ?? '',
        container: container.name ?? '',
        ...toWorkload(metadata),
        labels: metadata.labels ?? {},
        cpuRequestMillicores: cpuMillicores,
        memoryRequestBytes: memoryBytes,
        gpuRequest: countGpus(requests),
        cpuLimitMillicores: toNumber(limits['cpu'], 3),
        memoryLimitBytes: toNumber(limits['memory'], 0),
      },
    };
  });
}
