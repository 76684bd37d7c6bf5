import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { AuditError } from './audit-error.js';

/**
 * The Ed25519 key of a chain, made when the chain begins. It never leaves its folder.
 *
 * @throws {AuditError} UNREADABLE, UNWRITABLE, BROKEN
 */
export async function openChainKey(path: string): Promise<KeyObject> {
  const pem = await tryRead(path);
  if (pem === undefined) return makeKey(path);
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new AuditError('BROKEN', `${path} is no key: move the folder away, then a new chain begins`, {
      cause,
    });
  }
  throw new AuditError('BROKEN', `${path} is no Ed25519 key: move the folder away, then a new chain begins`);
}

async function makeKey(path: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    await writeFile(`${path}.partial`, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
      flush: true,
    });
    await rename(`${path}.partial`, path);
  } catch (cause) {
    throw new AuditError('UNWRITABLE', `could not write ${path}: give the operator a writable data folder`, {
      cause,
    });
  }
  return privateKey;
}

async function tryRead(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AuditError('UNREADABLE', `could not read ${path}: give the operator the right to read it`, {
      cause,
    });
  }
}
