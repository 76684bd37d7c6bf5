import { UserError } from '../lifecycle/user-error.js';
import { formatHostPort, type HostPort } from '../settings/setting.js';

/** Why an address cannot be listened on. */
export type ListenErrorCode = 'PORT_IN_USE' | 'ADDRESS_UNAVAILABLE' | 'PORT_FORBIDDEN' | 'LISTEN_FAILED';

const causes: Readonly<Record<string, readonly [ListenErrorCode, string]>> = {
  EADDRINUSE: ['PORT_IN_USE', 'another program uses the port: stop it, or give another address'],
  EADDRNOTAVAIL: ['ADDRESS_UNAVAILABLE', 'this machine does not have the address: give another one'],
  ENOTFOUND: ['ADDRESS_UNAVAILABLE', 'the host name is unknown: give an address of this machine'],
  EACCES: ['PORT_FORBIDDEN', 'ports below 1024 need a privilege: give a higher one'],
};

/** Turns Node's error into one sentence with the way out. */
export function toListenError(error: Error, listen: HostPort, flag: string): UserError<ListenErrorCode> {
  const [code, remedy] = causes[String((error as NodeJS.ErrnoException).code)] ?? [
    'LISTEN_FAILED',
    'give another address',
  ];
  return new UserError(code, `cannot listen on ${formatHostPort(listen)}: ${remedy} with ${flag}`, {
    cause: error,
  });
}
