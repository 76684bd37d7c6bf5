import type { telemetry } from '@kubehero/rpc';

/** Who telemetry is about: nodes by index, growing only, so that an index means the same for ever. */
export interface TelemetrySource {
  /** Nodes that there are by now, in the order of their indexes. */
  introductions(): readonly telemetry.NodeIntroductionInput[];
  /** The node as it is now. */
  nodeSpec(node: number): telemetry.NodeSpecInput;
  /** Every identity that the node has had, in the order of its dictionary; grows only. */
  identities(node: number): readonly telemetry.ContainerIdentityInput[];
}
