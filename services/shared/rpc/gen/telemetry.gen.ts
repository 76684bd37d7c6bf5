// Generated from the .proto files by `npm run generate:rpc`. Do not edit.
import type { ServiceDescriptor } from '../definitions/service-shape.js';

/** Methods of {@link TelemetryService}, for the compiler. */
export type TelemetryServiceShape = {
  /**
   * One long stream per emitter. The first request MUST be a Hello. Batches MAY be sent again on a later
   * stream until they were acknowledged; the control plane stores a repeated second once.
   */
  Report: { kind: 'bidiStream'; request: ReportRequest; requestInput: ReportRequestInput; response: ReportResponse; responseInput: ReportResponseInput };
};

/** Carries sealed node-seconds from emitters (collectors, simulators) to the control plane. */
export const TelemetryService: ServiceDescriptor<TelemetryServiceShape> = {
  typeName: 'kubehero.telemetry.v1.TelemetryService',
  methods: {
    Report: { kind: 'bidiStream' },
  },
};

/** What an emitter sends. */
export interface ReportRequest {
  /** Introduces nodes; MAY be repeated on a stream when an emitter starts to speak for more nodes. */
  readonly hello?: Hello;
  /** Sealed seconds of introduced nodes. */
  readonly batch?: Batch;
  /** Nodes that run no more. */
  readonly farewell?: Farewell;
  /** Which of the alternatives is there. */
  readonly message?: 'hello' | 'batch' | 'farewell';
}

/** {@link ReportRequest} as it is given to be sent: what is left out has its default. */
export interface ReportRequestInput {
  /** Introduces nodes; MAY be repeated on a stream when an emitter starts to speak for more nodes. */
  readonly hello?: HelloInput | undefined;
  /** Sealed seconds of introduced nodes. */
  readonly batch?: BatchInput | undefined;
  /** Nodes that run no more. */
  readonly farewell?: FarewellInput | undefined;
}

/**
 * Says that nodes are gone for good: their silence from now on is no gap. It takes effect after the batches before
 * it; a node that is introduced again is back.
 */
export interface Farewell {
  /** Indexes of the nodes, see Hello. */
  readonly nodes: readonly (number)[];
}

/** {@link Farewell} as it is given to be sent: what is left out has its default. */
export interface FarewellInput {
  /** Indexes of the nodes, see Hello. */
  readonly nodes?: readonly (number)[] | undefined;
}

/** Introduces the emitter and the nodes that it speaks for. */
export interface Hello {
  /** Program and version, for example "kubehero-collector/0.1.0". */
  readonly emitter: string;
  /** Nodes that this emitter speaks for; the n-th node introduced on the stream has the index n, from 0. */
  readonly nodes: readonly (NodeIntroduction)[];
}

/** {@link Hello} as it is given to be sent: what is left out has its default. */
export interface HelloInput {
  /** Program and version, for example "kubehero-collector/0.1.0". */
  readonly emitter?: string | undefined;
  /** Nodes that this emitter speaks for; the n-th node introduced on the stream has the index n, from 0. */
  readonly nodes?: readonly (NodeIntroductionInput)[] | undefined;
}

/** One node that an emitter speaks for. */
export interface NodeIntroduction {
  /** Identity of the node: its Kubernetes UID, or the machine id of a plain host. Never reused. */
  readonly nodeUid: string;
  /** Identity of this run of the emitter; larger than that of every earlier run on this node. */
  readonly incarnation: string;
}

/** {@link NodeIntroduction} as it is given to be sent: what is left out has its default. */
export interface NodeIntroductionInput {
  /** Identity of the node: its Kubernetes UID, or the machine id of a plain host. Never reused. */
  readonly nodeUid?: string | undefined;
  /** Identity of this run of the emitter; larger than that of every earlier run on this node. */
  readonly incarnation?: string | number | undefined;
}

/** Sealed seconds of one or more nodes: stored and acknowledged as one. */
export interface Batch {
  /** Number of the batch on this stream: 1, 2, 3 ... */
  readonly sequence: string;
  /** Seconds by node; a node appears at most once in a batch. */
  readonly nodes: readonly (NodeBatch)[];
}

/** {@link Batch} as it is given to be sent: what is left out has its default. */
export interface BatchInput {
  /** Number of the batch on this stream: 1, 2, 3 ... */
  readonly sequence?: string | number | undefined;
  /** Seconds by node; a node appears at most once in a batch. */
  readonly nodes?: readonly (NodeBatchInput)[] | undefined;
}

