import type { TreeFaults } from './cgroups/cgroup-tree.js';
import type { UsageSourceName } from './cgroups/sample.js';
import type { UplinkStatistics } from './uplink/uplink.js';

/** What a collector counted since its start. */
export interface CollectorStatistics {
  readonly source: UsageSourceName | undefined;
  readonly ticks: number;
  /** Readings that failed; their seconds are missing. */
  readonly failedTicks: number;
  readonly sealedSeconds: number;
  /** Seconds that nothing was said about: the clock stepped, the machine slept, the collector was held up. */
  readonly missingSeconds: number;
  /** Seconds that were sealed as the mean over a stall of several. */
  readonly averagedSeconds: number;
  /** CPU time read that belongs to no sealed second. */
  readonly droppedCpuNs: number;
  /** Seconds that left the full buffer unacknowledged. */
  readonly overflowedSeconds: number;
  readonly bufferedSeconds: number;
  readonly cgroups: number;
  readonly lastTickMs: number;
  /** Unaccounted CPU time in the last reading; 0 when the kernel's sums close. */
  readonly residualNs: number;
  readonly faults: Readonly<TreeFaults>;
  /** What was lost, by kind. */
  readonly losses: Readonly<Record<string, number>>;
  readonly uplink: Readonly<UplinkStatistics> | undefined;
}
