import {
  fixedTls,
  makeCertificateRequest,
  RpcChannel,
  type CertificateAuthority,
  type CertificateRole,
} from '@kubehero/rpc';
import type { Plane } from './stack.js';

/** Who a channel speaks for. */
export interface ChannelIdentity {
  readonly clusterId: string;
  readonly role: Exclude<CertificateRole, 'cluster'>;
  readonly name: string;
}

/** Opens a channel to a control plane with a certificate that its authority enrolled. */
export async function openClusterChannel({ plane }: Plane, identity: ChannelIdentity): Promise<RpcChannel> {
  return openChannel(plane.authority, plane.grpcPort, identity);
}

/** As {@link openClusterChannel}, for any authority and port. */
export async function openChannel(
  authority: CertificateAuthority,
  port: number,
  { clusterId, role, name }: ChannelIdentity,
): Promise<RpcChannel> {
  const { privateKeyPem, csr } = makeCertificateRequest();
  const issued = await authority.enrol({ clusterId, role: 'cluster', name: '' }, { csr, role, name });
  const { certificateChainPem, caBundlePem } = issued;
  return new RpcChannel({
    target: `127.0.0.1:${port}`,
    tls: fixedTls({ certificateChainPem, privateKeyPem, caBundlePem }),
  });
}
