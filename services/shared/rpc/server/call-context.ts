import type { PeerIdentity } from '../certificates/peer-identity.js';
import { RpcError } from '../errors.js';

/** Who calls: a certificate on the gRPC port, or whoever knows a bearer token on the HTTP port. */
export type Caller = ({ readonly kind: 'certificate' } & PeerIdentity) | { readonly kind: 'token' };

/** What a handler knows of a call beside its request. */
export interface CallContext {
  readonly caller: Caller;
  /** The `authorization` metadata of a gRPC call; the HTTP port has checked its own. */
  readonly authorization?: string | undefined;
  /** Full name, for example `kubehero.query.v1.CostService`. */
  readonly service: string;
  readonly method: string;
  /** Aborts when the caller cancelled, its deadline or certificate ended, or the server drains. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, undefined where it waits for ever. */
  readonly deadlineAt: Date | undefined;
}

/** The certificate of the caller. @throws RpcError `permission_denied` where the caller has a token only */
export function requirePeer(context: CallContext): PeerIdentity {
  if (context.caller.kind === 'certificate') return context.caller;
  throw new RpcError(
    'permission_denied',
    `${context.service} answers certificates of clusters only: call it on the gRPC port`,
  );
}
