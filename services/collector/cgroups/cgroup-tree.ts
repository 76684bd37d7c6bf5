import { Meter } from './meter.js';
import type { CgroupBirth, CgroupColumns, Sample } from './sample.js';
import { subjectOf, subjectOfRoot, type Subject } from './subject.js';

const high = 2 ** 32;

/** A cgroup between its first and its last reading. */
interface Tracked {
  readonly id: number;
  readonly parent: Tracked | undefined;
  path: string;
  meter: Meter;
  cpuLow: number;
  cpuHigh: number;
  /** CPU time since the last reading: of the subtree, and of the children in it. */
  deltaNs: number;
  childrenNs: number;
  hasChildren: boolean;
  memoryBytes: number;
  childrenMemoryBytes: number;
  populated: boolean;
  wasPopulated: boolean;
  /** Number of the last reading that had a row of it, 0 before the first. */
  seenAt: number;
  /** Number of the reading that told of its birth; the first row may come with the next one. */
  readonly bornAt: number;
}

/** Faults found while readings were taken together, since the start. */
export interface TreeFaults {
  /** CPU time of inner cgroups without processes that no child accounts for; 0 when the kernel's sums close. */
  residualNs: number;
  /** Counters that ran backwards. */
  backwards: number;
  /** Rows of cgroups whose parent was unknown. */
  orphans: number;
  /** Cgroups charged at their death. */
  deaths: number;
}

/**
 * Turns readings of counters into usage by subject. Every nanosecond of a cgroup goes to exactly one meter: its own
 * time (its counter less those of its children, living and dead) to the meter of its subject. Cgroups are told apart
 * by their 64-bit id, so a path or a number used again never mixes two of them.
 */
export class CgroupTree {
  readonly faults: TreeFaults = { residualNs: 0, backwards: 0, orphans: 0, deaths: 0 };
  /** CPU time of inner cgroups without processes in the last reading, not found in children. */
  residualNs = 0;
  private readonly byId = new Map<number, Tracked>();
  private readonly meters = new Set<Meter>();
  private touched: Tracked[] = [];
  private readings = 0;
  private root: Tracked | undefined;
  private rootCpuNs: bigint | undefined;

  /** Meters with anything to seal, including those that ended with the last reading. */
  get activeMeters(): Iterable<Meter> {
    return this.meters;
  }

  /** Meter of the root cgroup itself. */
  get rootMeter(): Meter | undefined {
    return this.root?.meter;
  }

  /** Cgroups that live. */
  get size(): number {
    return this.byId.size;
  }

  /**
   * Takes a reading. The first one only sets the baseline. `rootCpuNs` is the CPU time of the whole machine, for the
   * root cgroup has no counter of its own; without it the root's row is used as it is.
   */
  apply(sample: Sample, rootCpuNs?: bigint): void {
    this.readings++;
    this.touched = [];
    for (const birth of sample.births) this.takeBirth(birth);
    this.rootCpuNs = rootCpuNs;
    this.takeRows(sample.living, false);
    this.takeRows(sample.dead, true);
    this.charge();
    this.takeTraffic(sample);
    this.forgetGone(sample.dead);
  }

  /** Path of the living cgroup of a container, or undefined. Cost: a search of the whole tree. */
  tryFindPath(containerId: string): string | undefined {
    for (const { path } of this.byId.values()) {
      if (path.includes(containerId)) return path;
    }
    return undefined;
  }

  /** A meter that belongs to no cgroup; the caller adds to it and ends it by `references = 0`. */
  addMeter(subject: Subject): Meter {
    const meter = new Meter(subject, this.rootMeter);
    meter.references = 1;
    this.meters.add(meter);
    return meter;
  }

  /** MUST be called after a seal: gives remainders of ended meters to their heirs and forgets them. */
  dropEnded(): void {
    for (const meter of this.meters) {
      if (meter.references > 0) continue;
      this.meters.delete(meter);
      if (meter.heir !== undefined) meter.heir.pendingNs += meter.pendingNs + meter.tickNs;
    }
  }

