import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../schema.js';

/** A price as it is stored; money is decimal text, instants are RFC 3339. */
export interface PriceRowRecord {
  readonly digest: string;
  readonly provider: string;
  readonly region: string;
  readonly zone: string | null;
  readonly resource: string;
  readonly name: string;
  readonly os: string | null;
  readonly tenancy: string | null;
  readonly purchase_model: string;
  readonly unit: string;
  readonly currency: string;
  readonly price: string;
  readonly tiers: unknown;
  readonly commitments: unknown;
  readonly effective_from: string | null;
  readonly effective_to: string | null;
  readonly source: string;
  readonly source_version: string;
  readonly sku: string;
  readonly family: string;
  readonly conflict: string | null;
}

/** A machine shape or custom sheet as it is stored. */
export interface PriceDocumentRecord {
  readonly digest: string;
  readonly content: unknown;
}

/** A state of a part. */
export interface PricePartRecord {
  readonly name: string;
  readonly source: string;
  readonly asOf: string;
  readonly sourceVersion: string;
  readonly publications: Readonly<Record<string, string>>;
}

/** A part with all that it holds. */
export interface StoredPricePart extends PricePartRecord {
  readonly version: number;
  readonly rows: readonly PriceRowRecord[];
  readonly documents: readonly PriceDocumentRecord[];
}

/** Something that the gate holds back. */
export interface PriceQuarantineRecord {
  readonly source: string;
  readonly region: string;
  readonly family: string;
  readonly purchaseModel: string;
  readonly since: string;
  readonly reasons: readonly string[];
}

const LOCK = 4_207_170_901;

/**
 * Runs `work` on one connection as the only writer of prices; the lock ends with the connection, so a killed run
 * leaves none. @returns undefined when another writer holds it
 */
export async function asOnlyPriceWriter<T>(
  db: Kysely<Database>,
  work: (db: Kysely<Database>) => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  return db.connection().execute(async (connection) => {
    const taken = await sql<{ taken: boolean }>`select pg_try_advisory_lock(${LOCK}) as taken`.execute(
      connection,
    );
    if (taken.rows[0]?.taken !== true) return undefined;
    try {
      return { value: await work(connection) };
    } finally {
      await sql`select pg_advisory_unlock(${LOCK})`.execute(connection);
    }
  });
}

