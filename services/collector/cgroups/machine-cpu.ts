import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupMounts } from './cgroup-mounts.js';

/**
 * CPU time of the whole machine since boot in nanoseconds: what the root cgroup used, for which the kernel keeps no
 * cgroup counter. Exact from cpuacct (v1) where it is mounted; else from the root's `cpu.stat`, which counts ticks.
 */
export class MachineCpu {
  private readonly cpuacct: string | undefined;
  private readonly stat: string | undefined;

  constructor(mounts: CgroupMounts) {
    this.cpuacct = mounts.cpuacctV1 && join(mounts.cpuacctV1, 'cpuacct.usage');
    this.stat = mounts.unified && join(mounts.unified, 'cpu.stat');
  }

  /** Reads the counter. Cost: about 10 us. */
  readNs(): bigint {
    if (this.cpuacct !== undefined) return BigInt(readFileSync(this.cpuacct, 'latin1').trim());
    const text = this.stat === undefined ? '' : readFileSync(this.stat, 'latin1');
    return BigInt(/^usage_usec (\d+)$/m.exec(text)?.[1] ?? 0) * 1000n;
  }
}
