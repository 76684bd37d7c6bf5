import { closeSync, openSync } from 'node:fs';
import type { CgroupColumns } from '../cgroups/sample.js';
import { BpfError } from './bpf-error.js';
import { BpfObject } from './bpf-object.js';
import {
  usageArgumentsLayout,
  usageObjectBase64,
  usageRecordLayout,
  usageStateLayout,
} from './gen/usage.gen.js';
import { usage61ObjectBase64 } from './gen/usage-6-1.gen.js';
import { usage67ObjectBase64 } from './gen/usage-6-7.gen.js';
import type { KernelFunctions } from './kernel-functions.js';
import type { Libbpf } from './libbpf.js';
import { readPageBytes } from './page-size.js';

/** USAGE_POPULATED_ITSELF and USAGE_HAS_MEMORY of usage.h. */
const flags = { populatedItself: 1, hasMemory: 2 } as const;
const words = usageRecordLayout.byteLength / 4;
const high = 2 ** 32;

/** What the usage sensor watches. */
export interface UsageSensorOptions {
  readonly libbpf: Libbpf;
  readonly kernel: KernelFunctions;
  /** Directory and id of the root of the cgroup v2 tree. */
  readonly root: string;
  readonly rootId: number;
  /** Directory of the root of a separate memory hierarchy (v1). */
  readonly memoryRoot?: string;
  /** How many cgroups fit. */
  readonly capacity: number;
}

/**
 * CPU time and memory of all living cgroups by one flush and one walk in the kernel.
 * Cost of a pass: about 5 us for 120 cgroups, 0.1 ms for 2,000, without the copy into columns.
 */
export class UsageSensor {
  private readonly object: BpfObject;
  private readonly state: Uint32Array;
  private readonly records: Uint32Array;
  private readonly memoryRecords: Uint32Array;
  private readonly passes: (() => void)[];
  private readonly pageBytes = readPageBytes();

  /** @throws {BpfError} NOT_PERMITTED, KERNEL_TOO_OLD, REFUSED */
  constructor(options: UsageSensorOptions) {
    const { object, walksByIterator } = loadObject(options);
    this.object = object;
    try {
      const bytes = options.capacity * usageRecordLayout.byteLength;
      this.state = new Uint32Array(this.object.mapMemory('usage_states', usageStateLayout.byteLength));
      this.records = new Uint32Array(this.object.mapMemory('usage_records', bytes));
      this.memoryRecords =
        options.memoryRoot === undefined
          ? new Uint32Array(0)
          : new Uint32Array(this.object.mapMemory('memory_records', bytes));
      this.passes = this.prepare(options, walksByIterator);
    } catch (error) {
      this.object.close();
      throw error;
    }
  }

  /** Flushes and walks; afterwards `copyLiving` and `copyMemory` give what was found. */
  pass(): void {
    for (const pass of this.passes) pass();
  }

  /** Cgroups that did not fit in the last pass. */
  get lost(): number {
    return this.stateAt(usageStateLayout.recordLost) + this.stateAt(usageStateLayout.memoryLost);
  }

  /** Copies the living cgroups, parents first. */
  copyLiving(into: CgroupColumns): void {
    this.copy(this.records, this.stateAt(usageStateLayout.recordCount), into);
  }

  /** Copies the cgroups of the separate memory hierarchy. */
  copyMemory(into: CgroupColumns): void {
    this.copy(this.memoryRecords, this.stateAt(usageStateLayout.memoryCount), into);
  }

  /** Unloads the programs. */
  close(): void {
    this.object.close();
  }

  private stateAt(offset: number): number {
    return this.state[offset / 4] ?? 0;
  }

