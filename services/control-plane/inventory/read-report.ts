import { invalidArgument, type inventory } from '@kubehero/rpc';
import type { InventoryKind, InventoryRecord, InventoryRecords, Labels } from './inventory-records.js';

/** An object that a report names. */
export interface ReportedObject<Kind extends InventoryKind = InventoryKind> {
  readonly kind: Kind;
  readonly record: InventoryRecords[Kind];
}

/** A report that can be right. */
export interface ReadReport {
  readonly sequence: number;
  readonly listingBegins: boolean;
  readonly listingComplete: boolean;
  readonly objects: readonly ReportedObject[];
  readonly goneUids: readonly string[];
}

const MAX_UID_LENGTH = 253;
/** Annotations of nodes that mean something to the product; others are large and change all the time. */
const ANNOTATION_PREFIX = 'kubehero.io/';

/**
 * Reads a report.
 *
 * @param expected - number that it must have on its stream
 * @throws RpcError `invalid_argument`
 */
export function readReport(report: inventory.InventoryReport, expected: number): ReadReport {
  const sequence = Number(report.sequence);
  if (sequence !== expected) {
    throw invalidArgument(`report ${report.sequence} came in place of report ${expected}: count them from 1`);
  }
  const { listingBegins, listingComplete, goneUids } = report;
  const objects: ReportedObject[] = [
    ...of('node', report.nodes.map(readNode)),
    ...of('namespace', report.namespaces.map(readNamespace)),
    ...of('owner', report.owners.map(readOwner)),
    ...of('volume', report.volumes.map(readVolume)),
    ...of('service', report.services.map(readService)),
  ];
  for (const object of objects) check(object);
  return { sequence, listingBegins, listingComplete, objects, goneUids };
}

function of(kind: InventoryKind, records: readonly InventoryRecord[]): ReportedObject[] {
  return records.map((record) => ({ kind, record }));
}

function check({ kind, record }: ReportedObject): void {
  const { uid, name } = record;
  if (uid === '' || uid.length > MAX_UID_LENGTH || name === '') {
    throw invalidArgument(`a ${kind} has uid '${uid}' and name '${name}': both must be there`);
  }
  // Kubernetes allows none, and jsonb cannot hold them.
  if (JSON.stringify(record).includes('\\u0000')) {
    throw invalidArgument(`${kind} ${uid} holds a NUL character: send it as the API server gives it`);
  }
}

function readNode(node: inventory.Node): InventoryRecords['node'] {
  const { uid, name, providerId, podCidrs, addresses } = node;
  const relevant = Object.entries(node.annotations).filter(([key]) => key.startsWith(ANNOTATION_PREFIX));
  return {
    uid,
    name,
    providerId,
    labels: sorted(node.labels),
    annotations: sorted(Object.fromEntries(relevant)),
    podCidrs: [...podCidrs].sort(),
    addresses: [...addresses].sort(),
  };
}

function readNamespace(namespace: inventory.Namespace): InventoryRecords['namespace'] {
  const { uid, name } = namespace;
  return { uid, name, labels: sorted(namespace.labels), protected: namespace.protected };
}

function readOwner(owner: inventory.Owner): InventoryRecords['owner'] {
  const { uid, namespace, apiVersion, kind, name, replicas } = owner;
  return {
    uid,
    namespace,
    apiVersion,
    kind,
    name,
    labels: sorted(owner.labels),
    podLabels: sorted(owner.podLabels),
    replicas,
    protected: owner.protected,
  };
}

function readVolume(volume: inventory.Volume): InventoryRecords['volume'] {
  const { uid, name, namespace, claim, storageClass, volumeHandle } = volume;
  const capacityBytes = Number(volume.capacityBytes);
  return { uid, name, namespace, claim, storageClass, volumeHandle, capacityBytes };
}

function readService(service: inventory.Service): InventoryRecords['service'] {
  const { uid, namespace, name, type } = service;
  return {
    uid,
    namespace,
    name,
    type,
    clusterIps: [...service.clusterIps].sort(),
    loadBalancerAddresses: [...service.loadBalancerAddresses].sort(),
    endpointAddresses: [...service.endpointAddresses].sort(),
  };
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
