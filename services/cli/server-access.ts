import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardEnvironment } from '@kubehero/contract';
import { readClientFile } from '@kubehero/rpc';
import { UserError } from '@kubehero/runtime';
import { defaultDataFolder } from './up/data-folder.js';

/** Flags that every remote command takes. */
export interface ServerFlags {
  readonly client?: string;
}

/** A server and the token for it. */
export interface ServerAccess {
  readonly server: string;
  readonly token: string;
}

/**
 * The server that a remote command talks to: `--client`, else the two variables, else the local data folder.
 *
 * @throws UserError `NO_SERVER` where none is named, ClientFileError where the file cannot be used
 */
export async function findServer(
  flags: ServerFlags,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ServerAccess> {
  if (flags.client !== undefined) return await readClientFile(flags.client);
  const server = environment[dashboardEnvironment.server];
  const token = environment[dashboardEnvironment.token];
  if (server !== undefined && token !== undefined) return { server, token };
  const local = join(defaultDataFolder(environment), 'client.json');
  if (existsSync(local)) return await readClientFile(local);
  throw new UserError(
    'NO_SERVER',
    `no server is named: give --client FILE, or ${dashboardEnvironment.server} and ${dashboardEnvironment.token}, or start 'kubehero up'`,
  );
}