  private takeBirth(birth: CgroupBirth): void {
    const existing = this.byId.get(birth.id);
    if (existing !== undefined) {
      existing.path = birth.path;
      return;
    }
    const parent = this.byId.get(birth.parentId);
    if (parent === undefined && birth.path !== '/') {
      this.faults.orphans++;
      return;
    }
    const meter = this.meterFor(parent, birth);
    meter.references++;
    const tracked: Tracked = {
      id: birth.id,
      parent,
      path: birth.path,
      meter,
      cpuLow: 0,
      cpuHigh: 0,
      deltaNs: 0,
      childrenNs: 0,
      hasChildren: false,
      memoryBytes: -1,
      childrenMemoryBytes: 0,
      populated: true,
      wasPopulated: true,
      seenAt: 0,
      bornAt: this.readings,
    };
    if (parent !== undefined) parent.hasChildren = true;
    this.byId.set(birth.id, tracked);
    this.root ??= tracked;
  }

  private meterFor(parent: Tracked | undefined, birth: CgroupBirth): Meter {
    const subject = parent === undefined ? subjectOfRoot(birth.id) : subjectOf(parent.meter.subject, birth);
    if (parent?.meter.subject === subject) return parent.meter;
    const meter = new Meter(subject, parent?.meter);
    this.meters.add(meter);
    return meter;
  }

  private takeRows(columns: CgroupColumns, dead: boolean): void {
    for (let row = 0; row < columns.count; row++) {
      const tracked = this.byId.get(columns.id[row] ?? 0);
      if (tracked === undefined) {
        this.faults.orphans++;
        continue;
      }
      if (tracked.seenAt === this.readings) continue;
      tracked.seenAt = this.readings;
      tracked.memoryBytes = columns.memoryBytes[row] ?? -1;
      tracked.populated = !dead && columns.flag[row] === 1;
      if (dead && columns.flag[row] === 1) this.faults.deaths++;
      if (tracked !== this.root || this.rootCpuNs === undefined) {
        this.measure(tracked, columns.cpuLow[row] ?? 0, columns.cpuHigh[row] ?? 0);
      } else this.measure(tracked, Number(this.rootCpuNs & 0xffffffffn), Number(this.rootCpuNs >> 32n));
      this.touched.push(tracked);
    }
  }

  private measure(tracked: Tracked, cpuLow: number, cpuHigh: number): void {
    const delta = (cpuHigh - tracked.cpuHigh) * high + (cpuLow - tracked.cpuLow);
    tracked.cpuLow = cpuLow;
    tracked.cpuHigh = cpuHigh;
    if (delta < 0) this.faults.backwards++;
    tracked.deltaNs = this.readings === 1 || delta < 0 ? 0 : delta;
  }

  private charge(): void {
    for (const meter of this.meters) meter.memoryBytes = -1;
    for (const { parent, deltaNs, memoryBytes } of this.touched) {
      if (parent === undefined) continue;
      parent.childrenNs += deltaNs;
      if (memoryBytes > 0) parent.childrenMemoryBytes += memoryBytes;
    }
    this.residualNs = 0;
    for (const tracked of this.touched) this.chargeOne(tracked);
    this.faults.residualNs += this.residualNs;
  }

  private chargeOne(tracked: Tracked): void {
    const ownNs = tracked.deltaNs - tracked.childrenNs;
    tracked.meter.tickNs += ownNs;
    if (tracked.memoryBytes >= 0) {
      tracked.meter.addMemory(Math.max(0, tracked.memoryBytes - tracked.childrenMemoryBytes));
    }
    const empty = !tracked.populated && !tracked.wasPopulated;
    if (empty && tracked.hasChildren && tracked.parent !== undefined) this.residualNs += Math.abs(ownNs);
    tracked.wasPopulated = tracked.populated;
    tracked.deltaNs = 0;
    tracked.childrenNs = 0;
    tracked.childrenMemoryBytes = 0;
  }

  private takeTraffic({ traffic }: Sample): void {
    for (const { cgroupId, networkClass, txBytes, rxBytes } of traffic) {
      const meter = this.byId.get(cgroupId)?.meter ?? this.rootMeter;
      meter?.addTraffic(networkClass, txBytes, rxBytes);
    }
  }

  private forgetGone(dead: CgroupColumns): void {
    for (let row = 0; row < dead.count; row++) {
      const tracked = dead.flag[row] === 1 ? this.byId.get(dead.id[row] ?? 0) : undefined;
      if (tracked !== undefined) this.forget(tracked);
    }
    if (this.touched.length === this.byId.size) return;
    for (const tracked of this.byId.values()) {
      if (Math.max(tracked.seenAt, tracked.bornAt) !== this.readings) this.forget(tracked);
    }
  }

  private forget(tracked: Tracked): void {
    if (this.byId.delete(tracked.id)) tracked.meter.references--;
  }
}
