import type { ApiError, ApiServer } from '@kubehero/kubernetes';
import type {
  EndpointSlice,
  Guard,
  Namespace,
  Node,
  Pod,
  Service,
  Volume,
  Workload,
  WorldKind,
} from './world-objects.js';

/** Settings of a {@link World}. */
export interface WorldOptions {
  readonly server: ApiServer;
  /** A watch failed and is tried again after the pause. */
  readonly onFailure?: (error: ApiError, retryInMs: number) => void;
}

/** Something that changed. */
export interface WorldChange {
  /** `listed`: a whole kind was read again; uid, namespace and name are empty. */
  readonly type: 'applied' | 'deleted' | 'listed';
  readonly kind: WorldKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Is called after the caches hold the change; must return at once. */
export type WorldListener = (change: WorldChange) => void;

/** What an API server can do beyond what every one can. */
export interface Abilities {
  /** ValidatingAdmissionPolicy v1 (Kubernetes 1.30). */
  readonly admissionPolicies: boolean;
  readonly argoCd: boolean;
  readonly rollouts: boolean;
  readonly scaledObjects: boolean;
}

/** What the operator knows of its cluster: slim projections, kept by watches. Reading costs no call. */
export class World {
  constructor(readonly options: WorldOptions) {}

  /** Starts the watches; resolves when everything was listed once, rejects when it is stopped before. */
  async start(): Promise<void> {
    throw new Error('not yet');
  }

  async stop(): Promise<void> {
    throw new Error('not yet');
  }

  /** Adds a listener; the function that is returned removes it. */
  onChange(_listener: WorldListener): () => void {
    throw new Error('not yet');
  }

  abilities(): Abilities {
    throw new Error('not yet');
  }

  namespaces(): Iterable<Namespace> {
    throw new Error('not yet');
  }

  nodes(): Iterable<Node> {
    throw new Error('not yet');
  }

  /** Pods of a namespace, or all. */
  pods(_namespace?: string): Iterable<Pod> {
    throw new Error('not yet');
  }

  /** Workloads and autoscalers of a namespace, or all. */
  workloads(_namespace?: string): Iterable<Workload> {
    throw new Error('not yet');
  }

  volumes(): Iterable<Volume> {
    throw new Error('not yet');
  }

  services(): Iterable<Service> {
    throw new Error('not yet');
  }

  endpointSlices(): Iterable<EndpointSlice> {
    throw new Error('not yet');
  }

  /** Admission policies, bindings and quotas of budget policies. */
  guards(): Iterable<Guard> {
    throw new Error('not yet');
  }
}
