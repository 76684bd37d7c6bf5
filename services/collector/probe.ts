import { existsSync } from 'node:fs';
import { BpfError } from './bpf/bpf-error.js';
import { openLibbpf } from './bpf/libbpf.js';
import { readCgroupMounts } from './cgroups/cgroup-mounts.js';
import { openUsage, readKernelRelease, type OpenedUsage } from './cgroups/open-usage.js';

/** What a probe found; the shape that `kubehero doctor` prints. */
export interface ProbeFinding {
  /** `limited`: the collector works, with less. */
  readonly state: 'ok' | 'limited' | 'missing';
  readonly subject: string;
  /** What was found and, unless it is ok, what to do. */
  readonly detail: string;
}

const KERNEL = 'kernel for BPF';

/** Looks at what the collector could measure on this machine: loads its sensors, closes them again. About 0.2 s. */
export async function probeCollector(): Promise<readonly ProbeFinding[]> {
  return [probeKernel(), await probeLibrary(), probeCgroups(), ...(await probeSensors())];
}

function probeKernel(): ProbeFinding {
  const release = readKernelRelease();
  if (existsSync('/sys/kernel/btf/vmlinux')) return judgeKernel(release);
  return {
    state: 'limited',
    subject: KERNEL,
    detail: `Linux ${release} without BTF: use a kernel built with CONFIG_DEBUG_INFO_BTF=y; files are read instead`,
  };
}

/**
 * What a kernel with BTF is good for. The functions that flush and walk cgroups are there for BPF since 6.1, kept
 * references to cgroups that are gone, as the sensor of short-lived ones has them, since 6.4. What a kernel of a
 * distribution has beyond its number is found out when the sensors are loaded.
 *
 * @param release - as `uname -r` prints it
 */
export function judgeKernel(release: string): ProbeFinding {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const isAtLeast = (wanted: number): boolean => major > 6 || (major === 6 && minor >= wanted);
  if (isAtLeast(4)) return { state: 'ok', subject: KERNEL, detail: `Linux ${release} with BTF` };
  const less = isAtLeast(1)
    ? 'containers that live less than a second are measured in total only'
    : 'files are read instead';
  return { state: 'limited', subject: KERNEL, detail: `Linux ${release}: use 6.4 or later; ${less}` };
}

async function probeLibrary(): Promise<ProbeFinding> {
  const subject = 'libbpf';
  try {
    return { state: 'ok', subject, detail: (await openLibbpf()).version };
  } catch (error) {
    return limitedBy(subject, error);
  }
}

function probeCgroups(): ProbeFinding {
  const subject = 'cgroups';
  const { unified, memoryV1, cpuacctV1 } = readCgroupMounts();
  const found = [
    ...(unified === undefined ? [] : [`v2 on ${unified}`]),
    ...(memoryV1 === undefined ? [] : [`v1 memory on ${memoryV1}`]),
    ...(cpuacctV1 === undefined ? [] : [`v1 cpuacct on ${cpuacctV1}`]),
  ];
  if (found.length === 0)
    return { state: 'missing', subject, detail: 'none is mounted: mount cgroup v2 on /sys/fs/cgroup' };
  return unified === undefined
    ? { state: 'limited', subject, detail: `${found.join(', ')}: boot with cgroup v2 for exact figures` }
    : { state: 'ok', subject, detail: found.join(', ') };
}

async function probeSensors(): Promise<ProbeFinding[]> {
  const subject = 'collector';
  let opened: OpenedUsage | undefined;
  try {
    opened = await openUsage({ mode: 'auto', plainHost: true });
    if (opened.notices.length > 0) {
      return opened.notices.map((detail) => ({ state: 'limited', subject, detail }));
    }
    return [
      { state: 'ok', subject, detail: 'measures CPU, memory, network and short-lived containers by BPF' },
    ];
  } catch (error) {
    return [{ ...limitedBy(subject, error), state: 'missing' }];
  } finally {
    opened?.source.close();
    opened?.processes?.close?.();
  }
}

function limitedBy(subject: string, error: unknown): ProbeFinding {
  if (!(error instanceof BpfError)) throw error;
  return { state: 'limited', subject, detail: error.message };
}
