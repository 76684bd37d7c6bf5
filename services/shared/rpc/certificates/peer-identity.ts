/** What a certificate may be used for; `cluster` is the cluster's own, which enrols the others. */
export const certificateRoles = ['cluster', 'collector', 'operator', 'emitter'] as const;

/** One of {@link certificateRoles}. */
export type CertificateRole = (typeof certificateRoles)[number];

/** Who a certificate belongs to. */
export interface PeerIdentity {
  /** Given at registration, never reused. */
  readonly clusterId: string;
  readonly role: CertificateRole;
  /** Node, pod or emitter; empty for the cluster's own certificate. */
  readonly name: string;
  /** When the certificate ends. */
  readonly expiresAt: Date;
  /** Hexadecimal, upper case. */
  readonly serialNumber: string;
  /** Serial number of the cluster's own certificate by which this one was enrolled; the own one of such. */
  readonly clusterSerial: string;
}

const PREFIX = 'spiffe://kubehero/cluster/';
const CLUSTER_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_NAME_LENGTH = 253;

/** True where a text may be a cluster's identity in a certificate. */
export function isClusterId(text: string): boolean {
  return CLUSTER_ID.test(text);
}

/** True where a text may be the name of a collector, operator or emitter: visible, without slashes, not too long. */
export function isCertificateName(text: string): boolean {
  return text.length > 0 && text.length <= MAX_NAME_LENGTH && /^[A-Za-z0-9][A-Za-z0-9._:@-]*$/.test(text);
}

/** The URI SAN of an identity: `spiffe://kubehero/cluster/<id>`, then `/<role>/<name>` for enrolled ones. */
export function toSpiffeId(identity: Pick<PeerIdentity, 'clusterId' | 'role' | 'name'>): string {
  const base = `${PREFIX}${identity.clusterId}`;
  return identity.role === 'cluster' ? base : `${base}/${identity.role}/${identity.name}`;
}

/** Reads a URI SAN; undefined where it is none of ours. */
export function parseSpiffeId(uri: string): Pick<PeerIdentity, 'clusterId' | 'role' | 'name'> | undefined {
  if (!uri.startsWith(PREFIX)) return undefined;
  const [clusterId = '', role, name = '', ...rest] = uri.slice(PREFIX.length).split('/');
  if (!isClusterId(clusterId) || rest.length > 0) return undefined;
  if (role === undefined) return { clusterId, role: 'cluster', name: '' };
  const known = certificateRoles.find((candidate) => candidate === role && candidate !== 'cluster');
  if (known === undefined || !isCertificateName(name)) return undefined;
  return { clusterId, role: known, name };
}

/** The fields of a verified peer certificate, as `node:tls` gives them, that an identity is read from. */
export interface PresentedCertificate {
  readonly subjectaltname?: string | undefined;
  readonly valid_to?: string;
  readonly serialNumber?: string;
  readonly subject?: { readonly OU?: string | readonly string[] };
}

/**
 * Reads the identity of a certificate that TLS has verified. Exactly one URI SAN MUST be there.
 *
 * @returns undefined where it carries none of ours
 */
export function readPeerIdentity(certificate: PresentedCertificate): PeerIdentity | undefined {
  const uris = (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice('URI:'.length));
  const [uri] = uris;
  const parsed = uri === undefined || uris.length !== 1 ? undefined : parseSpiffeId(uri);
  if (parsed === undefined) return undefined;
  const serialNumber = (certificate.serialNumber ?? '').toUpperCase();
  const unit = certificate.subject?.OU;
  return {
    ...parsed,
    expiresAt: new Date(certificate.valid_to ?? 0),
    serialNumber,
    clusterSerial: parsed.role === 'cluster' ? serialNumber : typeof unit === 'string' ? unit : '',
  };
}
