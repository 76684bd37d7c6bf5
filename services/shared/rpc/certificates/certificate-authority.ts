import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { TlsMaterial } from './tls-source.js';
import { CaError, type CaStore, type StoredCa } from './ca-store.js';
import {
  isCertificateName,
  isClusterId,
  toSpiffeId,
  type CertificateRole,
  type PeerIdentity,
} from './peer-identity.js';
import { seal, unseal } from './sealing.js';

type X509 = typeof import('./x509.js');
type Subject = Pick<PeerIdentity, 'clusterId' | 'role' | 'name'>;

/** A certificate that was just issued; the key stays with whoever asked for it. */
export interface IssuedCertificate {
  /** Leaf first, PEM. */
  readonly certificateChainPem: string;
  /** Roots to trust, PEM. */
  readonly caBundlePem: string;
  /** Hexadecimal, upper case. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly expiresAt: Date;
  /** When two thirds of its life are over. */
  readonly renewAt: Date;
}

/** A certificate together with the key that was made for it. */
export interface IssuedIdentity extends IssuedCertificate {
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
}

/** What {@link CertificateAuthority.open} needs. */
export interface CertificateAuthorityOptions {
  readonly store: CaStore;
  /** 32 bytes, from a Secret or from a file of mode 0600. */
  readonly sealingKey: Uint8Array;
  /** @default - the system's clock */
  readonly now?: () => Date;
}

/** How long certificates live where the caller says nothing. */
export const certificateLifetimesMs = {
  root: 10 * 365 * 86_400_000,
  server: 24 * 3_600_000,
  cluster: 365 * 86_400_000,
  enrolled: 24 * 3_600_000,
} as const;

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SEALING_CONTEXT = 'kubehero certificate authority v1';
/** Clocks of nodes differ; a certificate is valid a little before it was made. */
const BACKDATE_MS = 5 * 60_000;
const SERIAL_BYTES = 16;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

interface Issue {
  readonly publicKey: webcrypto.CryptoKey;
  readonly commonName: string;
  readonly names: { readonly type: 'dns' | 'ip' | 'url'; readonly value: string }[];
  readonly usages: readonly string[];
  readonly lifetimeMs: number;
  /** Organizational unit of the subject: where a certificate comes from. */
  readonly unit?: string | undefined;
}

/**
 * The installation's own certificate authority: ECDSA P-256, one root. Its key is in memory while it is open, and
 * sealed at rest. Every certificate carries an extended key usage and a random serial (RFC 5280).
 */
export class CertificateAuthority {
  readonly #x509: X509;
  readonly #key: webcrypto.CryptoKey;
  readonly #now: () => Date;
  /** The root to trust, PEM. */
  readonly caBundlePem: string;

  private constructor(x509: X509, parts: { key: webcrypto.CryptoKey; pem: string; now: () => Date }) {
    this.#x509 = x509;
    this.#key = parts.key;
    this.#now = parts.now;
    this.caBundlePem = parts.pem;
  }

  /**
   * Opens the stored authority, or makes and stores one on first use.
   *
   * @throws CaError `BAD_SEALING_KEY` or `WRONG_SEALING_KEY`
   */
  static async open(options: CertificateAuthorityOptions): Promise<CertificateAuthority> {
    const x509 = await import('./x509.js');
    const now = options.now ?? ((): Date => new Date());
    const stored =
      (await options.store.load()) ??
      (await options.store.save(await createRoot(x509, options.sealingKey, now())));
    const der = unseal(options.sealingKey, stored.sealedPrivateKey, SEALING_CONTEXT);
    const key = await webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
    return new CertificateAuthority(x509, { key, pem: stored.certificatePem, now });
  }

