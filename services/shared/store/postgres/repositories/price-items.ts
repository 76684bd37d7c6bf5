import {
  buildCatalogue,
  type Catalogue,
  type CustomSheet,
  type MachineShape,
  type PriceRow,
} from '@kubehero/domain';
import type { Kysely } from 'kysely';
import { createHash } from 'node:crypto';
import type { Database } from '../schema.js';
import {
  listPriceParts,
  type PriceDocumentRecord,
  type PriceRowRecord,
  type StoredPricePart,
} from './price-catalogue.js';

/** Anything that the catalogue holds. */
export type PriceItem = PriceRow | MachineShape | CustomSheet;

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

/** Instants as they are read back: sources write them in several forms. */
function instantsOf(row: PriceRow): Pick<PriceRow, 'effectiveFrom' | 'effectiveTo'> {
  const inUtc = (instant: string): string => new Date(instant).toISOString();
  return {
    ...(row.effectiveFrom === undefined ? {} : { effectiveFrom: inUtc(row.effectiveFrom) }),
    ...(row.effectiveTo === undefined ? {} : { effectiveTo: inUtc(row.effectiveTo) }),
  };
}

/** Nested objects come back from the database with their keys in another order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
}

/** The digest leaves out the source's version: a row that did not change stays the row of the version that made it. */
function toRecord(row: PriceRow): PriceRowRecord {
  const { sourceVersion, ...identity } = { ...row, ...instantsOf(row) };
  const sorted = Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    digest: digestOf(canonical(sorted)),
    provider: row.provider,
    region: row.region,
    zone: row.zone ?? null,
    resource: row.resource,
    name: row.name,
    os: row.os ?? null,
    tenancy: row.tenancy ?? null,
    purchase_model: row.purchaseModel,
    unit: row.unit,
    currency: row.currency,
    price: row.price,
    tiers: row.tiers ?? null,
    commitments: row.commitments ?? null,
    effective_from: row.effectiveFrom ?? null,
    effective_to: row.effectiveTo ?? null,
    source: row.source,
    source_version: sourceVersion,
    sku: row.sku,
    family: row.family,
    conflict: row.conflict ?? null,
  };
}

/** A stored row in the terms of the domain. */
export function toPriceRow(record: PriceRowRecord): PriceRow {
  return {
    kind: 'price',
    provider: record.provider as PriceRow['provider'],
    region: record.region,
    ...(record.zone === null ? {} : { zone: record.zone }),
    resource: record.resource as PriceRow['resource'],
    name: record.name,
    ...(record.os === null ? {} : { os: record.os as NonNullable<PriceRow['os']> }),
    ...(record.tenancy === null ? {} : { tenancy: 'dedicated' as const }),
    purchaseModel: record.purchase_model as PriceRow['purchaseModel'],
    unit: record.unit,
    currency: record.currency,
    price: record.price,
    ...(record.tiers === null ? {} : { tiers: record.tiers as NonNullable<PriceRow['tiers']> }),
    ...(record.commitments === null
      ? {}
      : { commitments: record.commitments as NonNullable<PriceRow['commitments']> }),
    ...(record.effective_from === null ? {} : { effectiveFrom: record.effective_from }),
    ...(record.effective_to === null ? {} : { effectiveTo: record.effective_to }),
    source: record.source as PriceRow['source'],
    sourceVersion: record.source_version,
    sku: record.sku,
    family: record.family,
    ...(record.conflict === null ? {} : { conflict: record.conflict }),
  };
}

/** What a stored part holds, in the terms of the domain. */
export function priceItemsOf(part: StoredPricePart): PriceItem[] {
  return [...part.rows.map(toPriceRow), ...part.documents.map(({ content }) => content as PriceItem)];
}

/** Items as they are stored. */
export function toPriceRecords(items: readonly PriceItem[]): {
  rows: PriceRowRecord[];
  documents: PriceDocumentRecord[];
} {
  const rows: PriceRowRecord[] = [];
  const documents: PriceDocumentRecord[] = [];
  for (const item of items) {
    if (item.kind === 'price') rows.push(toRecord(item));
    else documents.push({ digest: digestOf(item), content: item });
  }
  return { rows, documents };
}

/** The catalogue in PostgreSQL as it stood at `atMs` (as it is now when undefined), with `extra` rows behind it. */
export async function loadPriceCatalogue(
  db: Kysely<Database>,
  options: { readonly atMs?: number; readonly extra?: Iterable<PriceItem> } = {},
): Promise<Catalogue> {
  const parts = await listPriceParts(db, options.atMs);
  const held = parts.map((part) => ({ asOfMs: Date.parse(part.asOf), rows: priceItemsOf(part) }));
  return buildCatalogue([
    ...held,
    ...(options.extra === undefined ? [] : [{ asOfMs: 0, rows: options.extra }]),
  ]);
}
