import type { ChildProcess } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable, valkeyNames } from './executables.js';

/** Gives a Redis the names that Valkey has; a Valkey keeps its own. */
export function writeValkeyNames(dir: string): void {
  const server = findExecutable(...valkeyNames);
  if (!server.endsWith('redis-server')) return;
  const names = {
    'valkey-cli': 'exec redis-cli "$@"',
    'valkey-server': 'sed -i s/^primaryauth/masterauth/ "$1"; exec redis-server "$1"',
    'valkey-sentinel': 'exec redis-server "$1" --sentinel',
  };
  for (const [name, line] of Object.entries(names)) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(dir, name), 0o755);
  }
}

/** Kills a script together with what it started. */
export function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
