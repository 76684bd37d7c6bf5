import { buildCatalogue, type Catalogue } from '@kubehero/domain';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';
import { PRICE_ROW_COLUMNS, type PriceRowRecord } from './price-catalogue.js';
import { toPriceRow, type PriceItem } from './price-items.js';

/** Which part of the catalogue a machine's price can come from. */
export interface PriceSliceQuery {
  readonly provider: string;
  /** Region that its prices are listed in. */
  readonly region: string;
  readonly instanceType: string;
}

interface SliceRow extends PriceRowRecord {
  readonly as_of: string;
}

const MACHINE_PARTS = ['vcpu', 'memory', 'gpu', 'local-ssd', 'license'];

/**
 * What the newest version of the catalogue holds for machines of one type: its rows, the rates that it may be
 * composed from, its shape, and all custom sheets. A few hundred rows however large the catalogue is.
 */
export async function loadPriceSlice(db: Kysely<Database>, query: PriceSliceQuery): Promise<Catalogue> {
  const region = query.region.toLowerCase();
  const type = query.instanceType.toLowerCase();
  const rows = [
    ...(await rowsOf(db, query.provider, [region, 'global'], [type, `standard_${type}`])),
    ...(await anyRowOf(db, query.provider, region)),
  ];
  const parts = new Map<string, PriceItem[]>();
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(row.digest)) continue;
    seen.add(row.digest);
    const known = parts.get(row.as_of);
    if (known === undefined) parts.set(row.as_of, [toPriceRow(row)]);
    else known.push(toPriceRow(row));
  }
  return buildCatalogue([
    { asOfMs: 0, rows: await documentsOf(db, type) },
    ...[...parts].map(([asOf, items]) => ({ asOfMs: Date.parse(asOf), rows: items })),
  ]);
}

const FROM_ROWS = sql`select ${PRICE_ROW_COLUMNS}, to_char(s.as_of at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as as_of
  from price_row r cross join lateral (
    select as_of from price_part_state where part_key = r.part_key order by version desc limit 1) s`;

async function rowsOf(
  db: Kysely<Database>,
  provider: string,
  regions: readonly string[],
  types: readonly string[],
): Promise<readonly SliceRow[]> {
  const { rows } = await sql<SliceRow>`${FROM_ROWS}
    where r.to_version is null and r.provider = ${provider} and r.region = any(${regions}::text[])
      and (r.resource = any(${MACHINE_PARTS}::text[])
        or (r.resource = 'instance' and lower(r.name) = any(${types}::text[])))`.execute(db);
  return rows;
}

/** One row is enough to know that the region is in the catalogue. */
async function anyRowOf(
  db: Kysely<Database>,
  provider: string,
  region: string,
): Promise<readonly SliceRow[]> {
  const { rows } = await sql<SliceRow>`${FROM_ROWS}
    where r.to_version is null and r.provider = ${provider} and r.region = ${region} limit 1`.execute(db);
  return rows;
}

async function documentsOf(db: Kysely<Database>, type: string): Promise<readonly PriceItem[]> {
  const { rows } = await sql<{ content: PriceItem }>`
    select content from price_document
    where to_version is null and (content->>'kind' = 'sheet' or lower(content->>'name') = ${type})
    order by key`.execute(db);
  return rows.map(({ content }) => content);
}
