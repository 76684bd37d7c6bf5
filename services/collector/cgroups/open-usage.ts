import { readFileSync } from 'node:fs';
import { BpfError } from '../bpf/bpf-error.js';
import { readKernelFunctions } from '../bpf/kernel-functions.js';
import { LifecycleSensor } from '../bpf/lifecycle-sensor.js';
import { openLibbpf, type Libbpf } from '../bpf/libbpf.js';
import { NetworkSensor } from '../bpf/network-sensor.js';
import { ProcessSensor, type ProcessReading } from '../bpf/process-sensor.js';
import { UsageSensor } from '../bpf/usage-sensor.js';
import { BpfSource } from './bpf-source.js';
import { CgroupNames, tryReadId } from './cgroup-names.js';
import { readCgroupMounts, type CgroupMounts } from './cgroup-mounts.js';
import { CpuacctOverlay, dialectV1, dialectV2, FileSource } from './file-source.js';
import { MachineCpu } from './machine-cpu.js';
import { ProcProcesses } from './proc-processes.js';
import type { UsageSource } from './sample.js';

/** How usage is to be measured: `auto` takes BPF where it works and files where it does not. */
export type CollectorMode = 'auto' | 'bpf' | 'cgroup' | 'off';

/** A reader of the processes of the root cgroup. */
export interface ProcessReader {
  read(): { living: ProcessReading[]; ended: ProcessReading[] };
  close?(): void;
}

/** What is to be measured. */
export interface OpenUsageOptions {
  readonly mode: Exclude<CollectorMode, 'off'>;
  /** Adds what a machine without Kubernetes needs. */
  readonly plainHost: boolean;
  /** Folder below which the host's cgroup file systems are mounted. */
  readonly cgroupRoot?: string;
}

/** Everything that measures this machine. */
export interface OpenedUsage {
  /** Directory of the root of the tree. */
  readonly root: string;
  readonly source: UsageSource;
  readonly network?: NetworkSensor;
  /** On plain hosts. */
  readonly processes?: ProcessReader;
  /** Whether a v1 cgroup of cpuacct is a row of its own, so that its processes are not the root's. */
  readonly isElsewhere?: (cpuacctCgroupId: number) => boolean;
  /** CPU time of the whole machine, if the root of the tree is the machine's. */
  readonly machine?: MachineCpu;
  /** What is missing and how to get it, one sentence each. */
  readonly notices: readonly string[];
}

/** Inode number of the root of a cgroup file system. */
const rootInode = 1;
/** Rooms for cgroups: what there is twice over, within bounds that memory allows. */
const capacities = { smallest: 512, largest: 65_536, deaths: 4096, processes: 4096 } as const;

/**
 * Opens the best way to measure this machine; on a plain host also v1 cgroups beside an empty v2 tree and the processes
 * of the root cgroup by name.
 *
 * @throws {BpfError} in mode `bpf` what BPF lacks; in every mode NO_CGROUP_V2 if no cgroup tree is mounted at all
 */
export async function openUsage({ mode, plainHost, cgroupRoot }: OpenUsageOptions): Promise<OpenedUsage> {
  const mounts = readCgroupMounts(cgroupRoot);
  if (mode === 'cgroup') return openFiles(mounts, plainHost, []);
  try {
    return await openBpf(mounts, plainHost);
  } catch (error) {
    if (mode === 'bpf' || !(error instanceof BpfError)) throw error;
    const notice = `measuring by cgroup files, without network and short-lived containers: ${error.message}`;
    return openFiles(mounts, plainHost, [notice]);
  }
}

async function openBpf(mounts: CgroupMounts, plainHost: boolean): Promise<OpenedUsage> {
  const { unified } = mounts;
  const rootId = unified === undefined ? undefined : tryReadId(unified);
  if (unified === undefined || rootId === undefined) {
    throw new BpfError('NO_CGROUP_V2', 'no cgroup v2 tree is mounted: boot with cgroup v2, or mount it');
  }
  const libbpf = await openLibbpf();
  const notices: string[] = [];
  const { source, network } = openSensors({ libbpf, rootId, mounts: { ...mounts, unified }, notices });
  const processes = plainHost ? openProcesses(libbpf, rootId, notices) : undefined;
  return {
    root: unified,
    ...overlaid(source, mounts, { plainHost, rootId }),
    ...(network && { network }),
    ...(processes && { processes }),
    ...(rootId === rootInode && { machine: new MachineCpu(mounts) }),
    notices,
  };
}

