import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CaError } from './ca-store.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function checkKey(key: Uint8Array): void {
  if (key.length === KEY_BYTES) return;
  throw new CaError(
    'BAD_SEALING_KEY',
    `the key that seals the certificate authority has ${key.length} bytes: give ${KEY_BYTES} random bytes`,
  );
}

/**
 * Seals a secret with AES-256-GCM (NIST SP 800-38D) under a fresh nonce.
 *
 * @param context - bound to the sealed bytes: they open with the same context only
 * @throws CaError `BAD_SEALING_KEY`
 */
export function seal(key: Uint8Array, secret: Uint8Array, context: string): Uint8Array {
  checkKey(key);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what {@link seal} made. @throws CaError `BAD_SEALING_KEY` or `WRONG_SEALING_KEY` */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array {
  checkKey(key);
  const bytes = Buffer.from(sealed);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new CaError(
      'WRONG_SEALING_KEY',
      'the stored certificate authority does not open with the given key: give the key that it was made with',
      { cause: error },
    );
  }
}