/** Numbers of {@link Source} on the wire. */
export const sourceNumbers = {
  SOURCE_UNSPECIFIED: 0,
  /** The kernel's own counters through BPF: exact, complete for cgroups that died within the second. */
  SOURCE_BPF: 1,
  /** Files of cgroup v2: what died between two reads is lost. */
  SOURCE_CGROUP_V2: 2,
  /** Files of cgroup v1: as v2, and without network. */
  SOURCE_CGROUP_V1: 3,
  /** Invented by a simulator. */
  SOURCE_SIMULATED: 4,
} as const;

/** How usage was measured. */
export type Source = keyof typeof sourceNumbers;

/**
 * Consecutive or scattered sealed seconds of one node, as packed columns. All columns are little-endian.
 * Rows are ordered by second, then by dictionary index; a dictionary index appears at most once in a second.
 */
export interface NodeBatch {
  /** Index of the node on this stream, see Hello. */
  readonly node: number;
  /**
   * The node as it was during all seconds of this batch. MUST be present in the first batch of a node on a
   * stream and whenever it changed; absent means as in the node's previous batch on this stream.
   */
  readonly spec: NodeSpec | null;
  /** Empties this node's dictionary of identities before `identities` is appended. */
  readonly resetDictionary: boolean;
  /** Appended to this node's dictionary on this stream; the first entry ever has index 0. */
  readonly identities: readonly (ContainerIdentity)[];
  /** Epoch seconds, strictly rising, 4 bytes each. A second s covers [s, s+1). */
  readonly second: Buffer;
  /** Rows in each second, 4 bytes each. */
  readonly rowCount: Buffer;
  /** Dictionary index of each row, 4 bytes each. */
  readonly identity: Buffer;
  /**
   * CPU time of each row in whole microseconds, 4 bytes each; the emitter carries remainders over to the next
   * second, so that sums stay exact.
   */
  readonly cpuUs: Buffer;
  /** Memory in use at the end of the second without reclaimable file pages (working set), bytes, 8 bytes each. */
  readonly memoryBytes: Buffer;
  /** Row number (within this NodeBatch) of each network entry, 4 bytes each; rows without traffic have none. */
  readonly netRow: Buffer;
  /** Class of each network entry, 1 byte each, a value of NetworkClass. */
  readonly netClass: Buffer;
  /** Bytes sent and received in each network entry, 8 bytes each. */
  readonly netTxBytes: Buffer;
  readonly netRxBytes: Buffer;
  /** How these seconds were measured. */
  readonly source: Source;
}

/** {@link NodeBatch} as it is given to be sent: what is left out has its default. */
export interface NodeBatchInput {
  /** Index of the node on this stream, see Hello. */
  readonly node?: number | undefined;
  /**
   * The node as it was during all seconds of this batch. MUST be present in the first batch of a node on a
   * stream and whenever it changed; absent means as in the node's previous batch on this stream.
   */
  readonly spec?: NodeSpecInput | undefined;
  /** Empties this node's dictionary of identities before `identities` is appended. */
  readonly resetDictionary?: boolean | undefined;
  /** Appended to this node's dictionary on this stream; the first entry ever has index 0. */
  readonly identities?: readonly (ContainerIdentityInput)[] | undefined;
  /** Epoch seconds, strictly rising, 4 bytes each. A second s covers [s, s+1). */
  readonly second?: Uint8Array | undefined;
  /** Rows in each second, 4 bytes each. */
  readonly rowCount?: Uint8Array | undefined;
  /** Dictionary index of each row, 4 bytes each. */
  readonly identity?: Uint8Array | undefined;
  /**
   * CPU time of each row in whole microseconds, 4 bytes each; the emitter carries remainders over to the next
   * second, so that sums stay exact.
   */
  readonly cpuUs?: Uint8Array | undefined;
  /** Memory in use at the end of the second without reclaimable file pages (working set), bytes, 8 bytes each. */
  readonly memoryBytes?: Uint8Array | undefined;
  /** Row number (within this NodeBatch) of each network entry, 4 bytes each; rows without traffic have none. */
  readonly netRow?: Uint8Array | undefined;
  /** Class of each network entry, 1 byte each, a value of NetworkClass. */
  readonly netClass?: Uint8Array | undefined;
  /** Bytes sent and received in each network entry, 8 bytes each. */
  readonly netTxBytes?: Uint8Array | undefined;
  readonly netRxBytes?: Uint8Array | undefined;
  /** How these seconds were measured. */
  readonly source?: Source | undefined;
}