  private prepare(options: UsageSensorOptions, walksByIterator: boolean): (() => void)[] {
    const passes = [prepareIterator(this.object, 'flush_statistics', options.root, 'self')];
    if (walksByIterator) {
      passes.push(prepareIterator(this.object, 'walk_usage_by_iterator', options.root, 'descendants'));
    } else {
      const argument = Buffer.alloc(usageArgumentsLayout.byteLength);
      argument.writeBigUInt64LE(BigInt(options.rootId), usageArgumentsLayout.rootId);
      passes.push(this.object.prepareRun('walk_usage', argument));
    }
    if (options.memoryRoot !== undefined) {
      passes.push(prepareIterator(this.object, 'walk_memory', options.memoryRoot, 'descendants'));
    }
    return passes;
  }

  private copy(records: Uint32Array, count: number, into: CgroupColumns): void {
    into.reset(count);
    for (let row = 0, at = 0; row < count; row++, at += words) {
      const word = (offset: number): number => records[at + offset / 4] ?? 0;
      const wide = (offset: number): number => word(offset + 4) * high + word(offset);
      into.id[row] = wide(usageRecordLayout.cgroupId);
      into.parentId[row] = wide(usageRecordLayout.parentId);
      into.cpuLow[row] = word(usageRecordLayout.cpuNs);
      into.cpuHigh[row] = word(usageRecordLayout.cpuNs + 4);
      const flag = word(usageRecordLayout.flags);
      into.flag[row] = flag & flags.populatedItself;
      into.memoryBytes[row] =
        flag & flags.hasMemory
          ? Math.max(0, wide(usageRecordLayout.memoryPages) - wide(usageRecordLayout.inactiveFilePages)) *
            this.pageBytes
          : -1;
    }
    into.count = count;
  }
}

interface ObjectChoice {
  readonly objectBase64: string;
  readonly walksByIterator: boolean;
}

/** The object for this kernel; `attempt` counts from 0 and goes on to older ways, undefined when there is none left. */
function chooseObject(kernel: KernelFunctions, attempt: number): ObjectChoice | undefined {
  const choices: ObjectChoice[] = [];
  if (kernel.has('css_rstat_flush')) {
    choices.push({ objectBase64: usageObjectBase64, walksByIterator: false });
  }
  if (kernel.has('cgroup_rstat_flush')) {
    if (kernel.has('bpf_iter_css_new')) {
      choices.push({ objectBase64: usage67ObjectBase64, walksByIterator: false });
    }
    // Before 6.10 a program that user space calls may not use cgroups, although the functions are there.
    choices.push({ objectBase64: usage61ObjectBase64, walksByIterator: true });
  }
  if (choices.length === 0) {
    throw new BpfError(
      'KERNEL_TOO_OLD',
      'kernel has no function that flushes cgroup statistics for BPF: use Linux 6.4 or later',
    );
  }
  return choices[attempt];
}

function loadObject(options: UsageSensorOptions, attempt = 0): { object: BpfObject; walksByIterator: boolean } {
  const choice = chooseObject(options.kernel, attempt);
  const { libbpf, memoryRoot, capacity } = options;
  if (choice === undefined) throw new BpfError('REFUSED', "no object of sensor 'usage' suits this kernel");
  try {
    const object = BpfObject.load(libbpf, {
      sensor: 'usage',
      objectBase64: choice.objectBase64,
      withoutPrograms: memoryRoot === undefined ? ['walk_memory'] : [],
      maxEntries: { usage_records: capacity, memory_records: memoryRoot === undefined ? 1 : capacity },
    });
    return { object, walksByIterator: choice.walksByIterator };
  } catch (error) {
    const isLast = chooseObject(options.kernel, attempt + 1) === undefined;
    if (isLast || !(error instanceof BpfError) || error.code !== 'REFUSED') throw error;
    return loadObject(options, attempt + 1);
  }
}

function prepareIterator(
  object: BpfObject,
  program: string,
  directory: string,
  order: 'self' | 'descendants',
): () => void {
  const fd = openSync(directory, 'r');
  try {
    return object.prepareIterator(program, fd, order);
  } finally {
    closeSync(fd);
  }
}
