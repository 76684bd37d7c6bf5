import { judgeRefresh, type GateVerdict, type PriceRow } from '@kubehero/domain';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  acceptancesOf,
  type AcceptanceEntry,
  type CatalogueStore,
  type NewPart,
  type QuarantineEntry,
} from '../catalogue-store.js';
import { PricingError } from '../errors.js';
import { decompress } from './compression.js';
import { decodeSnapshot, type Snapshot, type SnapshotPart } from './document.js';

/** How a snapshot is taken in. */
export interface ImportOptions {
  readonly verifyingKey: KeyObject;
  readonly nowMs: number;
  readonly maxAgeDays: number;
  readonly accept: readonly string[];
  /** Name of the person who lets them through. */
  readonly acceptedBy?: string | undefined;
}

/** What an import did. */
export interface ImportReport {
  readonly catalogueVersion: number;
  readonly generatedAt: string;
  readonly rows: number;
  readonly quarantined: readonly GateVerdict[];
  /** What a person let through although the gate had something against it. */
  readonly accepted: readonly AcceptanceEntry[];
}

const DAY_MS = 86_400_000;

/** Reads an Ed25519 public key in PEM. @throws PricingError SIGNATURE */
export async function readVerifyingKey(path: string): Promise<KeyObject> {
  try {
    return createPublicKey(await readFile(path));
  } catch (cause) {
    throw new PricingError(
      'SIGNATURE',
      `cannot read the verifying key ${path}: give the Ed25519 public key in PEM that was pinned at install`,
      { cause },
    );
  }
}

function checkAge(snapshot: Snapshot, name: string, options: ImportOptions): void {
  const ageDays = (options.nowMs - Date.parse(snapshot.generatedAt)) / DAY_MS;
  if (ageDays <= options.maxAgeDays) return;
  throw new PricingError(
    'STALE_SNAPSHOT',
    `${name} is of ${snapshot.generatedAt}, ${ageDays.toFixed(0)} days old: import a newer one or allow it with --max-age-days`,
  );
}

async function judged(
  part: SnapshotPart,
  store: CatalogueStore,
  options: ImportOptions,
): Promise<{ part: NewPart; verdicts: readonly GateVerdict[] }> {
  const { items, ...facts } = part;
  const before = (await store.readPart(part.key))?.items ?? [];
  const prices = (all: typeof items): PriceRow[] =>
    all.filter((item): item is PriceRow => item.kind === 'price');
  const result = judgeRefresh(prices(before), prices(items), { mode: 'replace', accept: options.accept });
  const others = items.filter((item) => item.kind !== 'price');
  return {
    part: { facts, items: [...result.kept, ...result.passed, ...others] },
    verdicts: result.verdicts,
  };
}

/**
 * Takes a signed snapshot into a catalogue: signature, age, gate, then one new version.
 * @throws PricingError SIGNATURE, STALE_SNAPSHOT, COMPRESSION, WRONG_SHAPE; the catalogue is then as it was
 */
export async function importSnapshot(
  store: CatalogueStore,
  file: { readonly name: string; readonly bytes: Buffer },
  options: ImportOptions,
): Promise<ImportReport> {
  const snapshot = decodeSnapshot(decompress(file.bytes, file.name), file.name, options.verifyingKey);
  checkAge(snapshot, file.name, options);
  const parts: NewPart[] = [];
  const quarantine: QuarantineEntry[] = [];
  const accepted: AcceptanceEntry[] = [];
  const since = new Date(options.nowMs).toISOString();
  const { acceptedBy } = options;
  for (const part of snapshot.parts) {
    const result = await judged(part, store, options);
    parts.push(result.part);
    const { source } = part;
    const held = result.verdicts.filter(({ quarantined }) => quarantined);
    quarantine.push(...held.map((verdict) => ({ ...verdict, source, since })));
    accepted.push(...acceptancesOf(result.verdicts, { source, acceptedBy, acceptedAt: since }));
  }
  const catalogueVersion = await store.commit({
    parts,
    quarantine,
    acceptances: accepted,
    createdAt: since,
  });
  const rows = parts.reduce((sum, { items }) => sum + items.length, 0);
  return { catalogueVersion, generatedAt: snapshot.generatedAt, rows, quarantined: quarantine, accepted };
}
