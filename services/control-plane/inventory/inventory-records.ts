/** Labels or annotations; keys in rising order, so that equal ones have equal texts. */
export type Labels = Readonly<Record<string, string>>;

/** A Kubernetes node. */
export interface NodeRecord {
  readonly uid: string;
  readonly name: string;
  readonly providerId: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Pod networks of the node in CIDR notation. */
  readonly podCidrs: readonly string[];
  readonly addresses: readonly string[];
}

/** A namespace. */
export interface NamespaceRecord {
  readonly uid: string;
  readonly name: string;
  readonly labels: Labels;
  /** Marked so that budgets never touch it. */
  readonly protected: boolean;
}

/** A workload that owns pods. */
export interface OwnerRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly labels: Labels;
  /** Labels of the pods that it makes: what workload selectors match. */
  readonly podLabels: Labels;
  readonly replicas: number;
  /** Marked so that budgets never touch it. */
  readonly protected: boolean;
}

/** A persistent volume and the claim that it is bound to. */
export interface VolumeRecord {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly claim: string;
  readonly storageClass: string;
  readonly volumeHandle: string;
  readonly capacityBytes: number;
}

/** A service with the addresses behind it. */
export interface ServiceRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly clusterIps: readonly string[];
  readonly loadBalancerAddresses: readonly string[];
  readonly endpointAddresses: readonly string[];
}

/** What a cluster holds, by kind. */
export interface InventoryRecords {
  readonly node: NodeRecord;
  readonly namespace: NamespaceRecord;
  readonly owner: OwnerRecord;
  readonly volume: VolumeRecord;
  readonly service: ServiceRecord;
}

/** A kind of what a cluster holds. */
export type InventoryKind = keyof InventoryRecords;

/** Any of {@link InventoryRecords}. */
export type InventoryRecord = InventoryRecords[InventoryKind];

/** Zone of a node by its well-known labels, undefined where it has none. */
export function zoneOf({ labels }: NodeRecord): string | undefined {
  return labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'];
}

/** Region of a node by its well-known labels, undefined where it has none. */
export function regionOf({ labels }: NodeRecord): string | undefined {
  return labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'];
}

/** What Kubernetes lets only one living object of a kind have: whoever takes it ends the one that had it. */
export function placeOf(kind: InventoryKind, record: InventoryRecord): string {
  const { namespace = '', apiVersion = '', kind: ownerKind = '' } = record as Partial<OwnerRecord>;
  const scope = kind === 'volume' ? '' : namespace;
  return [kind, apiVersion.split('/').slice(0, -1).join('/'), ownerKind, scope, record.name].join('\n');
}

/** The part of a record of which a change begins a new version; the rest is kept as it last was. */
export function versionedPart(kind: InventoryKind, record: InventoryRecord): string {
  switch (kind) {
    case 'node':
      return JSON.stringify({ ...record, annotations: {}, podCidrs: [], addresses: [] });
    case 'owner':
      return JSON.stringify({ ...record, replicas: 0 });
    case 'service':
      return JSON.stringify({ ...record, endpointAddresses: [] });
    case 'namespace':
    case 'volume':
      return JSON.stringify(record);
  }
}
