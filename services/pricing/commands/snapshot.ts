import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { openPriceDatabase, type DatabaseSettings } from '../database/open-database.js';
import { PricingError } from '../errors.js';
import { FolderStore } from '../folder/folder-store.js';
import { exportSnapshot, readSigningKey } from '../snapshot/export.js';
import { importSnapshot, readVerifyingKey, type ImportReport } from '../snapshot/import.js';

/** Where a snapshot is written, and by whom it is signed. */
export interface SnapshotTarget {
  readonly to: string;
  /** File with the Ed25519 private key. */
  readonly signingKey: string;
}

/** Writes a signed snapshot of a catalogue folder. */
export async function exportFolder(
  options: SnapshotTarget & { readonly catalogue: string },
): Promise<{ rows: number; generatedAt: string }> {
  const store = new FolderStore(options.catalogue);
  const source = { name: store.folder, parts: store.parts() };
  return exportSnapshot(source, options.to, await readSigningKey(options.signingKey));
}

/** Writes a signed snapshot of the catalogue that the settings name. @throws PricingError USAGE, CATALOGUE, DISK */
export async function exportFromSettings(
  settings: DatabaseSettings & { readonly catalogue: string | undefined },
  target: SnapshotTarget,
): Promise<{ rows: number; generatedAt: string }> {
  const { catalogue } = settings;
  if (catalogue !== undefined) return exportFolder({ ...target, catalogue });
  const signingKey = await readSigningKey(target.signingKey);
  const db = await openPriceDatabase(settings);
  try {
    const { PostgresStore } = await import('../database/postgres-store.js');
    const source = { name: 'the database', parts: new PostgresStore(db).parts() };
    return await exportSnapshot(source, target.to, signingKey);
  } finally {
    await db.destroy();
  }
}

/** An import into a catalogue folder. */
export interface FolderImport {
  readonly catalogue: string;
  /** A file, or `-` for standard input. */
  readonly from: string;
  readonly verifyingKey: string;
  readonly nowMs: number;
  readonly maxAgeDays: number;
  readonly accept: readonly string[];
  /** Name of the person who lets them through. */
  readonly acceptedBy?: string | undefined;
}

/** Reads a snapshot's bytes from a file, or from standard input for `-`. @throws PricingError NOT_READABLE */
export async function readSnapshot(
  from: string,
  stdin: NodeJS.ReadableStream,
): Promise<{ name: string; bytes: Buffer }> {
  try {
    if (from === '-') return { name: 'standard input', bytes: await buffer(stdin) };
    return { name: from, bytes: await readFile(from) };
  } catch (cause) {
    throw new PricingError('NOT_READABLE', `cannot read ${from}: check that the file is there and readable`, {
      cause,
    });
  }
}

/** Takes a signed snapshot into a catalogue folder. @throws PricingError, and then the folder is as it was */
export async function importFolder(
  options: FolderImport,
  stdin: NodeJS.ReadableStream,
): Promise<ImportReport> {
  const verifyingKey = await readVerifyingKey(options.verifyingKey);
  const file = await readSnapshot(options.from, stdin);
  const store = new FolderStore(options.catalogue);
  return store.exclusively(() => importSnapshot(store, file, { ...options, verifyingKey }));
}
