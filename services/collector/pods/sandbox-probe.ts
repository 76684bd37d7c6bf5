import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Finds the directory of the cgroup of a container. */
export type FindDirectory = (containerId: string) => string | undefined;

/** Answers are kept for so many containers. */
const maxAnswers = 4096;

/**
 * Says whether a container is the sandbox of its pod: its only process is named "pause". Asked once a container that
 * the API does not know; an empty cgroup is asked again.
 */
export function createSandboxProbe(
  findDirectory: FindDirectory,
  procRoot = '/proc',
): (containerId: string) => boolean {
  const answers = new Map<string, boolean>();
  return (containerId) => {
    const known = answers.get(containerId);
    if (known !== undefined) return known;
    const directory = findDirectory(containerId);
    const names = directory === undefined ? [] : readProcessNames(directory, procRoot);
    if (names.length === 0) return false;
    if (answers.size >= maxAnswers) answers.clear();
    const isSandbox = names.every((name) => name === 'pause');
    answers.set(containerId, isSandbox);
    return isSandbox;
  };
}

function readProcessNames(directory: string, procRoot: string): string[] {
  const pids = tryRead(join(directory, 'cgroup.procs')).split('\n');
  return pids.filter((pid) => pid !== '').map((pid) => tryRead(join(procRoot, pid, 'comm')).trim());
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ESRCH' || code === 'EOPNOTSUPP') return '';
    throw error;
  }
}
