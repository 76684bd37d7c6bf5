import { readFileSync } from 'node:fs';

/** Where the kernel's cgroup file systems are mounted. Absent members are not mounted. */
export interface CgroupMounts {
  /** Root of the cgroup v2 tree. */
  readonly unified?: string;
  /** Root of the v1 hierarchy with the controller `memory`. */
  readonly memoryV1?: string;
  /** Number of that hierarchy. */
  readonly memoryHierarchy?: number;
  /** Root of the v1 hierarchy with the controller `cpuacct`. */
  readonly cpuacctV1?: string;
}

interface Mount {
  readonly root: string;
  readonly at: string;
  readonly type: string;
  readonly options: readonly string[];
}

/**
 * Finds the cgroup mounts of this process, or those below `cgroupRoot` only. Where several show the same tree, as in a
 * container with the host's tree mounted beside its own, the one that reaches furthest up wins.
 */
export function readCgroupMounts(cgroupRoot = '/'): CgroupMounts {
  const below = cgroupRoot.endsWith('/') ? cgroupRoot : `${cgroupRoot}/`;
  const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8')).filter(({ at }) =>
    `${at}/`.startsWith(below),
  );
  const unified = widest(mounts.filter((mount) => mount.type === 'cgroup2'));
  const v1 = (controller: string): string | undefined =>
    widest(mounts.filter((mount) => mount.type === 'cgroup' && mount.options.includes(controller)));
  const memoryV1 = v1('memory');
  const cpuacctV1 = v1('cpuacct');
  return {
    ...(unified !== undefined && { unified }),
    ...(memoryV1 !== undefined && { memoryV1, memoryHierarchy: readHierarchy('memory') }),
    ...(cpuacctV1 !== undefined && { cpuacctV1 }),
  };
}

/** Parses mountinfo as proc(5) describes it. */
export function parseMountInfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    if (before === undefined || after === undefined) continue;
    const fields = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    mounts.push({
      root: unescapeOctal(fields[3] ?? '/'),
      at: unescapeOctal(fields[4] ?? '/'),
      type,
      options: options.split(','),
    });
  }
  return mounts;
}

/** A root of "/../.." lies above this process's own cgroup namespace; "/a/b" is a part of the tree only. */
function widest(mounts: readonly Mount[]): string | undefined {
  const reach = ({ root }: Mount): number =>
    root === '/' ? 0 : root.split('/').reduce((sum, part) => sum + (part === '..' ? 1 : part ? -1 : 0), 0);
  return [...mounts].sort((a, b) => reach(b) - reach(a))[0]?.at;
}

function readHierarchy(controller: string): number {
  for (const line of readFileSync('/proc/cgroups', 'utf8').split('\n')) {
    const [name, hierarchy] = line.split('\t');
    if (name === controller) return Number(hierarchy);
  }
  return 0;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
