import { sql, type Kysely } from 'kysely';

/**
 * The price catalogue. A version makes everything of one refresh visible at once; a row belongs to the versions from
 * `from_version` until before `to_version`, so unchanged rows are stored once and past versions stay complete.
 *
 * `price` is `numeric` without a limit of digits: list prices are kept as the source wrote them.
 */
const STATEMENTS = [
  `create table price_version (
    version integer primary key,
    created_at timestamptz not null)`,
  `create table price_part (
    key integer generated always as identity primary key,
    name text not null unique,
    source text not null)`,
  // A state of a part: what it was refreshed for, and from what.
  `create table price_part_state (
    part_key integer not null references price_part (key),
    version integer not null references price_version (version),
    as_of timestamptz not null,
    source_version text not null,
    publications jsonb not null,
    row_count integer not null,
    primary key (part_key, version))`,
  `create table price_row (
    key bigint generated always as identity primary key,
    part_key integer not null references price_part (key),
    from_version integer not null references price_version (version),
    to_version integer references price_version (version),
    digest bytea not null,
    provider text not null,
    region text not null,
    zone text,
    resource text not null,
    name text not null,
    os text,
    tenancy text,
    purchase_model text not null,
    unit text not null,
    currency text not null,
    price numeric not null check (price > 0),
    tiers jsonb,
    effective_from timestamptz,
    effective_to timestamptz,
    source text not null,
    source_version text not null,
    sku text not null,
    family text not null,
    conflict text)`,
  `create unique index price_row_in_force on price_row (part_key, digest) where to_version is null`,
  `create index price_row_name on price_row (provider, region, resource, lower(name))`,
  // Machine shapes and custom sheets: whole documents, never searched by their fields.
  `create table price_document (
    key bigint generated always as identity primary key,
    part_key integer not null references price_part (key),
    from_version integer not null references price_version (version),
    to_version integer references price_version (version),
    digest bytea not null,
    content jsonb not null)`,
  `create unique index price_document_in_force on price_document (part_key, digest) where to_version is null`,
  `create table price_quarantine (
    source text not null,
    region text not null,
    family text not null,
    purchase_model text not null,
    since timestamptz not null,
    reasons jsonb not null,
    primary key (source, region, family, purchase_model))`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
