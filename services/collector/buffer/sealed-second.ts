import type { UsageSourceName } from '../cgroups/sample.js';
import type { ContainerIdentity } from '../pods/container-identity.js';

/** A second of this node, immutable from now on: who used what. Columns have one entry a row. */
export interface SealedSecond {
  /** Epoch second s; it covers [s, s + 1). */
  readonly second: number;
  readonly source: UsageSourceName;
  readonly identities: readonly ContainerIdentity[];
  /** Whole microseconds. */
  readonly cpuUs: Uint32Array;
  /** Working set in bytes; 0 where it is unknown, for the protocol has no other word for it. */
  readonly memoryBytes: Float64Array;
  /** One entry a row and network class with traffic, ordered by row. */
  readonly network: readonly NetworkEntry[];
}

/** Bytes of one row and class. */
export interface NetworkEntry {
  readonly row: number;
  readonly networkClass: number;
  readonly txBytes: number;
  readonly rxBytes: number;
}