interface SensorPlace {
  readonly libbpf: Libbpf;
  readonly rootId: number;
  readonly mounts: CgroupMounts & { readonly unified: string };
  readonly notices: string[];
}

function openSensors({ libbpf, rootId, mounts, notices }: SensorPlace): {
  source: BpfSource;
  network: NetworkSensor | undefined;
} {
  const kernel = readKernelFunctions(libbpf);
  if (kernel === undefined) {
    const remedy = 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y';
    throw new BpfError('KERNEL_TOO_OLD', `kernel has no BTF: ${remedy}`);
  }
  const { unified: root, memoryV1 } = mounts;
  const memory = memoryV1 === undefined ? {} : { memoryRoot: memoryV1 };
  const openSensor = (capacity: number): UsageSensor =>
    new UsageSensor({ libbpf, kernel, root, rootId, capacity, ...memory });
  const capacity = chooseCapacity(mounts);
  const usage = openSensor(capacity);
  const openLifecycle = (): LifecycleSensor => new LifecycleSensor(libbpf, capacities.deaths);
  const lifecycle = attempt('short-lived containers', notices, openLifecycle);
  const network = attempt('network', notices, () => new NetworkSensor(libbpf, root, 4 * capacity));
  const sensors = { usage, ...(lifecycle && { lifecycle }), ...(network && { network }) };
  return { source: new BpfSource(sensors, mounts, { capacity, openSensor }), network };
}

function openProcesses(libbpf: Libbpf, rootId: number, notices: string[]): ProcessReader {
  const sensor = attempt(
    'processes that end within a second',
    notices,
    () => new ProcessSensor(libbpf, rootId, capacities.processes),
  );
  return sensor ?? new ProcProcesses();
}

/** A sensor that fails alone leaves the others at work. */
function attempt<T>(what: string, notices: string[], open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    notices.push(`not measuring ${what}: ${error.message}`);
    return undefined;
  }
}

function openFiles(mounts: CgroupMounts, plainHost: boolean, notices: readonly string[]): OpenedUsage {
  const { unified, cpuacctV1 } = mounts;
  const root = unified ?? cpuacctV1;
  const rootId = root === undefined ? undefined : tryReadId(root);
  if (root === undefined || rootId === undefined) {
    throw new BpfError('NO_CGROUP_V2', 'no cgroup tree is mounted: mount cgroup v2 on /sys/fs/cgroup');
  }
  const source =
    unified === undefined
      ? new FileSource('CGROUP_V1', dialectV1(root, mounts))
      : new FileSource('CGROUP_V2', dialectV2(root, mounts));
  return {
    root,
    ...overlaid(source, mounts, { plainHost: plainHost && unified !== undefined, rootId }),
    ...(plainHost && { processes: new ProcProcesses() }),
    ...(rootId === rootInode && { machine: new MachineCpu(mounts) }),
    notices,
  };
}

function overlaid(
  source: UsageSource,
  mounts: CgroupMounts,
  { plainHost, rootId }: { plainHost: boolean; rootId: number },
): Pick<OpenedUsage, 'source' | 'isElsewhere'> {
  if (!plainHost || mounts.cpuacctV1 === undefined) return { source };
  const overlay = new CpuacctOverlay(source, rootId, dialectV1(mounts.cpuacctV1, mounts));
  return { source: overlay, isElsewhere: (id) => overlay.has(id) };
}

/** Twice what there is now, in a power of two. */
function chooseCapacity(mounts: CgroupMounts): number {
  const trees = [mounts.unified, mounts.memoryV1].filter((root) => root !== undefined);
  const cgroups = Math.max(...trees.map((root) => new CgroupNames(root).scan().length));
  const wanted = 2 ** Math.ceil(Math.log2(2 * cgroups + 1));
  return Math.min(capacities.largest, Math.max(capacities.smallest, wanted));
}

/** Version of the running kernel, for messages. */
export function readKernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
}
