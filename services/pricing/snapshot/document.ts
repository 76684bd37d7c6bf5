import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { CatalogueItem, PartFacts } from '../catalogue-store.js';
import { PricingError } from '../errors.js';

/** A part of a snapshot with where it came from. */
export interface SnapshotPart extends PartFacts {
  readonly items: readonly CatalogueItem[];
}

/** What a snapshot says, without its signature. */
export interface Snapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  /** The newest instant that a part was refreshed for: the same catalogue always gives the same bytes. */
  readonly generatedAt: string;
  readonly parts: readonly SnapshotPart[];
}

/** The one format that is written and read. */
export const SNAPSHOT_FORMAT = 'kubehero-pricing-snapshot/1';

const SEPARATOR = ',"signature":';
const MAX_SIGNATURE_BYTES = 1024;

interface Signature {
  readonly algorithm: 'ed25519';
  readonly keyId: string;
  readonly value: string;
}

/** Short name of a verifying key: the first 16 hex digits of the SHA-256 of its SPKI form. */
export function keyIdOf(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/** The same value with the members of every object in the order of their names: equal content, equal text. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
}

function checkKey(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new PricingError(
    'SIGNATURE',
    `the key is ${key.asymmetricKeyType ?? 'no key pair'}: give an Ed25519 key in PEM`,
  );
}

/** Writes a snapshot as one line of JSON whose last member is an Ed25519 signature over all that stands before it. */
export function encodeSnapshot(snapshot: Snapshot, signingKey: KeyObject): Buffer {
  const payload = JSON.stringify(canonical(snapshot));
  const value = sign(null, Buffer.from(payload), checkKey(signingKey)).toString('base64');
  const signature: Signature = { algorithm: 'ed25519', keyId: keyIdOf(createPublicKey(signingKey)), value };
  return Buffer.from(`${payload.slice(0, -1)}${SEPARATOR}${JSON.stringify(signature)}}\n`);
}

/**
 * Checks the signature over the exact bytes and only then reads them. The verifying key is the caller's; what the
 * document says of a key is used for the message alone.
 * @throws PricingError SIGNATURE, WRONG_SHAPE
 */
export function decodeSnapshot(bytes: Buffer, name: string, verifyingKey: KeyObject): Snapshot {
  const at = bytes.lastIndexOf(SEPARATOR);
  if (at < 0 || bytes.length - at > MAX_SIGNATURE_BYTES) {
    throw new PricingError(
      'SIGNATURE',
      `${name} carries no signature: import a file that 'kubehero pricing export' wrote`,
    );
  }
  const payload = Buffer.concat([bytes.subarray(0, at), Buffer.from('}')]);
  const signature = readSignature(bytes.subarray(at + SEPARATOR.length).toString('utf8'), name);
  const value = Buffer.from(signature.value, 'base64');
  // The name of the key and the spelling of the signature count too: no byte of the file may differ.
  const exact =
    signature.keyId === keyIdOf(checkKey(verifyingKey)) && value.toString('base64') === signature.value;
  if (!exact || !verify(null, payload, verifyingKey, value)) {
    const pinned = keyIdOf(verifyingKey);
    const whose =
      signature.keyId === pinned
        ? 'the file was changed'
        : `it was signed by key ${signature.keyId.slice(0, 16)}, pinned is ${pinned}`;
    throw new PricingError(
      'SIGNATURE',
      `the signature of ${name} does not hold: ${whose}: get the file again`,
    );
  }
  return toSnapshot(payload, name);
}

function readSignature(text: string, name: string): Signature {
  const match =
    /^\{"algorithm":"ed25519","keyId":"([0-9a-f]{16})","value":"([A-Za-z0-9+/]{86}==)"\}\}\n?$/.exec(text);
  if (match === null)
    throw new PricingError('SIGNATURE', `the signature of ${name} is not in its form: get the file again`);
  return { algorithm: 'ed25519', keyId: match[1] ?? '', value: match[2] ?? '' };
}

function toSnapshot(payload: Buffer, name: string): Snapshot {
  const snapshot = JSON.parse(payload.toString('utf8')) as Omit<Snapshot, 'format'> & { format: string };
  if (snapshot.format === SNAPSHOT_FORMAT) return { ...snapshot, format: SNAPSHOT_FORMAT };
  throw new PricingError(
    'WRONG_SHAPE',
    `${name} is of format '${snapshot.format}', known is '${SNAPSHOT_FORMAT}': export it again with this release`,
  );
}