  /** Issues a server's certificate with its key. @param names - DNS names and IP addresses that it is dialled by */
  async issueServer(
    names: readonly string[],
    lifetimeMs: number = certificateLifetimesMs.server,
  ): Promise<IssuedIdentity> {
    const [first] = names;
    if (first === undefined)
      throw new CaError('BAD_IDENTITY', 'a server certificate needs at least one name');
    return this.#issueWithKey({
      commonName: first.slice(0, 64),
      names: names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      usages: [SERVER_AUTH],
      lifetimeMs,
    });
  }

  /** Issues a cluster's own certificate with its key. @throws CaError `BAD_IDENTITY` */
  async issueCluster(
    clusterId: string,
    lifetimeMs: number = certificateLifetimesMs.cluster,
  ): Promise<IssuedIdentity> {
    const subject: Subject = { clusterId, role: 'cluster', name: '' };
    return this.#issueWithKey(toIssue(subject, lifetimeMs));
  }

  /**
   * Signs the request of a collector, operator or emitter. What the request itself says about names is ignored:
   * the cluster comes from the caller's certificate, role and name from the arguments.
   *
   * @param caller - a cluster's own certificate MAY enrol anything in its cluster, an enrolled one only itself; what is
   *   enrolled carries the serial number of the cluster's certificate that it goes back to, so that it ends with it
   * @throws CaError `NOT_ALLOWED`, `BAD_IDENTITY` or `BAD_REQUEST`
   */
  async enrol(
    caller: Subject & { readonly clusterSerial?: string },
    request: { readonly csr: Uint8Array; readonly role: string; readonly name: string },
    lifetimeMs: number = certificateLifetimesMs.enrolled,
  ): Promise<IssuedCertificate> {
    const subject = toEnrolledSubject(caller, request);
    const publicKey = await this.#readRequest(request.csr);
    return this.#issue({
      ...toIssue(subject, lifetimeMs),
      publicKey,
      unit: caller.clusterSerial === '' ? undefined : caller.clusterSerial,
    });
  }

  async #readRequest(csr: Uint8Array): Promise<webcrypto.CryptoKey> {
    try {
      const request = new this.#x509.Pkcs10CertificateRequest(Uint8Array.from(csr));
      if (!(await request.verify())) throw new Error('its signature is wrong');
      const { rawData } = request.publicKey;
      return await webcrypto.subtle.importKey('spki', rawData, KEY_ALGORITHM, true, ['verify']);
    } catch (error) {
      throw new CaError(
        'BAD_REQUEST',
        'the certificate request is not valid: send a PKCS #10 request in DER, signed by an ECDSA P-256 key',
        { cause: error },
      );
    }
  }

  async #issueWithKey(issue: Omit<Issue, 'publicKey'>): Promise<IssuedIdentity> {
    const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
    const issued = await this.#issue({ ...issue, publicKey: keys.publicKey });
    return { ...issued, privateKeyPem: await exportPrivateKeyPem(keys.privateKey) };
  }

  async #issue(issue: Issue): Promise<IssuedCertificate> {
    const x509 = this.#x509;
    const now = this.#now().getTime();
    const root = new x509.X509Certificate(this.caBundlePem);
    const notBefore = new Date(now - BACKDATE_MS);
    const expiresAt = new Date(Math.floor((now + issue.lifetimeMs) / 1000) * 1000);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: makeSerial(),
      subject: `CN=${issue.commonName}${issue.unit === undefined ? '' : `, OU=${issue.unit}`}`,
      issuer: root.subject,
      notBefore,
      notAfter: expiresAt,
      publicKey: issue.publicKey,
      signingKey: this.#key,
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([...issue.usages]),
        new x509.SubjectAlternativeNameExtension([...issue.names]),
        await x509.AuthorityKeyIdentifierExtension.create(root, false),
        await x509.SubjectKeyIdentifierExtension.create(issue.publicKey, false),
      ],
    });
    return {
      certificateChainPem: `${certificate.toString('pem')}\n`,
      caBundlePem: this.caBundlePem,
      serialNumber: certificate.serialNumber.toUpperCase(),
      notBefore,
      expiresAt,
      renewAt: new Date(now + (issue.lifetimeMs * 2) / 3),
    };
  }
}

function toIssue(subject: Subject, lifetimeMs: number): Omit<Issue, 'publicKey'> {
  if (!isClusterId(subject.clusterId)) {
    throw new CaError('BAD_IDENTITY', `'${subject.clusterId}' cannot be a cluster's identity`);
  }
  return {
    // The URI is the identity; the common name is for people who look at the certificate.
    commonName: subject.role === 'cluster' ? 'kubehero cluster' : `kubehero ${subject.role}`,
    names: [{ type: 'url', value: toSpiffeId(subject) }],
    usages: [CLIENT_AUTH],
    lifetimeMs,
  };
}

function toEnrolledSubject(caller: Subject, request: { role: string; name: string }): Subject {
  const roles: readonly CertificateRole[] = ['collector', 'operator', 'emitter'];
  const role = roles.find((candidate) => candidate === request.role);
  if (role === undefined) {
    throw new CaError('BAD_IDENTITY', `'${request.role}' is no role: give one of ${roles.join(', ')}`);
  }
  if (!isCertificateName(request.name)) {
    const allowed = 'give 1 to 253 letters, digits, dots, dashes, underscores, colons or at signs';
    throw new CaError('BAD_IDENTITY', `'${request.name}' cannot be the name of a ${role}: ${allowed}`);
  }
  const itself = caller.role === role && caller.name === request.name;
  if (caller.role !== 'cluster' && !itself) {
    throw new CaError(
      'NOT_ALLOWED',
      `a certificate of ${caller.role} '${caller.name}' renews only itself: enrol ${role} '${request.name}' with the cluster's certificate`,
    );
  }
  return { clusterId: caller.clusterId, role, name: request.name };
}

async function createRoot(x509: X509, sealingKey: Uint8Array, now: Date): Promise<StoredCa> {
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    name: `CN=kubehero ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + certificateLifetimesMs.root),
    signingAlgorithm: SIGNING_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false),
    ],
  });
  const der = new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    sealedPrivateKey: seal(sealingKey, der, SEALING_CONTEXT),
  };
}

/** 128 random bits without the sign bit and never zero (RFC 5280, 4.1.2.2). */
function makeSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** A private key as PKCS #8 in PEM. The key MUST be extractable. */
export async function exportPrivateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

/** The parts of an issued identity that a TLS connection uses. */
export function toTlsMaterial(identity: IssuedIdentity): TlsMaterial {
  const { certificateChainPem, privateKeyPem, caBundlePem } = identity;
  return { certificateChainPem, privateKeyPem, caBundlePem };
}
