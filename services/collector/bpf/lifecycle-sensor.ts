import type { CgroupColumns } from '../cgroups/sample.js';
import { BpfObject } from './bpf-object.js';
import {
  birthEventLayout,
  deathRecordLayout,
  lifecycleObjectBase64,
  lifecycleStateLayout,
} from './gen/lifecycle.gen.js';
import type { Libbpf } from './libbpf.js';
import { RingBuffer } from './ring-buffer.js';

/** BIRTH_BYTES of lifecycle.bpf.c. */
const birthBytes = 256 * 1024;
const words = deathRecordLayout.byteLength / 4;
const high = 2 ** 32;

/** A cgroup was made, in the hierarchy of that number (0: cgroup v2). */
export interface BirthEvent {
  readonly cgroupId: number;
  readonly parentId: number;
  readonly hierarchyId: number;
  readonly name: string;
}

/**
 * Births and deaths of cgroups. A death is exact: the kernel keeps the removed cgroup until a flush that started after
 * the removal, and its CPU time is read then.
 */
export class LifecycleSensor {
  private readonly object: BpfObject;
  private readonly state: BigUint64Array;
  private readonly counts: Uint32Array;
  private readonly records: Uint32Array;
  private readonly ring: RingBuffer;
  private readonly drainDeaths: () => void;

  /**
   * Loads and attaches. `capacity` is how many cgroups may be removed within a second.
   *
   * @throws {BpfError} NOT_PERMITTED, REFUSED
   */
  constructor(libbpf: Libbpf, capacity: number) {
    this.object = BpfObject.load(libbpf, {
      sensor: 'lifecycle',
      objectBase64: lifecycleObjectBase64,
      maxEntries: { dying_cgroups: capacity, death_records: capacity },
    });
    try {
      const state = this.object.mapMemory('lifecycle_states', lifecycleStateLayout.byteLength, { writable: true });
      this.state = new BigUint64Array(state, 0, lifecycleStateLayout.byteLength / 8);
      this.counts = new Uint32Array(state, 0, lifecycleStateLayout.byteLength / 4);
      this.records = new Uint32Array(
        this.object.mapMemory('death_records', capacity * deathRecordLayout.byteLength),
      );
      this.ring = new RingBuffer(this.object, 'births', birthBytes);
      this.drainDeaths = this.object.prepareRun('drain_deaths');
      this.object.attach('on_cgroup_mkdir');
      this.object.attach('on_cgroup_rmdir');
    } catch (error) {
      this.object.close();
      throw error;
    }
  }

  /** MUST be called before every flush: what was removed until now is final after it. */
  beginGeneration(): void {
    this.state[lifecycleStateLayout.generation / 8] = (this.state[lifecycleStateLayout.generation / 8] ?? 0n) + 1n;
  }

  /** Copies the deaths; `flag` 1 means final, 0 that the cgroup comes again after the next flush. */
  copyDeaths(into: CgroupColumns): void {
    this.drainDeaths();
    const count = this.counts[lifecycleStateLayout.deathCount / 4] ?? 0;
    into.reset(count);
    for (let row = 0, at = 0; row < count; row++, at += words) {
      const word = (offset: number): number => this.records[at + offset / 4] ?? 0;
      into.id[row] = word(deathRecordLayout.cgroupId + 4) * high + word(deathRecordLayout.cgroupId);
      into.parentId[row] = word(deathRecordLayout.parentId + 4) * high + word(deathRecordLayout.parentId);
      into.cpuLow[row] = word(deathRecordLayout.cpuNs);
      into.cpuHigh[row] = word(deathRecordLayout.cpuNs + 4);
      into.memoryBytes[row] = -1;
      into.flag[row] = word(deathRecordLayout.final);
    }
    into.count = count;
  }

  /** Calls `take` for every cgroup made since the last call. */
  drainBirths(take: (birth: BirthEvent) => void): void {
    this.ring.drain((record) => {
      const nameBytes = Math.max(1, record.readUInt32LE(birthEventLayout.nameBytes));
      take({
        cgroupId: Number(record.readBigUInt64LE(birthEventLayout.cgroupId)),
        parentId: Number(record.readBigUInt64LE(birthEventLayout.parentId)),
        hierarchyId: record.readUInt32LE(birthEventLayout.hierarchyId),
        name: record.toString('utf8', birthEventLayout.name, birthEventLayout.name + nameBytes - 1),
      });
    });
  }

  /** Births that found the ring buffer full, since the start. */
  get birthLost(): number {
    return Number(this.state[lifecycleStateLayout.birthLost / 8]);
  }

  /** Deaths that found the table full, since the start. */
  get deathLost(): number {
    return Number(this.state[lifecycleStateLayout.deathLost / 8]);
  }

  /** Detaches and unloads. */
  close(): void {
    this.object.close();
  }
}
