import { UserError } from './user-error.js';

/** Why a folder cannot be used. */
export type DiskErrorCode = 'DISK_FULL' | 'NOT_PERMITTED' | 'READ_ONLY' | 'NOT_A_FOLDER';

const MAX_CAUSES = 8;
const FULL =
  /no space left on device|not enough space|disk quota exceeded|check free disk space|errno: (28|122)\b/i;

const remedies: Readonly<Record<DiskErrorCode, (folder: string) => string>> = {
  DISK_FULL: (folder) => `no space is left on the disk of ${folder}: free some, or give another folder`,
  NOT_PERMITTED: (folder) =>
    `this user may not write in ${folder}: give it the right to, or give another folder`,
  READ_ONLY: (folder) =>
    `the file system of ${folder} is read-only: mount it for writing, or give another folder`,
  NOT_A_FOLDER: (folder) => `${folder} cannot be a folder, a part of its path is a file: give another folder`,
};

const codes: Readonly<Record<string, DiskErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EACCES: 'NOT_PERMITTED',
  EPERM: 'NOT_PERMITTED',
  EROFS: 'READ_ONLY',
  ENOTDIR: 'NOT_A_FOLDER',
  EEXIST: 'NOT_A_FOLDER',
  // PostgreSQL's disk_full, ClickHouse's NOT_ENOUGH_SPACE
  '53100': 'DISK_FULL',
  '243': 'DISK_FULL',
};

/**
 * What is wrong with the disk, by an error or one of its causes: of Node.js, PostgreSQL or ClickHouse. Undefined where
 * the disk is not at fault.
 */
export function diskErrorCode(error: unknown): DiskErrorCode | undefined {
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < MAX_CAUSES; depth += 1) {
    const { code } = at as { code?: unknown };
    const found = typeof code === 'string' && Object.hasOwn(codes, code) ? codes[code] : undefined;
    if (found !== undefined) return found;
    if (FULL.test(at.message)) return 'DISK_FULL';
    at = at.cause;
  }
  return undefined;
}

/**
 * The same error as one sentence that names the folder and the way out; others as they are.
 *
 * @param folder - that the program was working in
 * @param way - how another folder is given, such as `with --data-dir`
 */
export function toDiskError(error: unknown, folder: string, way: string): unknown {
  const code = error instanceof UserError ? undefined : diskErrorCode(error);
  return code === undefined
    ? error
    : new UserError<DiskErrorCode>(code, `${remedies[code](folder)} ${way}`, { cause: error });
}

/** One sentence about a failed call of the system that names a path; undefined for other errors. */
export function describeSystemError(error: Error): string | undefined {
  const { code = '', syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === undefined || !Object.hasOwn(codes, code) || code === 'EEXIST') return undefined;
  const known = codes[code] ?? 'DISK_FULL';
  const what = path === undefined ? 'a file could not be written' : `cannot ${syscall} ${path}`;
  const why: Readonly<Record<DiskErrorCode, string>> = {
    DISK_FULL: 'no space is left on its disk, free some and start again',
    NOT_PERMITTED: 'this user may not, give it the right to',
    READ_ONLY: 'its file system is read-only, mount it for writing',
    NOT_A_FOLDER: 'a part of the path is a file, give another one',
  };
  return `${what}: ${why[known]}`;
}