/** Starts a new version inside a transaction. */
export async function addPriceVersion(trx: Transaction<Database>, createdAt: string): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    insert into price_version (version, created_at)
    select coalesce(max(version), 0) + 1, ${createdAt}::timestamptz from price_version
    returning version`.execute(trx);
  const version = rows[0]?.version;
  if (version === undefined) throw new Error('no price version was added');
  return version;
}

const BATCH = 5_000;

/**
 * Makes a part hold exactly these rows and documents from `version` on. Rows that it holds already stay as they are,
 * told by their digest; what it no longer holds ends before `version`.
 */
export async function putPricePart(
  trx: Transaction<Database>,
  version: number,
  part: PricePartRecord,
  content: { readonly rows: readonly PriceRowRecord[]; readonly documents: readonly PriceDocumentRecord[] },
): Promise<void> {
  const key = await partKey(trx, part);
  await endOthers(trx, 'price_row', { key, version, digests: content.rows.map(({ digest }) => digest) });
  await endOthers(trx, 'price_document', {
    key,
    version,
    digests: content.documents.map(({ digest }) => digest),
  });
  for (let at = 0; at < content.rows.length; at += BATCH) {
    await insertRows(trx, { key, version }, content.rows.slice(at, at + BATCH));
  }
  await sql`
    insert into price_document (part_key, from_version, digest, content)
    select ${key}, ${version}, decode(d->>'digest', 'hex'), d->'content'
    from jsonb_array_elements(${JSON.stringify(content.documents)}::jsonb) d
    on conflict (part_key, digest) where to_version is null do nothing`.execute(trx);
  await sql`
    insert into price_part_state (part_key, version, as_of, source_version, publications, row_count)
    values (${key}, ${version}, ${part.asOf}::timestamptz, ${part.sourceVersion}, ${JSON.stringify(part.publications)}::jsonb,
      ${content.rows.length + content.documents.length})`.execute(trx);
}

async function partKey(trx: Transaction<Database>, part: PricePartRecord): Promise<number> {
  const { rows } = await sql<{ key: number }>`
    insert into price_part (name, source) values (${part.name}, ${part.source})
    on conflict (name) do update set source = excluded.source returning key`.execute(trx);
  const key = rows[0]?.key;
  if (key === undefined) throw new Error(`no key for price part ${part.name}`);
  return key;
}

async function endOthers(
  trx: Transaction<Database>,
  table: 'price_row' | 'price_document',
  keep: { readonly key: number; readonly version: number; readonly digests: readonly string[] },
): Promise<void> {
  await sql`
    update ${sql.table(table)} set to_version = ${keep.version}
    where part_key = ${keep.key} and to_version is null and not (encode(digest, 'hex') = any(
      select jsonb_array_elements_text(${JSON.stringify(keep.digests)}::jsonb)))`.execute(trx);
}

async function insertRows(
  trx: Transaction<Database>,
  at: { readonly key: number; readonly version: number },
  rows: readonly PriceRowRecord[],
): Promise<void> {
  await sql`
    insert into price_row (part_key, from_version, digest, provider, region, zone, resource, name, os, tenancy,
      purchase_model, unit, currency, price, tiers, commitments, effective_from, effective_to, source, source_version,
      sku, family, conflict)
    select ${at.key}, ${at.version}, decode(r.digest, 'hex'), r.provider, r.region, r.zone, r.resource, r.name, r.os, r.tenancy,
      r.purchase_model, r.unit, r.currency, r.price, r.tiers, r.commitments, r.effective_from, r.effective_to, r.source,
      r.source_version, r.sku, r.family, r.conflict
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(digest text, provider text, region text, zone text,
      resource text, name text, os text, tenancy text, purchase_model text, unit text, currency text, price numeric,
      tiers jsonb, commitments jsonb, effective_from timestamptz, effective_to timestamptz, source text, source_version text, sku text,
      family text, conflict text)
    on conflict (part_key, digest) where to_version is null do nothing`.execute(trx);
}

/** What a refresh looked at: a region of a source, or with `null` all of it. */
export interface PriceScope {
  readonly source: string;
  readonly region: string | null;
}

/** Replaces what is held back within these scopes. */
export async function putPriceQuarantine(
  trx: Transaction<Database>,
  scopes: readonly PriceScope[],
  entries: readonly PriceQuarantineRecord[],
): Promise<void> {
  await sql`
    delete from price_quarantine q
    using jsonb_to_recordset(${JSON.stringify(scopes)}::jsonb) as s(source text, region text)
    where q.source = s.source and (s.region is null or q.region = s.region)`.execute(trx);
  for (const entry of entries) {
    await sql`
      insert into price_quarantine (source, region, family, purchase_model, since, reasons)
      values (${entry.source}, ${entry.region}, ${entry.family}, ${entry.purchaseModel}, ${entry.since}::timestamptz,
        ${JSON.stringify(entry.reasons)}::jsonb)
      on conflict do nothing`.execute(trx);
  }
}

/** What is held back now. */
export async function listPriceQuarantine(db: Kysely<Database>): Promise<readonly PriceQuarantineRecord[]> {
  const { rows } = await sql<PriceQuarantineRecord>`
    select source, region, family, purchase_model as "purchaseModel",
      to_char(since at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since, reasons
    from price_quarantine order by source, region, family`.execute(db);
  return rows;
}

/** The newest version of the catalogue; 0 when there is none. */
export async function currentPriceVersion(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{
    version: number;
  }>`select coalesce(max(version), 0) as version from price_version`.execute(db);
  return rows[0]?.version ?? 0;
}

interface StateRow {
  readonly key: number;
  readonly name: string;
  readonly source: string;
  readonly as_of: string;
  readonly source_version: string;
  readonly publications: Record<string, string>;
  readonly version: number;
}

const INSTANT = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);

/** Columns of `price_row r` that make a {@link PriceRowRecord}. */
export const PRICE_ROW_COLUMNS = sql`encode(r.digest, 'hex') as digest, r.provider, r.region, r.zone, r.resource, r.name,
      r.os, r.tenancy, r.purchase_model, r.unit, r.currency, trim_scale(r.price)::text as price, r.tiers,
      r.commitments,
      to_char(r.effective_from at time zone 'utc', ${INSTANT}) as effective_from,
      to_char(r.effective_to at time zone 'utc', ${INSTANT}) as effective_to,
      r.source, r.source_version, r.sku, r.family, r.conflict`;

/**
 * States of parts: the newest of each, or with `atMs` the newest that was refreshed for no later than that (else the
 * oldest). `name` limits it to one part.
 */
async function listStates(
  db: Kysely<Database>,
  wanted: { readonly name?: string | undefined; readonly atMs?: number | undefined },
): Promise<readonly StateRow[]> {
  const at = wanted.atMs === undefined ? null : new Date(wanted.atMs).toISOString();
  const { rows } = await sql<StateRow>`
    select distinct on (p.key) p.key, p.name, p.source, s.source_version, s.publications, s.version,
      to_char(s.as_of at time zone 'utc', ${INSTANT}) as as_of
    from price_part p join price_part_state s on s.part_key = p.key
    where ${wanted.name ?? null}::text is null or p.name = ${wanted.name ?? null}::text
    order by p.key,
      (${at}::timestamptz is null or s.as_of <= ${at}::timestamptz) desc,
      case when ${at}::timestamptz is null or s.as_of <= ${at}::timestamptz then s.version else -s.version end desc`.execute(
    db,
  );
  return rows;
}

async function readState(db: Kysely<Database>, state: StateRow): Promise<StoredPricePart> {
  const rows = await sql<PriceRowRecord>`
    select ${PRICE_ROW_COLUMNS}
    from price_row r
    where part_key = ${state.key} and from_version <= ${state.version}
      and (to_version is null or to_version > ${state.version})`.execute(db);
  const documents = await sql<PriceDocumentRecord>`
    select encode(digest, 'hex') as digest, content from price_document
    where part_key = ${state.key} and from_version <= ${state.version}
      and (to_version is null or to_version > ${state.version})`.execute(db);
  const { name, source, version } = state;
  const facts = { name, source, version, asOf: state.as_of, sourceVersion: state.source_version };
  return { ...facts, publications: state.publications, rows: rows.rows, documents: documents.rows };
}

/** The newest state of one part. */
export async function tryFindPricePart(
  db: Kysely<Database>,
  name: string,
): Promise<StoredPricePart | undefined> {
  const [state] = await listStates(db, { name });
  return state === undefined ? undefined : readState(db, state);
}

/** Every part, as it stood at `atMs` (the newest states when undefined). */
export async function listPriceParts(
  db: Kysely<Database>,
  atMs?: number,
): Promise<readonly StoredPricePart[]> {
  const parts: StoredPricePart[] = [];
  for (const state of await listStates(db, { atMs })) parts.push(await readState(db, state));
  return parts;
}

const PROVIDER_SCHEMES: Readonly<Record<string, string>> = { aws: 'aws', azure: 'azure', gcp: 'gce' };

/** Regions that nodes of a cloud are in, as their labels say; nodes that are gone do not count. */
export async function listNodeRegions(
  db: Kysely<Database>,
  provider: 'aws' | 'azure' | 'gcp',
): Promise<readonly string[]> {
  const scheme = `${PROVIDER_SCHEMES[provider] ?? provider}://%`;
  const { rows } = await sql<{ region: string }>`
    select distinct lower(spec->'labels'->>'topology.kubernetes.io/region') as region from node
    where gone_at is null and provider_id like ${scheme} and spec->'labels'->>'topology.kubernetes.io/region' <> ''
    order by 1`.execute(db);
  return rows.map(({ region }) => region);
}
