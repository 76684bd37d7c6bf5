import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupMounts } from './cgroup-mounts.js';
import { readChildren, tryReadId } from './cgroup-names.js';
import type { CgroupBirth, CgroupColumns, Sample, UsageSource } from './sample.js';

/** What one directory of a cgroup file system says. */
interface Reading {
  readonly id: number;
  readonly parentId: number;
  readonly path: string;
  readonly cpuNs: bigint;
  readonly memoryBytes: number;
  readonly populated: boolean;
}

/** How the files of one version are read. Both return what a removed cgroup has: nothing. */
interface FileDialect {
  readonly root: string;
  readonly readCpuNs: (directory: string) => bigint | undefined;
  readonly readMemoryBytes: (path: string) => number;
}

/** Version 2 of cgroups: `cpu.stat`, `memory.current` less `inactive_file`. */
export function dialectV2(root: string, mounts: CgroupMounts): FileDialect {
  const readSeparate = mounts.memoryV1 === undefined ? undefined : memoryReaderV1(mounts.memoryV1);
  return {
    root,
    readCpuNs: (directory) => {
      const usec = tryReadField(join(directory, 'cpu.stat'), 'usage_usec');
      return usec === undefined ? undefined : usec * 1000n;
    },
    readMemoryBytes: (path) => {
      const current = tryReadNumber(join(root, path, 'memory.current'));
      if (current === undefined) return readSeparate?.(path) ?? -1;
      const inactive = tryReadField(join(root, path, 'memory.stat'), 'inactive_file') ?? 0n;
      return Math.max(0, Number(current - inactive));
    },
  };
}

/** Version 1: `cpuacct.usage` and the memory hierarchy, cgroups of the same path taken together. */
export function dialectV1(root: string, mounts: CgroupMounts): FileDialect {
  const readMemory = mounts.memoryV1 === undefined ? undefined : memoryReaderV1(mounts.memoryV1);
  return {
    root,
    readCpuNs: (directory) => tryReadNumber(join(directory, 'cpuacct.usage')),
    readMemoryBytes: (path) => readMemory?.(path) ?? -1,
  };
}

/**
 * Reads usage from files. What dies between two readings is charged to its parent; there is no network.
 * Cost: about 25 us a cgroup.
 */
export class FileSource implements UsageSource {
  readonly losses = {};
  private known = new Map<number, string>();

  constructor(
    readonly name: 'CGROUP_V2' | 'CGROUP_V1',
    private readonly dialect: FileDialect,
  ) {}

  read(sample: Sample): void {
    sample.births.length = 0;
    sample.traffic.length = 0;
    sample.dead.reset(0);
    const readings = readTree(this.dialect);
    const known = new Map<number, string>();
    sample.living.reset(readings.length);
    for (const reading of readings) {
      known.set(reading.id, reading.path);
      if (this.known.get(reading.id) !== reading.path) sample.births.push(birthOf(reading));
      append(sample.living, reading);
    }
    this.known = known;
  }

  close(): void {
    this.known.clear();
  }
}

/**
 * Adds v1 cgroups of cpuacct to another source, for machines where processes live in v1 cgroups while the v2 tree is
 * mounted and empty. Their ids are made negative, so that they cannot meet those of the other tree. A cgroup of which
 * the processes are in a v2 cgroup below the root is left out: that one counts them already.
 */
export class CpuacctOverlay implements UsageSource {
  private known = new Map<number, string>();

  constructor(
    private readonly inner: UsageSource,
    private readonly rootId: number,
    private readonly dialect: FileDialect,
  ) {}

  get name(): UsageSource['name'] {
    return this.inner.name;
  }

  get losses(): Readonly<Record<string, number>> {
    return this.inner.losses;
  }

  read(sample: Sample): void {
    this.inner.read(sample);
    const known = new Map<number, string>();
    const readings = readChildren(this.dialect.root).flatMap((name) =>
      this.isWanted(name) ? readTree(this.dialect, `/${name}`) : [],
    );
    growBy(sample.living, readings.length);
    for (const reading of readings) {
      const row = {
        ...reading,
        id: -reading.id,
        parentId: reading.parentId === 0 ? this.rootId : -reading.parentId,
      };
      known.set(row.id, row.path);
      if (this.known.get(row.id) !== row.path) sample.births.push(birthOf(row));
      append(sample.living, row);
    }
    this.known = known;
  }

