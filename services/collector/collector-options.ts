import type { CollectorMode } from './cgroups/open-usage.js';
import type { TopologyPrefix } from './cgroups/network-classes.js';
import type { ClockSource } from './buffer/second-clock.js';
import type { PodDirectory } from './pods/identities.js';
import type { NodeSpec, OpenReport } from './uplink/messages.js';

/** Where a node is in the network. */
export interface NodeNetwork {
  /** Pod networks in CIDR notation. */
  readonly podCidrs: readonly string[];
  readonly addresses: readonly string[];
}

/** What the Kubernetes API says of this node; absent on a plain host. */
export interface NodeWatch {
  readonly pods: PodDirectory;
  /** UID of the Node object. */
  readonly nodeUid: string;
  /** The node's part of the spec: name, provider id, labels, annotations, capacity; another object when it changed. */
  readonly nodeSpec: () => Partial<NodeSpec>;
  /** Pod networks and addresses of the node; another object when they changed. */
  readonly nodeNetwork: () => NodeNetwork;
  /** Ends the watch. */
  stop(): void;
}

/** How a collector is made. */
export interface CollectorOptions {
  readonly mode: Exclude<CollectorMode, 'off'>;
  /** Opens a Report call on the channel to the hub. */
  readonly openReport: OpenReport;
  /** Program and version, "kubehero-collector/0.1.0". */
  readonly emitter: string;
  /** Takes sentences for people: what is missing, what was refused. */
  readonly onNotice: (sentence: string) => void;
  /** Folder for the incarnation and the last sealed second. */
  readonly stateDir?: string;
  /** Identity of this node where it is neither a Kubernetes UID nor the machine id. */
  readonly nodeUid?: string;
  /** Annotations of the node beside those of the API, for example the price of a plain host. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where the host's cgroup file systems and its /proc are mounted, in a container. */
  readonly cgroupRoot?: string;
  readonly procRoot?: string;
  /** The watch of this node's pods, on Kubernetes. */
  readonly kubernetes?: NodeWatch;
  /** Prefixes of the network topology that are known from the start. */
  readonly topology?: readonly TopologyPrefix[];
  /** Sealed seconds that are kept until they are acknowledged. @default 60 */
  readonly bufferSeconds?: number;
  /** @default the machine's clocks */
  readonly clock?: ClockSource;
}
