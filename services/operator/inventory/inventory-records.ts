import type { inventory } from '@kubehero/rpc';
import type { Node, Namespace, Service, Volume, World, Workload } from '../enforcement/index.js';

/** Kinds of objects that an inventory names, as the report's fields do. */
export type InventoryKind = 'nodes' | 'namespaces' | 'owners' | 'volumes' | 'services';

/** Kinds in the order in which they are listed: what others refer to comes first. */
export const inventoryKinds = ['nodes', 'namespaces', 'owners', 'volumes', 'services'] as const;

/** A record with what tells whether it may have changed. */
export interface Entry<Kind extends InventoryKind = InventoryKind> {
  readonly uid: string;
  readonly record: () => NonNullable<inventory.InventoryReportInput[Kind]>[number];
}

/** Kinds that own pods but are owned themselves stand for nothing of their own. */
const ownKinds = new Set([
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Rollout',
]);

type Inventoried = Pick<
  World,
  'nodes' | 'namespaces' | 'workloads' | 'volumes' | 'services' | 'endpointSlices'
>;

const sources: Readonly<Record<InventoryKind, (world: Inventoried) => Iterable<Entry>>> = {
  nodes: (world) => each(world.nodes(), toNode),
  namespaces: (world) => each(world.namespaces(), toNamespace),
  owners: (world) => each(owners(world), toOwner),
  volumes: (world) => each(world.volumes(), toVolume),
  services,
};

/** Everything of a kind that the cluster holds now. */
export function entriesOf(world: Inventoried, kind: InventoryKind): Iterable<Entry> {
  return sources[kind](world);
}

function* each<T extends { readonly uid: string }>(
  objects: Iterable<T>,
  toRecord: (object: T) => ReturnType<Entry['record']>,
): Iterable<Entry> {
  for (const object of objects) yield { uid: object.uid, record: () => toRecord(object) };
}

function* owners(world: Inventoried): Iterable<Workload> {
  for (const workload of world.workloads()) if (isOwner(workload)) yield workload;
}

function* services(world: Inventoried): Iterable<Entry> {
  const addresses = new Map<string, string[]>();
  for (const slice of world.endpointSlices()) {
    const key = `${slice.namespace}/${slice.service}`;
    addresses.set(key, [...(addresses.get(key) ?? []), ...slice.addresses]);
  }
  for (const service of world.services()) {
    const behind = addresses.get(`${service.namespace}/${service.name}`) ?? [];
    yield { uid: service.uid, record: () => toService(service, behind) };
  }
}

function isOwner(workload: Workload): boolean {
  if (!ownKinds.has(workload.kind)) return false;
  return workload.owner === undefined || !ownKinds.has(workload.owner.kind);
}

function toNode(node: Node): inventory.NodeInput {
  const { uid, name, providerId, labels, annotations, podCidrs, addresses } = node;
  return { uid, name, providerId, labels, annotations, podCidrs, addresses };
}

function toNamespace(namespace: Namespace): inventory.NamespaceInput {
  const { uid, name, labels, isProtected } = namespace;
  return { uid, name, labels, protected: isProtected };
}

function toOwner(workload: Workload): inventory.OwnerInput {
  const { uid, namespace, apiVersion, kind, name, labels, podLabels, replicas, isProtected } = workload;
  // Kubernetes takes a missing number for one; kinds without the field want none by themselves.
  const wanted = replicas === undefined ? 0 : (replicas ?? 1);
  return {
    uid,
    namespace,
    apiVersion,
    kind,
    name,
    labels,
    podLabels,
    replicas: wanted,
    protected: isProtected,
  };
}

function toVolume(volume: Volume): inventory.VolumeInput {
  const { uid, name, claimNamespace, claimName, storageClass, volumeHandle, capacityBytes } = volume;
  return {
    uid,
    name,
    namespace: claimNamespace,
    claim: claimName,
    storageClass,
    volumeHandle,
    capacityBytes: String(capacityBytes),
  };
}

function toService(service: Service, behind: readonly string[]): inventory.ServiceInput {
  const { uid, namespace, name, type, clusterIps, loadBalancerAddresses } = service;
  return {
    uid,
    namespace,
    name,
    type,
    clusterIps,
    loadBalancerAddresses,
    endpointAddresses: [...new Set(behind)].sort(),
  };
}
