// Generated from the .proto files by `npm run generate:rpc`. Do not edit.
import type { ServiceDescriptor } from '../definitions/service-shape.js';

/** Methods of {@link InventoryService}, for the compiler. */
export type InventoryServiceShape = {
  /** One stream per reporter. Each message replaces what the reporter said about the objects in it. */
  Report: { kind: 'bidiStream'; request: InventoryReport; requestInput: InventoryReportInput; response: InventoryReceipt; responseInput: InventoryReceiptInput };
  /** Addresses and their zones, pushed whenever they change. */
  WatchTopology: { kind: 'serverStream'; request: WatchTopologyRequest; requestInput: WatchTopologyRequestInput; response: Topology; responseInput: TopologyInput };
};

/** What a cluster holds, reported by whoever sees it (operator, else collector), and what the hub tells back. */
export const InventoryService: ServiceDescriptor<InventoryServiceShape> = {
  typeName: 'kubehero.inventory.v1.InventoryService',
  methods: {
    Report: { kind: 'bidiStream' },
    WatchTopology: { kind: 'serverStream' },
  },
};

/** A part of the inventory. */
export interface InventoryReport {
  /** Number of the report on this stream: 1, 2, 3 ... */
  readonly sequence: string;
  /** True when this report starts a full listing: what is not named until `listing_complete` is gone. */
  readonly listingBegins: boolean;
  readonly listingComplete: boolean;
  readonly nodes: readonly (Node)[];
  readonly namespaces: readonly (Namespace)[];
  readonly owners: readonly (Owner)[];
  readonly volumes: readonly (Volume)[];
  readonly services: readonly (Service)[];
  /** UIDs of objects that are gone. */
  readonly goneUids: readonly string[];
}

/** {@link InventoryReport} as it is given to be sent: what is left out has its default. */
export interface InventoryReportInput {
  /** Number of the report on this stream: 1, 2, 3 ... */
  readonly sequence?: string | number | undefined;
  /** True when this report starts a full listing: what is not named until `listing_complete` is gone. */
  readonly listingBegins?: boolean | undefined;
  readonly listingComplete?: boolean | undefined;
  readonly nodes?: readonly (NodeInput)[] | undefined;
  readonly namespaces?: readonly (NamespaceInput)[] | undefined;
  readonly owners?: readonly (OwnerInput)[] | undefined;
  readonly volumes?: readonly (VolumeInput)[] | undefined;
  readonly services?: readonly (ServiceInput)[] | undefined;
  /** UIDs of objects that are gone. */
  readonly goneUids?: readonly (string)[] | undefined;
}

/** Everything up to this report is stored. */
export interface InventoryReceipt {
  readonly throughSequence: string;
}

/** {@link InventoryReceipt} as it is given to be sent: what is left out has its default. */
export interface InventoryReceiptInput {
  readonly throughSequence?: string | number | undefined;
}

/** A Kubernetes node. */
export interface Node {
  readonly uid: string;
  readonly name: string;
  readonly providerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Pod networks of this node in CIDR notation. */
  readonly podCidrs: readonly string[];
  /** Addresses of the node itself. */
  readonly addresses: readonly string[];
}

/** {@link Node} as it is given to be sent: what is left out has its default. */
export interface NodeInput {
  readonly uid?: string | undefined;
  readonly name?: string | undefined;
  readonly providerId?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Pod networks of this node in CIDR notation. */
  readonly podCidrs?: readonly (string)[] | undefined;
  /** Addresses of the node itself. */
  readonly addresses?: readonly (string)[] | undefined;
}

/** A namespace. */
export interface Namespace {
  readonly uid: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Marked so that budgets never touch it. */
  readonly protected: boolean;
}

/** {@link Namespace} as it is given to be sent: what is left out has its default. */
export interface NamespaceInput {
  readonly uid?: string | undefined;
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Marked so that budgets never touch it. */
  readonly protected?: boolean | undefined;
}

/** A workload that owns pods. */
export interface Owner {
  readonly uid: string;
  readonly namespace: string;
  /** apiVersion and kind, as in Kubernetes. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of the pods that it makes: what workload selectors match. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** Pods that it wants, and whether it is marked so that budgets never touch it. */
  readonly replicas: number;
  readonly protected: boolean;
}

/** {@link Owner} as it is given to be sent: what is left out has its default. */
export interface OwnerInput {
  readonly uid?: string | undefined;
  readonly namespace?: string | undefined;
  /** apiVersion and kind, as in Kubernetes. */
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Labels of the pods that it makes: what workload selectors match. */
  readonly podLabels?: Readonly<Record<string, string>> | undefined;
  /** Pods that it wants, and whether it is marked so that budgets never touch it. */
  readonly replicas?: number | undefined;
  readonly protected?: boolean | undefined;
}

/** A persistent volume and the claim that it is bound to. */
export interface Volume {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly claim: string;
  readonly storageClass: string;
  readonly volumeHandle: string;
  readonly capacityBytes: string;
}

/** {@link Volume} as it is given to be sent: what is left out has its default. */
export interface VolumeInput {
  readonly uid?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly claim?: string | undefined;
  readonly storageClass?: string | undefined;
  readonly volumeHandle?: string | undefined;
  readonly capacityBytes?: string | number | undefined;
}

/** A service; load balancers cost money. */
export interface Service {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** ClusterIP, NodePort, LoadBalancer, ExternalName. */
  readonly type: string;
  readonly clusterIps: readonly string[];
  readonly loadBalancerAddresses: readonly string[];
  /** Endpoints, so that traffic to the service's address can be told by zone. */
  readonly endpointAddresses: readonly string[];
}

/** {@link Service} as it is given to be sent: what is left out has its default. */
export interface ServiceInput {
  readonly uid?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** ClusterIP, NodePort, LoadBalancer, ExternalName. */
  readonly type?: string | undefined;
  readonly clusterIps?: readonly (string)[] | undefined;
  readonly loadBalancerAddresses?: readonly (string)[] | undefined;
  /** Endpoints, so that traffic to the service's address can be told by zone. */
  readonly endpointAddresses?: readonly (string)[] | undefined;
}

/** Asks for the topology as seen from a node. */
export interface WatchTopologyRequest {
  readonly nodeUid: string;
}

/** {@link WatchTopologyRequest} as it is given to be sent: what is left out has its default. */
export interface WatchTopologyRequestInput {
  readonly nodeUid?: string | undefined;
}

/** The whole table, replacing the one before. */
export interface Topology {
  readonly version: string;
  readonly prefixes: readonly (Prefix)[];
}

/** {@link Topology} as it is given to be sent: what is left out has its default. */
export interface TopologyInput {
  readonly version?: string | number | undefined;
  readonly prefixes?: readonly (PrefixInput)[] | undefined;
}

/** An address range and where it is, relative to the asking node. */
export interface Prefix {
  /** CIDR notation, IPv4 or IPv6. */
  readonly cidr: string;
  /** A value of kubehero.telemetry.v1.NetworkClass. */
  readonly networkClass: number;
}

/** {@link Prefix} as it is given to be sent: what is left out has its default. */
export interface PrefixInput {
  /** CIDR notation, IPv4 or IPv6. */
  readonly cidr?: string | undefined;
  /** A value of kubehero.telemetry.v1.NetworkClass. */
  readonly networkClass?: number | undefined;
}
