/** Labels or annotations; equal ones are one object in memory. */
export type Labels = Readonly<Record<string, string>>;

/** Kinds that own pods or wake owners up, and that enforcement can hold. */
export const workloadKinds = [
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Rollout',
  'HorizontalPodAutoscaler',
  'ScaledObject',
] as const;

/** A kind of {@link Workload}. */
export type WorkloadKind = (typeof workloadKinds)[number];

/** Everything that a {@link World} watches. */
export type WorldKind =
  | WorkloadKind
  | 'Namespace'
  | 'Node'
  | 'Pod'
  | 'PersistentVolume'
  | 'Service'
  | 'EndpointSlice'
  | 'ResourceQuota'
  | 'ValidatingAdmissionPolicy'
  | 'ValidatingAdmissionPolicyBinding';

/** What every projected object has. */
export interface WorldObject {
  readonly kind: WorldKind;
  readonly apiVersion: string;
  readonly uid: string;
  /** Empty for objects of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
}

/** The controller of an object. */
export interface OwnerRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** A namespace. */
export interface Namespace extends WorldObject {
  readonly labels: Labels;
  /** Marked so that budgets never touch it, by label or annotation. */
  readonly isProtected: boolean;
  readonly isTerminating: boolean;
}

/** A node, as the inventory needs it. */
export interface Node extends WorldObject {
  readonly providerId: string;
  readonly labels: Labels;
  /** Those of KubeHero alone. */
  readonly annotations: Labels;
  readonly podCidrs: readonly string[];
  readonly addresses: readonly string[];
}

/** A pod. */
export interface Pod extends WorldObject {
  readonly labels: Labels;
  readonly nodeName: string;
  readonly owner: OwnerRef | undefined;
  /** A file on its node made it; the API server only shows it. */
  readonly isStatic: boolean;
  readonly isProtected: boolean;
  readonly isTerminating: boolean;
  /** Succeeded or failed: it costs nothing and nobody waits for it. */
  readonly isFinished: boolean;
}

/** Something that owns pods, or an autoscaler of it. Fields that a kind lacks are undefined. */
export interface Workload extends WorldObject {
  readonly kind: WorkloadKind;
  readonly labels: Labels;
  /** Labels of the pods that it makes; empty for autoscalers. */
  readonly podLabels: Labels;
  readonly owner: OwnerRef | undefined;
  /** Marked by label or annotation, on itself or on its pods' template, so that budgets never touch it. */
  readonly isProtected: boolean;
  /** Raw annotation with what enforcement stopped here; see `Hold`. */
  readonly held: string | undefined;
  /** Annotation that wakes its controller up is still there. */
  readonly isNudged: boolean;
  /** Program that puts its spec back to what stands in Git. */
  readonly healedBy: string | undefined;
  /** Another program decides when it runs: Kueue, or whoever a Job names in `managedBy`. */
  readonly queuedBy: string | undefined;
  /** `spec.replicas`; null where it is left out. */
  readonly replicas: number | null | undefined;
  /** `spec.suspend`. */
  readonly suspend: boolean | null | undefined;
  /** `spec.minReplicas` of a HorizontalPodAutoscaler. */
  readonly minReplicas: number | null | undefined;
  /** KEDA's annotation that pauses; null where it is not there. */
  readonly paused: string | null | undefined;
  /** What an autoscaler scales. */
  readonly target: Pick<OwnerRef, 'apiVersion' | 'kind' | 'name'> | undefined;
  /** A Job that is complete or failed. */
  readonly isFinished: boolean;
  /** It is being deleted. */
  readonly isTerminating: boolean;
  /** Pods that it should have by its own spec; 0 for autoscalers, CronJobs and DaemonSets. */
  readonly wantedPods: number;
}

/** An admission policy, binding or quota that the operator made for a budget policy. */
export interface Guard extends WorldObject {
  /** Raw annotation that says for which policy; see `GuardRecord`. */
  readonly record: string | undefined;
  /** Grows with every change of its rules; empty for a quota. */
  readonly generation: string;
  /** Text that the API server answers with. */
  readonly message: string;
}

/** A persistent volume. */
export interface Volume extends WorldObject {
  readonly storageClass: string;
  /** `spec.csi.volumeHandle`, or what its source names it; empty where there is none. */
  readonly volumeHandle: string;
  readonly capacityBytes: bigint;
  /** Claim that it is bound to; empty while it is not. */
  readonly claimNamespace: string;
  readonly claimName: string;
}

/** A service. */
export interface Service extends WorldObject {
  /** ClusterIP, NodePort, LoadBalancer, ExternalName. */
  readonly type: string;
  readonly clusterIps: readonly string[];
  /** Addresses or host names. */
  readonly loadBalancerAddresses: readonly string[];
}

/** Addresses behind a service; a service may have several of these. */
export interface EndpointSlice extends WorldObject {
  /** Service in the same namespace. */
  readonly service: string;
  readonly addresses: readonly string[];
}

/** Any projection. */
export type AnyObject = Namespace | Node | Pod | Workload | Guard | Volume | Service | EndpointSlice;
