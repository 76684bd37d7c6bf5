import type { ProcessReading } from '../bpf/process-sensor.js';
import type { CgroupTree } from './cgroup-tree.js';
import type { Meter } from './meter.js';

/** Name of the row of kernel threads. */
const kernelThreads = 'kernel threads';
/** At most so many names are told apart; the rest stays with the root. */
const maxNames = 512;
/** Readings without a process of that name after which its meter ends. */
const idleReadings = 60;

interface NameMeter {
  readonly meter: Meter;
  seenAt: number;
}

/**
 * Divides what the root cgroup of a plain host used by the names of its processes, so that a machine without cgroups
 * for its services shows more than one row. What cannot be told (interrupts, the last microseconds of a process)
 * stays with the root, so the sum does not change.
 */
export class ProcessSplitter {
  private readonly meters = new Map<string, NameMeter>();
  private cpuByProcess = new Map<string, number>();
  /** Of the reading before: the end of a process may be told one reading late. */
  private earlierCpuByProcess = new Map<string, number>();
  private readings = 0;
  private lastReadingBootNs = 0;
  private earlierReadingBootNs = 0;

  /** `isElsewhere` says whether a v1 cgroup of cpuacct has a row of its own. */
  constructor(
    private readonly tree: CgroupTree,
    private readonly isElsewhere: (cpuacctCgroupId: number) => boolean = () => false,
  ) {}

  /**
   * Takes a reading that was made right after the tree's, `bootNs` after the kernel's start. The first one only sets
   * the baseline.
   */
  apply(
    { living, ended }: { living: readonly ProcessReading[]; ended: readonly ProcessReading[] },
    bootNs: number,
  ): void {
    this.readings++;
    const cpuByProcess = new Map<string, number>();
    for (const process of ended) this.charge(process, this.earlierReadingBootNs);
    for (const process of living) {
      this.moveMemory(this.charge(process, this.lastReadingBootNs), process.residentBytes);
      cpuByProcess.set(keyOf(process), process.cpuNs);
    }
    this.earlierCpuByProcess = this.cpuByProcess;
    this.cpuByProcess = cpuByProcess;
    this.earlierReadingBootNs = this.readings === 1 ? bootNs : this.lastReadingBootNs;
    this.lastReadingBootNs = bootNs;
    this.endIdle();
  }

  /** Where the root's memory is known, that of its processes is part of it. */
  private moveMemory(to: Meter | undefined, residentBytes: number): void {
    const root = this.tree.rootMeter;
    if (to === undefined || root === undefined) return;
    to.addMemory(residentBytes);
    if (root.memoryBytes > 0) root.memoryBytes = Math.max(0, root.memoryBytes - residentBytes);
  }

  private charge(process: ProcessReading, newSinceBootNs: number): Meter | undefined {
    if (this.isElsewhere(process.cpuacctCgroupId)) return undefined;
    const meter = this.meterOf(process.isKernelThread ? kernelThreads : process.comm);
    const root = this.tree.rootMeter;
    if (meter === undefined || root === undefined) return undefined;
    const usedNs = Math.max(0, process.cpuNs - this.cpuBefore(process, newSinceBootNs));
    meter.tickNs += usedNs;
    root.tickNs -= usedNs;
    return meter;
  }

  /** A process that is older than the last reading and was not in it came from another cgroup with its history. */
  private cpuBefore(process: ProcessReading, newSinceBootNs: number): number {
    const key = keyOf(process);
    const before = this.cpuByProcess.get(key) ?? this.earlierCpuByProcess.get(key);
    if (before !== undefined) return before;
    return this.readings > 1 && process.startNs >= newSinceBootNs ? 0 : process.cpuNs;
  }

  private meterOf(comm: string): Meter | undefined {
    const found = this.meters.get(comm);
    if (found !== undefined) {
      found.seenAt = this.readings;
      return found.meter;
    }
    if (this.meters.size >= maxNames) return undefined;
    const meter = this.tree.addMeter({ kind: 'process', comm });
    this.meters.set(comm, { meter, seenAt: this.readings });
    return meter;
  }

  private endIdle(): void {
    for (const [comm, { meter, seenAt }] of this.meters) {
      if (this.readings - seenAt < idleReadings) continue;
      meter.references = 0;
      this.meters.delete(comm);
    }
  }
}

function keyOf({ pid, startNs }: ProcessReading): string {
  return `${pid}@${startNs}`;
}
