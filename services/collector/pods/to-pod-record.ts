import { parseQuantity, QuantityError } from '@kubehero/kubernetes';
import type { ContainerRecord, PodRecord } from './identities.js';
import type { ContainerSpec, ContainerStatus, PodObject } from './pod-object.js';
import { findWorkloadOwner } from './workload-owner.js';

const containerIdPattern = /^[a-z0-9-]+:\/\/([0-9a-f]{64})$/;
const gpuPattern = /(?:^|\.)[a-z0-9-]+\/(?:gpu|mig-.+)$/;
const largestUInt32 = 0xffffffff;

/** What is kept of a pod; undefined for an object that is no pod. */
export function toPodRecord(pod: PodObject): PodRecord | undefined {
  const { uid, name, namespace, labels = {}, ownerReferences = [] } = pod.metadata ?? {};
  if (uid === undefined || name === undefined || namespace === undefined) return undefined;
  const owner = findWorkloadOwner(ownerReferences, labels);
  return {
    uid,
    name,
    namespace,
    labels,
    workloadKind: owner.kind,
    workload: owner.name,
    containers: toContainers(pod),
  };
}

/** Uid under which kubelet made the pod's cgroup: that of a static pod is the hash of its file. */
export function cgroupUidOf(pod: PodObject): string | undefined {
  return pod.metadata?.annotations?.['kubernetes.io/config.hash'] ?? pod.metadata?.uid;
}

function toContainers({ spec = {}, status = {} }: PodObject): ContainerRecord[] {
  const specs = [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  const statuses = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  return specs.flatMap((container) => {
    const record = { name: container.name ?? '', ...toResources(container) };
    const ids = containerIds(statuses.find((candidate) => candidate.name === container.name));
    return ids.length === 0 ? [record] : ids.map((containerId) => ({ ...record, containerId }));
  });
}

/** The running one and the one before it: after a restart both may have used time in the same second. */
function containerIds(status: ContainerStatus | undefined): string[] {
  return [status?.containerID, status?.lastState?.terminated?.containerID].flatMap(
    (text) => containerIdPattern.exec(text ?? '')?.[1] ?? [],
  );
}

function toResources({ resources = {} }: ContainerSpec): Omit<ContainerRecord, 'name' | 'containerId'> {
  const { limits = {} } = resources;
  // A request that is left out is the limit (Kubernetes: "Resource Management for Pods and Containers").
  const requests = { ...limits, ...resources.requests };
  return {
    cpuRequestMillicores: Math.min(largestUInt32, toNumber(requests['cpu'], 3)),
    memoryRequestBytes: toNumber(requests['memory'], 0),
    gpuRequest: countGpus(requests),
    cpuLimitMillicores: Math.min(largestUInt32, toNumber(limits['cpu'], 3)),
    memoryLimitBytes: toNumber(limits['memory'], 0),
  };
}

/** Whole GPUs among resources, whatever the vendor. */
export function countGpus(resources: Readonly<Record<string, string>>): number {
  return Object.entries(resources).reduce(
    (sum, [name, quantity]) => sum + (gpuPattern.test(name) ? toNumber(quantity, 0) : 0),
    0,
  );
}

/** A quantity that the API accepted but we cannot read counts as none. */
export function toNumber(quantity: string | undefined, decimals: number): number {
  if (quantity === undefined) return 0;
  try {
    return Math.min(Number.MAX_SAFE_INTEGER, Number(parseQuantity(quantity, decimals)));
  } catch (error) {
    if (error instanceof QuantityError) return 0;
    throw error;
  }
}
