import { EnrolmentService } from '../gen/enrolment.gen.js';
import { requirePeer } from '../server/call-context.js';
import { implement, type Implementation } from '../server/implementation.js';
import { RpcError } from '../errors.js';
import { CaError, type CaErrorCode } from './ca-store.js';
import { certificateLifetimesMs, type CertificateAuthority } from './certificate-authority.js';
import type { PeerIdentity } from './peer-identity.js';

/** What {@link enrolmentService} needs. */
export interface EnrolmentOptions {
  readonly authority: CertificateAuthority;
  /** False where the caller's cluster was removed or its certificate was replaced. */
  readonly isAllowed: (peer: PeerIdentity) => Promise<boolean>;
  /** @default 24 hours */
  readonly lifetimeMs?: number;
}

const rpcCodeOf: Readonly<Record<CaErrorCode, 'internal' | 'invalid_argument' | 'permission_denied'>> = {
  BAD_SEALING_KEY: 'internal',
  WRONG_SEALING_KEY: 'internal',
  BAD_REQUEST: 'invalid_argument',
  BAD_IDENTITY: 'invalid_argument',
  NOT_ALLOWED: 'permission_denied',
};

const toEpochSeconds = (instant: Date): string => String(Math.floor(instant.getTime() / 1000));

/** The service that signs certificate requests of a cluster's edge programs. */
export function enrolmentService(options: EnrolmentOptions): Implementation {
  return implement(EnrolmentService, {
    Enrol: async (request, context) => {
      const peer = requirePeer(context);
      if (!(await options.isAllowed(peer))) {
        throw new RpcError(
          'permission_denied',
          `the certificate of cluster ${peer.clusterId} is not accepted any more: rotate or add the cluster`,
        );
      }
      const issued = await options.authority
        .enrol(peer, request, options.lifetimeMs ?? certificateLifetimesMs.enrolled)
        .catch((error: unknown) => {
          if (!(error instanceof CaError)) throw error;
          throw new RpcError(rpcCodeOf[error.code], error.message, { cause: error });
        });
      return {
        certificateChainPem: issued.certificateChainPem,
        caBundlePem: issued.caBundlePem,
        renewAtS: toEpochSeconds(issued.renewAt),
        expiresAtS: toEpochSeconds(issued.expiresAt),
      };
    },
  });
}
