import { generateKeyPairSync, sign } from 'node:crypto';

/** A fresh key and the request that asks for a certificate over it. */
export interface CertificateRequest {
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
  /** PKCS #10 (RFC 2986), DER. */
  readonly csr: Uint8Array;
}

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;
/** version 0, then the empty subject: the authority decides who the certificate is for. */
const VERSION_AND_SUBJECT = Buffer.from([0x02, 0x01, 0x00, SEQUENCE, 0x00]);
/** `[0]`, no attributes. */
const NO_ATTRIBUTES = Buffer.from([0xa0, 0x00]);
/** AlgorithmIdentifier of ecdsa-with-SHA256, 1.2.840.10045.4.3.2 (RFC 5758). */
const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');

function encode(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  // Everything here is below 64 KiB: one or two length bytes after the short form (X.690, 8.1.3).
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/**
 * Makes an ECDSA P-256 key in memory and a request for it. Written out by hand, because an X.509 library would
 * cost a collector several MiB of memory for these few bytes.
 */
export function makeCertificateRequest(): CertificateRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const body = encode(SEQUENCE, VERSION_AND_SUBJECT, publicKeyInfo, NO_ATTRIBUTES);
  const signature = sign('sha256', body, { key: privateKey, dsaEncoding: 'der' });
  const csr = encode(SEQUENCE, body, ECDSA_WITH_SHA256, encode(BIT_STRING, Buffer.from([0]), signature));
  return { privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), csr };
}
