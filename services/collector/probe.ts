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

/** Looks at what the collector could measure on this machine: loads its sensors, closes them again. About 0.2 s. */
export async function probeCollector(): Promise<readonly ProbeFinding[]> {
  return [probeKernel(), await probeLibrary(), probeCgroups(), ...(await probeSensors())];
}

function probeKernel(): ProbeFinding {
  const subject = 'kernel for BPF';
  const release = readKernelRelease();
  const [major = 0, minor = 0] = release.split('.').map(Number);
  if (!existsSync('/sys/kernel/btf/vmlinux')) {
    const detail = `Linux ${release} without BTF: use a kernel built with CONFIG_DEBUG_INFO_BTF=y; files are read instead`;
    return { state: 'limited', subject, detail };
  }
  return major > 6 || (major === 6 && minor >= 4)
    ? { state: 'ok', subject, detail: `Linux ${release} with BTF` }
    : { state: 'limited', subject, detail: `Linux ${release}: use 6.4 or later; files are read instead` };
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