/** Numbers of {@link NetworkClass} on the wire. */
export const networkClassNumbers = {
  /** It cannot be told. */
  NETWORK_CLASS_UNKNOWN: 0,
  /** On the same node. */
  NETWORK_CLASS_SAME_NODE: 1,
  /** On another node of the same zone. */
  NETWORK_CLASS_SAME_ZONE: 2,
  /** In another zone of the same region. */
  NETWORK_CLASS_CROSS_ZONE: 3,
  /** On the internet. */
  NETWORK_CLASS_INTERNET: 4,
} as const;

/** Where the other end of a connection was. */
export type NetworkClass = keyof typeof networkClassNumbers;

/** A node: what its price and its allocation are worked out from. */
export interface NodeSpec {
  /** Name of the node; a dimension, not an identity. */
  readonly name: string;
  /** spec.providerID of the Kubernetes node, empty where there is none. */
  readonly providerId: string;
  /** Boot identity of the kernel; equal boot ids prove that the node was not rebooted in between. */
  readonly bootId: string;
  /** When the kernel booted, epoch seconds. */
  readonly bootedAtS: string;
  /** Labels of the node (instance type, region, zone, operating system, architecture ...). */
  readonly labels: Readonly<Record<string, string>>;
  /** The annotations that matter for cost, such as kubehero.io/price-per-hour. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Capacity: CPU in thousandths of a core, memory in bytes, GPUs in whole devices. */
  readonly cpuCapacityMillicores: string;
  readonly memoryCapacityBytes: string;
  readonly gpuCapacity: number;
  /** Model of the GPUs, empty where there are none. */
  readonly gpuModel: string;
}

/** {@link NodeSpec} as it is given to be sent: what is left out has its default. */
export interface NodeSpecInput {
  /** Name of the node; a dimension, not an identity. */
  readonly name?: string | undefined;
  /** spec.providerID of the Kubernetes node, empty where there is none. */
  readonly providerId?: string | undefined;
  /** Boot identity of the kernel; equal boot ids prove that the node was not rebooted in between. */
  readonly bootId?: string | undefined;
  /** When the kernel booted, epoch seconds. */
  readonly bootedAtS?: string | number | undefined;
  /** Labels of the node (instance type, region, zone, operating system, architecture ...). */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The annotations that matter for cost, such as kubehero.io/price-per-hour. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Capacity: CPU in thousandths of a core, memory in bytes, GPUs in whole devices. */
  readonly cpuCapacityMillicores?: string | number | undefined;
  readonly memoryCapacityBytes?: string | number | undefined;
  readonly gpuCapacity?: number | undefined;
  /** Model of the GPUs, empty where there are none. */
  readonly gpuModel?: string | undefined;
}

/** Numbers of {@link IdentityKind} on the wire. */
export const identityKindNumbers = {
  /** A container of a pod. */
  IDENTITY_KIND_CONTAINER: 0,
  /** What a pod's cgroup used beyond its containers; `container` is empty. */
  IDENTITY_KIND_POD_OVERHEAD: 1,
  /** A systemd unit or leaf cgroup of a plain host. */
  IDENTITY_KIND_HOST: 2,
} as const;

/** What a row of a dictionary stands for. */
export type IdentityKind = keyof typeof identityKindNumbers;

/** Whose usage a row is. An entry is immutable: changed labels or requests make a new entry. */
export interface ContainerIdentity {
  readonly kind: IdentityKind;
  /** UID of the pod; on a plain host the cgroup's path with its id, so that a reused path is another identity. */
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Owner that a person would name: Deployment rather than ReplicaSet. Kind and name; empty for bare pods. */
  readonly workloadKind: string;
  readonly workload: string;
  /** Labels of the pod. */
  readonly labels: Readonly<Record<string, string>>;
  /** Requests: CPU in thousandths of a core, memory in bytes, GPUs in whole devices. */
  readonly cpuRequestMillicores: number;
  readonly memoryRequestBytes: string;
  readonly gpuRequest: number;
  /** Limits, 0 where there are none. */
  readonly cpuLimitMillicores: number;
  readonly memoryLimitBytes: string;
}

