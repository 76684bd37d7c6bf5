import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

/** The newest state of a part of the catalogue, without its rows. Instants are RFC 3339. */
export interface PricePartState {
  readonly name: string;
  readonly source: string;
  /** What the prices were refreshed for. */
  readonly asOf: string;
  /** When this state was written. */
  readonly writtenAt: string;
  readonly sourceVersion: string;
  readonly version: number;
  readonly rows: number;
}

/** A version of the catalogue. */
export interface PriceVersionRow {
  readonly version: number;
  readonly createdAt: string;
}

const INSTANT = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);

/** The newest state of every part, by name. */
export async function listPricePartStates(db: Kysely<Database>): Promise<readonly PricePartState[]> {
  const { rows } = await sql<PricePartState>`
    select distinct on (p.name) p.name, p.source, s.source_version as "sourceVersion", s.version, s.row_count as rows,
      to_char(s.as_of at time zone 'utc', ${INSTANT}) as "asOf",
      to_char(v.created_at at time zone 'utc', ${INSTANT}) as "writtenAt"
    from price_part p join price_part_state s on s.part_key = p.key join price_version v on v.version = s.version
    order by p.name, s.version desc`.execute(db);
  return rows;
}

/** The newest version, undefined before the first refresh. */
export async function tryFindPriceVersion(db: Kysely<Database>): Promise<PriceVersionRow | undefined> {
  const { rows } = await sql<PriceVersionRow>`
    select version, to_char(created_at at time zone 'utc', ${INSTANT}) as "createdAt"
    from price_version order by version desc limit 1`.execute(db);
  return rows[0];
}

/** What became of a price from one version to the next; the price is null where there is none. */
export interface PriceChangeRow {
  readonly provider: string;
  readonly region: string;
  readonly zone: string;
  readonly resource: string;
  readonly name: string;
  readonly os: string;
  readonly purchaseModel: string;
  readonly unit: string;
  readonly currency: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly source: string;
  readonly sku: string;
}

/** How many prices are new, other or gone in a version. */
export interface PriceChangeCount {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

// A key can have several rows, one for each start of validity: the latest stands for it.
const changesOf = (version: number): ReturnType<typeof sql> => sql`
  with fresh as (${side(sql`from_version = ${version}`)}), old as (${side(sql`to_version = ${version}`)})
  select coalesce(f.provider, o.provider) as provider, coalesce(f.region, o.region) as region,
    coalesce(f.zone, o.zone) as zone, coalesce(f.resource, o.resource) as resource, coalesce(f.name, o.name) as name,
    coalesce(f.os, o.os) as os, coalesce(f.purchase_model, o.purchase_model) as "purchaseModel",
    coalesce(f.unit, o.unit) as unit, coalesce(f.currency, o.currency) as currency,
    o.price as before, f.price as after, coalesce(f.source, o.source) as source, coalesce(f.sku, o.sku) as sku
  from fresh f full join old o using (part_key, provider, region, zone, resource, name, os, tenancy, purchase_model)
  where f.price is distinct from o.price or f.currency is distinct from o.currency`;

function side(condition: ReturnType<typeof sql>): ReturnType<typeof sql> {
  return sql`select distinct on (part_key, provider, region, coalesce(zone, ''), resource, name, coalesce(os, ''),
      coalesce(tenancy, ''), purchase_model)
    part_key, provider, region, coalesce(zone, '') as zone, resource, name, coalesce(os, '') as os,
    coalesce(tenancy, '') as tenancy, purchase_model, unit, currency, trim_scale(price)::text as price, source, sku
    from price_row where ${condition}
    order by part_key, provider, region, coalesce(zone, ''), resource, name, coalesce(os, ''), coalesce(tenancy, ''),
      purchase_model, effective_from desc nulls last`;
}

/** What changed with a version, by place and name; at most `limit` prices. */
export async function listPriceChanges(
  db: Kysely<Database>,
  version: number,
  limit: number,
): Promise<readonly PriceChangeRow[]> {
  const { rows } = await sql<PriceChangeRow>`${changesOf(version)}
    order by 1, 2, 4, 5, 3, 6, 7 limit ${limit}`.execute(db);
  return rows;
}

/** Counts what changed with a version. */
export async function countPriceChanges(db: Kysely<Database>, version: number): Promise<PriceChangeCount> {
  const { rows } = await sql<PriceChangeCount>`
    select (count(*) filter (where before is null))::int as added, (count(*) filter (where after is null))::int as removed,
      (count(*) filter (where before is not null and after is not null))::int as changed
    from (${changesOf(version)}) c`.execute(db);
  return rows[0] ?? { added: 0, changed: 0, removed: 0 };
}

/** What prices are looked for; empty fields match all. */
export interface PriceSearch {
  readonly provider: string;
  readonly region: string;
  readonly resource: string;
  readonly purchaseModel: string;
  /** Part of the name or of the SKU, in any case. */
  readonly text: string;
  readonly limit: number;
}

/** A price in force as it is shown. */
export interface FoundPriceRow extends Omit<PriceChangeRow, 'before' | 'after'> {
  readonly price: string;
  readonly sourceVersion: string;
  readonly effectiveFrom: string;
  readonly conflict: string;
}

/** Prices of the newest version, names that begin with the text first. */
export async function searchPrices(
  db: Kysely<Database>,
  search: PriceSearch,
): Promise<readonly FoundPriceRow[]> {
  const text = search.text.toLowerCase();
  const like = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  const { rows } = await sql<FoundPriceRow>`
    select provider, region, coalesce(zone, '') as zone, resource, name, coalesce(os, '') as os,
      purchase_model as "purchaseModel", unit, currency, trim_scale(price)::text as price, source,
      source_version as "sourceVersion", sku, coalesce(conflict, '') as conflict,
      coalesce(to_char(effective_from at time zone 'utc', ${INSTANT}), '') as "effectiveFrom"
    from price_row
    where to_version is null
      and (${search.provider} = '' or provider = ${search.provider})
      and (${search.region} = '' or region = ${search.region})
      and (${search.resource} = '' or resource = ${search.resource})
      and (${search.purchaseModel} = '' or purchase_model = ${search.purchaseModel})
      and (lower(name) like ${like} or lower(sku) like ${like})
    order by not starts_with(lower(name), ${text}), length(name), name, provider, region, zone, os, purchase_model, effective_from desc nulls last
    limit ${search.limit}`.execute(db);
  return rows;
}
