import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Names under which distributions install Chromium, best first. */
export const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
/** Servers that speak the protocol of Valkey, best first. */
export const valkeyNames = ['valkey-server', 'redis-server'];
/** Compilers that keep the tags that the kernel programs need; 14 and 15 drop them. */
export const clangNames = ['clang-16', 'clang-17', 'clang-18', 'clang-19', 'clang-20', 'clang-21'];

/** Finds an executable in PATH, or where an administrator's tools are. */
export function tryFindExecutable(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).concat('/usr/sbin', '/sbin');
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isExecutable);
}

/**
 * Finds an executable that a suite has already required.
 *
 * @throws Error where there is none
 */
export function findExecutable(...names: readonly string[]): string {
  const path = tryFindExecutable(...names);
  if (path === undefined) throw new Error(`no ${names.join(' or ')} in PATH`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent or not executable: the same to the caller
  }
}
