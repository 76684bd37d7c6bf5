/**
 * Columns of cgroups at one reading. Ids are the kernel's 64-bit cgroup ids (exact as numbers below 2^53). CPU time is
 * split in 32-bit halves, because nanoseconds of a big host pass 2^53.
 */
export class CgroupColumns {
  count = 0;
  id = new Float64Array(0);
  parentId = new Float64Array(0);
  cpuLow = new Uint32Array(0);
  cpuHigh = new Uint32Array(0);
  /** Working set in bytes, -1 where it is unknown. */
  memoryBytes = new Float64Array(0);
  /** 1: processes are in the cgroup itself. For the dead: 1 means final, see the lifecycle sensor. */
  flag = new Uint8Array(0);

  /** Makes room for `capacity` rows and empties the columns. */
  reset(capacity: number): void {
    this.count = 0;
    if (this.id.length >= capacity) return;
    const size = Math.max(64, 2 ** Math.ceil(Math.log2(capacity)));
    this.id = new Float64Array(size);
    this.parentId = new Float64Array(size);
    this.cpuLow = new Uint32Array(size);
    this.cpuHigh = new Uint32Array(size);
    this.memoryBytes = new Float64Array(size);
    this.flag = new Uint8Array(size);
  }
}

/** A cgroup seen for the first time, with its path from the root of the tree ("/" is the root). */
export interface CgroupBirth {
  readonly id: number;
  readonly parentId: number;
  readonly path: string;
}

/** Bytes of a cgroup by class of peers since the last reading. */
export interface TrafficEntry {
  readonly cgroupId: number;
  /** A value of kubehero.telemetry.v1.NetworkClass. */
  readonly networkClass: number;
  readonly txBytes: number;
  readonly rxBytes: number;
}

/** One reading of the whole tree. */
export interface Sample {
  /** Living cgroups, parents before children. */
  readonly living: CgroupColumns;
  /** Cgroups removed since the last reading with their last CPU time. */
  readonly dead: CgroupColumns;
  /** Comes before the first row of a cgroup. */
  readonly births: CgroupBirth[];
  readonly traffic: TrafficEntry[];
}

/** How usage is measured; the values of kubehero.telemetry.v1.Source without their prefix. */
export type UsageSourceName = 'BPF' | 'CGROUP_V2' | 'CGROUP_V1';

/** Something that reads all cgroups at once. */
export interface UsageSource {
  readonly name: UsageSourceName;
  /** Events and cgroups that were lost since the start, by kind. */
  readonly losses: Readonly<Record<string, number>>;
  /** Fills `sample`. Cost: see the implementation. */
  read(sample: Sample): void;
  /** Gives everything back. Idempotent. */
  close(): void;
}

/** An empty sample, to be filled again and again. */
export function createSample(): Sample {
  return { living: new CgroupColumns(), dead: new CgroupColumns(), births: [], traffic: [] };
}
