import { describe, it } from '@jest/globals';
import { judgeKernel } from '@kubehero/collector';
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { chromiumNames, clangNames, tryFindExecutable, valkeyNames } from './executables.js';

/** Something that a suite needs from the machine and that `npm ci` does not bring. */
export interface Requirement {
  readonly name: string;
  /** What to do about its absence, as part of a sentence. */
  readonly remedy: string;
  /** Why it is absent, or undefined where it is there. Looks at the machine, changes nothing. */
  missing(): string | undefined;
}

/** A Chromium for the tests of pages. */
export const chromium = executable('chromium', chromiumNames, 'install chromium');
/** A Valkey or Redis server, which also serves as sentinel. */
export const valkeyServer = executable(
  'a valkey server',
  valkeyNames,
  'install valkey-server or redis-server',
);
/** A compiler of the kernel programs. */
export const clang = executable('clang 16 or later', clangNames, 'install clang-16');
/** The tool that reads types from the kernel programs. */
export const bpftool = executable('bpftool', ['bpftool'], 'install bpftool');
/** The Go tool chain, which builds the real API server. */
export const go = executable('go', ['go'], 'install go and put it into PATH');

/** The effective user id 0. */
export const root: Requirement = {
  name: 'root',
  remedy: 'run the tests as root',
  missing: () => (process.geteuid?.() === 0 ? undefined : 'the tests do not run as root'),
};

/** A cgroup v2 hierarchy in which cgroups may be made. */
export const writableCgroup2: Requirement = {
  name: 'a writable cgroup v2 hierarchy',
  remedy: 'run the tests as root where cgroup2 is mounted read-write',
  missing: () => {
    const mount = tryFindCgroup2();
    if (mount === undefined) return 'no cgroup2 hierarchy is mounted';
    return isWritable(mount) ? undefined : `${mount} is not writable`;
  },
};

const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_PERFMON: 38n, CAP_BPF: 39n };

/** What all kernel programs need: a kernel that the collector's own probe finds good, its types, libbpf.so.1, three capabilities and a cgroup v2 hierarchy. */
export const bpf: Requirement = {
  name: 'bpf',
  remedy: 'run as root on Linux 6.4 or later with BTF, and install libbpf1',
  missing: () =>
    missingKernel() ?? missingCapabilities() ?? missingLibbpf() ?? writableCgroup2.missing() ?? undefined,
};

/** The dashboard's pages, which only `npm run build` makes. */
export const builtDashboard: Requirement = {
  name: 'the built dashboard',
  remedy: "run 'npm run build'",
  missing: () => {
    const mark = join(import.meta.dirname, '../../../../services/dashboard/.next/BUILD_ID');
    return existsSync(mark) ? undefined : 'services/dashboard/.next holds no production build';
  },
};

/**
 * `describe` for a suite that needs something from the machine. Where that is absent the suite is skipped by name and
 * the reason is printed; with `CI=true` the absence is a failure instead, so that CI never passes by skipping.
 */
export function describeWith(requirements: readonly Requirement[], name: string, suite: () => void): void {
  const reasons = requirements.flatMap((requirement) => {
    const reason = requirement.missing();
    return reason === undefined ? [] : [`needs ${requirement.name}: ${reason} (${requirement.remedy})`];
  });
  if (reasons.length === 0) {
    describe(name, suite);
    return;
  }
  if (process.env['CI'] === 'true') {
    describe(name, () => {
      it('finds on this machine what it needs', () => {
        throw new Error(`${name} ${reasons.join('; ')}`);
      });
    });
    return;
  }
  process.stderr.write(`skipped: ${name}: ${reasons.join('; ')}\n`);
  describe.skip(`${name} [skipped: ${reasons.join('; ')}]`, suite);
}

/** Mount point of the cgroup v2 hierarchy, also of a hybrid one. */
export function tryFindCgroup2(): string | undefined {
  if (!existsSync('/proc/mounts')) return undefined;
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  return mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1];
}

function executable(name: string, names: readonly string[], remedy: string): Requirement {
  return {
    name,
    remedy,
    missing: () =>
      tryFindExecutable(...names) === undefined ? `no ${names.join(' or ')} in PATH` : undefined,
  };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function missingKernel(): string | undefined {
  if (process.platform !== 'linux') return `the platform is ${process.platform}`;
  const { state, detail } = judgeKernel(release());
  if (state !== 'ok') return detail;
  return existsSync('/sys/kernel/btf/vmlinux') ? undefined : 'the kernel has no /sys/kernel/btf/vmlinux';
}

function missingCapabilities(): string | undefined {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const absent = Object.entries(CAPABILITIES).filter(([, bit]) => ((effective >> bit) & 1n) === 0n);
  return absent.length === 0 ? undefined : `the process lacks ${absent.map(([name]) => name).join(', ')}`;
}

function missingLibbpf(): string | undefined {
  const ldconfig = tryFindExecutable('ldconfig');
  if (ldconfig === undefined) return 'no ldconfig to ask for libbpf.so.1';
  const libraries = execFileSync(ldconfig, ['-p'], { encoding: 'utf8' });
  return libraries.includes('libbpf.so.1') ? undefined : 'libbpf.so.1 is not installed';
}