/** {@link ContainerIdentity} as it is given to be sent: what is left out has its default. */
export interface ContainerIdentityInput {
  readonly kind?: IdentityKind | undefined;
  /** UID of the pod; on a plain host the cgroup's path with its id, so that a reused path is another identity. */
  readonly podUid?: string | undefined;
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
  /** Owner that a person would name: Deployment rather than ReplicaSet. Kind and name; empty for bare pods. */
  readonly workloadKind?: string | undefined;
  readonly workload?: string | undefined;
  /** Labels of the pod. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Requests: CPU in thousandths of a core, memory in bytes, GPUs in whole devices. */
  readonly cpuRequestMillicores?: number | undefined;
  readonly memoryRequestBytes?: string | number | undefined;
  readonly gpuRequest?: number | undefined;
  /** Limits, 0 where there are none. */
  readonly cpuLimitMillicores?: number | undefined;
  readonly memoryLimitBytes?: string | number | undefined;
}

/** What the control plane answers. */
export interface ReportResponse {
  readonly welcome?: Welcome;
  readonly acknowledgement?: Acknowledgement;
  readonly rejection?: Rejection;
  /** Which of the alternatives is there. */
  readonly message?: 'welcome' | 'acknowledgement' | 'rejection';
}

/** {@link ReportResponse} as it is given to be sent: what is left out has its default. */
export interface ReportResponseInput {
  readonly welcome?: WelcomeInput | undefined;
  readonly acknowledgement?: AcknowledgementInput | undefined;
  readonly rejection?: RejectionInput | undefined;
}

/** Answers a Hello. */
export interface Welcome {
  /** In the order of the Hello. */
  readonly nodes: readonly (NodeProgress)[];
}

/** {@link Welcome} as it is given to be sent: what is left out has its default. */
export interface WelcomeInput {
  /** In the order of the Hello. */
  readonly nodes?: readonly (NodeProgressInput)[] | undefined;
}

/** How far a node's seconds are stored. */
export interface NodeProgress {
  readonly nodeUid: string;
  /**
   * The latest sealed second that is durable, 0 where there is none. A new incarnation MUST NOT seal it or any
   * earlier second again.
   */
  readonly sealedThrough: number;
}

/** {@link NodeProgress} as it is given to be sent: what is left out has its default. */
export interface NodeProgressInput {
  readonly nodeUid?: string | undefined;
  /**
   * The latest sealed second that is durable, 0 where there is none. A new incarnation MUST NOT seal it or any
   * earlier second again.
   */
  readonly sealedThrough?: number | undefined;
}

/** Everything up to this batch is durable or was rejected: the emitter MAY forget it. */
export interface Acknowledgement {
  readonly throughSequence: string;
}

/** {@link Acknowledgement} as it is given to be sent: what is left out has its default. */
export interface AcknowledgementInput {
  readonly throughSequence?: string | number | undefined;
}

/** Why a node's part of a batch was refused. Sent before the acknowledgement that covers it; the stream goes on. */
export interface Rejection {
  readonly sequence: string;
  /** Index of the node, see Hello. */
  readonly node: number;
  readonly reason: RejectionReason;
  /** One sentence: what is wrong, the value given, the allowed value. */
  readonly message: string;
}

/** {@link Rejection} as it is given to be sent: what is left out has its default. */
export interface RejectionInput {
  readonly sequence?: string | number | undefined;
  /** Index of the node, see Hello. */
  readonly node?: number | undefined;
  readonly reason?: RejectionReason | undefined;
  /** One sentence: what is wrong, the value given, the allowed value. */
  readonly message?: string | undefined;
}

/** Numbers of {@link RejectionReason} on the wire. */
export const rejectionReasonNumbers = {
  REJECTION_REASON_UNSPECIFIED: 0,
  /** Columns of unequal length, bad indexes, unknown enumeration values. */
  REJECTION_REASON_MALFORMED: 1,
  /** More rows, seconds or bytes than allowed. */
  REJECTION_REASON_OVERSIZED: 2,
  /** A second that lies ahead of the control plane's clock by more than a setting. */
  REJECTION_REASON_FROM_THE_FUTURE: 3,
  /** A second older than a setting or below the horizon of raw rows. */
  REJECTION_REASON_TOO_OLD: 4,
  /** The same identity twice in one second. */
  REJECTION_REASON_DUPLICATE_IDENTITY: 5,
  /** The node was never introduced on this stream, or belongs to another cluster. */
  REJECTION_REASON_UNKNOWN_NODE: 6,
  /** A counter that ran backwards or is absurd (more CPU time than the node has). */
  REJECTION_REASON_IMPLAUSIBLE: 7,
} as const;

/** Why seconds are refused; the value's name is the label of the metric. */
export type RejectionReason = keyof typeof rejectionReasonNumbers;
