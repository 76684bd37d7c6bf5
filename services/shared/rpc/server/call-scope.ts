import type { PresentedCertificate } from '../certificates/peer-identity.js';
import { readPeerIdentity, type PeerIdentity } from '../certificates/peer-identity.js';
import { RpcError } from '../errors.js';
import type { CallContext } from './call-context.js';

/** What every kind of call has on the server. */
export interface ServerSurfaceCall {
  getAuthContext(): { readonly sslPeerCertificate?: PresentedCertificate };
  getDeadline(): Date | number;
  readonly metadata: { get(name: string): readonly (string | Buffer)[] };
  on(event: 'cancelled' | 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** A call's context and the means to end it. */
export interface CallScope {
  readonly context: CallContext;
  /** Why the call was ended by the server, where it was. */
  readonly endedBy: () => RpcError | undefined;
  /** Aborts the handler's signal. */
  readonly end: (reason: RpcError) => void;
  /** Releases timers; MUST be called when the call is over. */
  readonly close: () => void;
}

/** setTimeout takes 31 bits of milliseconds; certificates that live longer are not watched by a stream. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function findPeer(call: ServerSurfaceCall): PeerIdentity {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const peer = certificate === undefined ? undefined : readPeerIdentity(certificate);
  if (peer === undefined) {
    throw new RpcError(
      'unauthenticated',
      'the client certificate names no cluster: use one that KubeHero issued',
    );
  }
  return peer;
}

function readDeadline(call: ServerSurfaceCall): Date | undefined {
  const deadline = call.getDeadline();
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(at) ? new Date(at) : undefined;
}

/**
 * Opens the scope of a call.
 *
 * @throws RpcError `unauthenticated` where the certificate is none of ours, or has ended on an old connection
 */
export function openScope(call: ServerSurfaceCall, name: { service: string; method: string }): CallScope {
  const peer = findPeer(call);
  const expired = new RpcError(
    'unauthenticated',
    `the client certificate ended at ${peer.expiresAt.toISOString()}: connect again with the renewed one`,
  );
  const remainingMs = peer.expiresAt.getTime() - Date.now();
  if (remainingMs <= 0) throw expired;
  const controller = new AbortController();
  let reason: RpcError | undefined;
  const end = (error: RpcError): void => {
    reason ??= error;
    controller.abort(error);
  };
  const timer =
    remainingMs > MAX_TIMER_MS
      ? undefined
      : setTimeout(() => {
          end(expired);
        }, remainingMs).unref();
  call.on('cancelled', () => {
    end(new RpcError('canceled', 'the caller went away or its deadline passed'));
  });
  const deadlineAt = readDeadline(call);
  const caller = { kind: 'certificate', ...peer } as const;
  const authorization = call.metadata.get('authorization')[0]?.toString();
  return {
    context: { caller, authorization, ...name, signal: controller.signal, deadlineAt },
    endedBy: () => reason,
    end,
    close: () => {
      clearTimeout(timer);
    },
  };
}

/** What the draining server tells its streams: nothing is wrong, another replica or a later try will answer. */
export const drainingError = new RpcError('unavailable', 'the server is stopping: connect again');