  /** Whether this v1 cgroup of cpuacct was a row in the last reading. */
  has(cpuacctCgroupId: number): boolean {
    return this.known.has(-cpuacctCgroupId);
  }

  close(): void {
    this.inner.close();
  }

  private isWanted(name: string): boolean {
    const pid = firstProcess(join(this.dialect.root, name));
    const id = tryReadId(join(this.dialect.root, name));
    if (pid === undefined) return id !== undefined && this.known.has(-id);
    const memberships = tryRead(`/proc/${pid}/cgroup`);
    return memberships?.split('\n').includes('0::/') ?? false;
  }
}

function readTree(dialect: FileDialect, from = '/'): Reading[] {
  const found: Reading[] = [];
  const visit = (path: string, parentId: number): void => {
    const directory = join(dialect.root, path);
    const id = tryReadId(directory);
    const cpuNs = dialect.readCpuNs(directory);
    if (id === undefined || cpuNs === undefined) return;
    const populated = (tryRead(join(directory, 'cgroup.procs')) ?? '') !== '';
    found.push({ id, parentId, path, cpuNs, memoryBytes: dialect.readMemoryBytes(path), populated });
    for (const name of readChildren(directory)) visit(path === '/' ? `/${name}` : `${path}/${name}`, id);
  };
  visit(from, 0);
  return found;
}

function firstProcess(directory: string): number | undefined {
  const own = tryRead(join(directory, 'cgroup.procs'))?.split('\n', 1)[0] ?? '';
  if (own !== '') return Number(own);
  for (const name of readChildren(directory)) {
    const below = firstProcess(join(directory, name));
    if (below !== undefined) return below;
  }
  return undefined;
}

function birthOf({ id, parentId, path }: Reading): CgroupBirth {
  return { id, parentId, path };
}

function append(columns: CgroupColumns, reading: Reading): void {
  const row = columns.count++;
  columns.id[row] = reading.id;
  columns.parentId[row] = reading.parentId;
  columns.cpuLow[row] = Number(reading.cpuNs & 0xffffffffn);
  columns.cpuHigh[row] = Number(reading.cpuNs >> 32n);
  columns.memoryBytes[row] = reading.memoryBytes;
  columns.flag[row] = reading.populated ? 1 : 0;
}

function growBy(columns: CgroupColumns, rows: number): void {
  const needed = columns.count + rows;
  if (columns.id.length >= needed) return;
  const { count, id, parentId, cpuLow, cpuHigh, memoryBytes, flag } = columns;
  columns.reset(needed);
  columns.id.set(id);
  columns.parentId.set(parentId);
  columns.cpuLow.set(cpuLow);
  columns.cpuHigh.set(cpuHigh);
  columns.memoryBytes.set(memoryBytes);
  columns.flag.set(flag);
  columns.count = count;
}

function memoryReaderV1(root: string): (path: string) => number | undefined {
  return (path) => {
    const directory = join(root, path);
    const usage = tryReadNumber(join(directory, 'memory.usage_in_bytes'));
    if (usage === undefined) return undefined;
    const inactive = tryReadField(join(directory, 'memory.stat'), 'total_inactive_file') ?? 0n;
    return Math.max(0, Number(usage - inactive));
  };
}

/** Content of a file of a cgroup; undefined if the cgroup or its controller is not there (any more). */
function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EOPNOTSUPP' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function tryReadNumber(path: string): bigint | undefined {
  const text = tryRead(path)?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : BigInt(text);
}

function tryReadField(path: string, field: string): bigint | undefined {
  const text = tryRead(path);
  const found = text === undefined ? null : new RegExp(`^${field} (\\d+)$`, 'm').exec(text);
  return found?.[1] === undefined ? undefined : BigInt(found[1]);
}
