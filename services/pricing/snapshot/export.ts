import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { PricingError } from '../errors.js';
import type { StoredPart } from '../catalogue-store.js';
import { compressFor } from './compression.js';
import { canonical, encodeSnapshot, SNAPSHOT_FORMAT, type SnapshotPart } from './document.js';

/** Reads an Ed25519 private key in PEM. @throws PricingError SIGNATURE */
export async function readSigningKey(path: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(path));
  } catch (cause) {
    throw new PricingError(
      'SIGNATURE',
      `cannot read the signing key ${path}: give an Ed25519 private key in PEM`,
      { cause },
    );
  }
}

function byText<T>(text: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (text(a) < text(b) ? -1 : 1);
}

/**
 * Writes the newest state of every part of a catalogue as a signed snapshot. The same catalogue and key give the same
 * bytes. @returns how many rows it holds
 */
export async function exportSnapshot(
  source: { readonly name: string; readonly parts: AsyncIterable<StoredPart> },
  to: string,
  signingKey: KeyObject,
): Promise<{ rows: number; generatedAt: string }> {
  const parts: SnapshotPart[] = [];
  for await (const { facts, items } of source.parts) {
    const { key, source: name, asOf, sourceVersion, publications } = facts;
    // By their canonical text: stores give rows back with their members in different orders
    const sorted = items
      .map((item) => ({ item, text: JSON.stringify(canonical(item)) }))
      .sort(byText(({ text }) => text))
      .map(({ item }) => item);
    parts.push({ key, source: name, asOf, sourceVersion, publications, items: sorted });
  }
  if (parts.length === 0) {
    throw new PricingError(
      'CATALOGUE',
      `${source.name} holds no catalogue: run 'kubehero pricing refresh' first`,
    );
  }
  parts.sort(byText(({ key }) => key));
  const generatedAt =
    parts
      .map(({ asOf }) => asOf)
      .sort()
      .at(-1) ?? '';
  const bytes = compressFor(to, encodeSnapshot({ format: SNAPSHOT_FORMAT, generatedAt, parts }, signingKey));
  try {
    await writeFile(`${to}.tmp`, bytes);
    await rename(`${to}.tmp`, to);
  } catch (cause) {
    throw new PricingError('DISK', `cannot write ${to}: check the folder and its free space`, { cause });
  }
  return { rows: parts.reduce((sum, { items }) => sum + items.length, 0), generatedAt };
}
