import { environmentNames, mountPaths } from '@kubehero/contract';
import type { Mount } from '../core/pods.js';
import type { Peer } from '../policy/flows.js';

/** An existing Secret and the keys in it; nothing of its content ever passes through synthesis. */
export interface ExistingSecret {
  readonly name: string;
  /** @default 'password' */
  readonly passwordKey?: string;
}

/** A server outside of the installation. */
export interface ExternalServer {
  readonly host: string;
  readonly port: number;
  readonly existingSecret: ExistingSecret;
  /** `verify` checks the certificate against `caSecret` or the public authorities; `disable` is plain text. @default 'verify' */
  readonly tls?: 'verify' | 'disable';
  /** Secret in the system namespace whose `ca.crt` the server's certificate chains to. */
  readonly caSecret?: string;
  /** Addresses of the server, for the network policies. */
  readonly cidrs: readonly string[];
}

/** How programs reach one store: environment, files, and the pods or addresses behind it. */
export interface StoreAccess {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Each end that a client may have to reach, with its ports. */
  readonly peers: readonly { readonly peer: Peer; readonly ports: readonly number[] }[];
}

/** Adds one store to what a program gets. */
export function joinAccess(...stores: readonly StoreAccess[]): StoreAccess {
  return {
    env: Object.assign({}, ...stores.map((store) => store.env)) as Record<string, string>,
    mounts: stores.flatMap((store) => store.mounts),
    peers: stores.flatMap((store) => store.peers),
  };
}

/** Access to a PostgreSQL server. */
export function postgresAccess(input: {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly secret: ExistingSecret;
  readonly caSecret?: string | undefined;
  readonly tls: 'verify' | 'disable';
  readonly peer: Peer;
}): StoreAccess {
  const mode = input.tls === 'disable' ? 'disable' : 'verify-full';
  const ca = `${mountPaths.postgres}-ca`;
  return {
    env: {
      [environmentNames.postgresUrl]: `postgresql://${input.user}@${input.host}:${input.port}/${input.database}?sslmode=${mode}`,
      [environmentNames.postgresPasswordFile]: `${mountPaths.postgres}/password`,
      ...(input.caSecret && input.tls === 'verify'
        ? { [environmentNames.postgresCaFile]: `${ca}/ca.crt` }
        : {}),
    },
    mounts: [
      {
        path: mountPaths.postgres,
        secret: input.secret.name,
        items: { password: input.secret.passwordKey ?? 'password' },
      },
      ...(input.caSecret && input.tls === 'verify'
        ? [{ path: ca, secret: input.caSecret, items: { 'ca.crt': 'ca.crt' } }]
        : []),
    ],
    peers: [{ peer: input.peer, ports: [input.port] }],
  };
}
