import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Who the embedded server runs as: PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const CANDIDATES = ['postgres', 'nobody'];
const SETPRIV = '/usr/bin/setpriv';

/**
 * The user to run the server as, undefined where this process is not root and may stay what it is.
 *
 * An existing unprivileged user is taken: making one would change the host.
 *
 * @throws where the host knows neither `postgres` nor `nobody`
 */
export async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of CANDIDATES) {
    const entry = lines.find(([user]) => user === name);
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new Error(
    "postgresql does not run as root and this host has no user 'postgres' or 'nobody': add one of them",
  );
}

/**
 * How to start a program as that user so that it reaches its folder.
 *
 * Where a parent folder is closed to the user (a data folder under /root, or one that mkdtemp made), the program
 * keeps the one capability that lets it pass through.
 *
 * @param user - who to run as; undefined runs as this process
 * @param folder - what the program must reach
 */
export function toCommand(
  user: ServerUser | undefined,
  folder: string,
  command: readonly string[],
): { command: string; args: string[]; uid?: number; gid?: number } {
  const [program = '', ...args] = command;
  if (user === undefined) return { command: program, args };
  if (canPass(user, folder) && canPass(user, dirname(program))) return { command: program, args, ...user };
  if (!existsSync(SETPRIV)) {
    throw new Error(
      `postgresql must run as uid ${user.uid}, which cannot reach ${folder}: choose another --data-dir or install util-linux (setpriv)`,
    );
  }
  accessSync(SETPRIV, constants.X_OK);
  const privileges = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  return {
    command: SETPRIV,
    args: [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...privileges, program, ...args],
  };
}

function canPass(user: ServerUser, folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
