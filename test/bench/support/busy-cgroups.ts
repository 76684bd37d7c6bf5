import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCgroupMounts } from '../../../services/collector/cgroups/cgroup-mounts.js';

/** What runs in the cgroups, one after another: asleep, daemon, service, burst, and a program that grows. */
const PROGRAMS = [
  'exec sleep infinity',
  'while :; do head -c $((1000 * $1)) /dev/urandom | sha256sum; sleep $(($1 % 3 + 1)); done',
  'while :; do head -c $((200000 + RANDOM * 30)) /dev/urandom | md5sum; sleep 0.$((RANDOM % 5 + 4)); done',
  'while :; do head -c 8000000 /dev/urandom | gzip -1 | wc -c; sleep $(($1 % 9 + 8)); done',
  'while :; do text="$text $(seq 1 $((RANDOM % 400)))"; [ ${#text} -gt 2000000 ] && text=; sleep 1; done',
];

/** Cgroups with a different real program in each; needs root and a cgroup2 mount. */
export class BusyCgroups {
  readonly #folders: string[] = [];

  constructor(count: number) {
    const { unified: root } = readCgroupMounts();
    if (root === undefined) throw new Error('no cgroup2 hierarchy is mounted');
    for (let i = 0; i < count; i += 1) {
      const folder = join(root, `kubehero-bench-${process.pid}-${i}`);
      mkdirSync(folder);
      this.#folders.push(folder);
      const script = `echo $$ > "$0/cgroup.procs"; ${PROGRAMS[i % PROGRAMS.length]}`;
      spawn('bash', ['-c', script, folder, String(i)], { stdio: 'ignore' });
    }
  }

  /** Ends the programs and removes the cgroups. */
  async remove(): Promise<void> {
    for (const folder of this.#folders) {
      for (let pids = pidsOf(folder); pids.length > 0; pids = pidsOf(folder)) {
        for (const pid of pids) tryKill(pid);
        await sleep(20);
      }
      await sleep(20);
      rmdirSync(folder);
    }
  }
}

function pidsOf(folder: string): number[] {
  const text = readFileSync(join(folder, 'cgroup.procs'), 'utf8');
  return text.split('\n').filter(Boolean).map(Number);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
