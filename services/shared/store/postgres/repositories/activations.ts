import type { Conversion } from '@kubehero/domain';
import { sql, type Kysely, type Selectable } from 'kysely';
import type { Database } from '../schema.js';

const RECORDS_PER_STATEMENT = 500;

/** A price of a node from a second on; append-only. Integers; money in picounits. */
export interface ActivationRecord {
  readonly nodeKey: number;
  /** First second at this price. */
  readonly effectiveFrom: number;
  /** Effective price per hour; null: unpriced. */
  readonly picounitsPerHour: bigint | null;
  /** Price per hour before discounts; null: unpriced. */
  readonly listPicounitsPerHour: bigint | null;
  /** Reporting currency of the hub. */
  readonly currency: string;
  /** Absent: the price was in the reporting currency. */
  readonly conversion?: Conversion | undefined;
  /** Unit prices that split the node's price over its resources; only their ratio counts. */
  readonly weights: {
    readonly perCoreHour: number;
    readonly perGibHour: number;
    readonly perGpuHour: number;
  };
  /** Picounits per GiB. */
  readonly networkRates: {
    readonly crossZoneSent: number;
    readonly crossZoneReceived: number;
    readonly internetSent: number;
  };
  readonly source: string;
  /** As the source states it; empty where it has none. */
  readonly sourceVersion: string;
  /** Version of the catalogue that was asked; null: none was. */
  readonly catalogueVersion: number | null;
  readonly sku: string;
  /** What was tried, in order, and why this one was taken. */
  readonly explanation: readonly string[];
}

/** An activation with its key, which cost rows carry. */
export interface ActivationRow extends ActivationRecord {
  readonly key: number;
}

/** A price that a reprice set for stored seconds: it holds over what was pinned for them, and over earlier reprices. */
export interface RepricedActivationRow extends ActivationRow {
  /** Second after the last one at this price. */
  readonly effectiveTo: number;
  /** The reprice, which is also the generation of the rows that it writes. */
  readonly repriceKey: number;
}

/**
 * Activations that were pinned, by node and time.
 *
 * @param nodeKey - of one node; of all where undefined
 */
export async function listActivations(
  db: Kysely<Database>,
  nodeKey?: number,
): Promise<readonly ActivationRow[]> {
  const rows = await db
    .selectFrom('price_activation')
    .selectAll()
    .$if(nodeKey !== undefined, (query) => query.where('node_key', '=', nodeKey ?? 0))
    .orderBy('node_key')
    .orderBy('effective_from')
    .execute();
  return rows.map(toActivation);
}

/**
 * Activations of reprices, by reprice, node and time.
 *
 * @param asked - of one node or reprice; what ended by `endedBy` is left out
 */
export async function listRepricedActivations(
  db: Kysely<Database>,
  asked: { readonly nodeKey?: number; readonly repriceKey?: number; readonly endedBy?: number } = {},
): Promise<readonly RepricedActivationRow[]> {
  const { nodeKey, repriceKey, endedBy = 0 } = asked;
  const rows = await db
    .selectFrom('reprice_activation')
    .selectAll()
    .where('effective_to', '>', endedBy)
    .$if(nodeKey !== undefined, (query) => query.where('node_key', '=', nodeKey ?? 0))
    .$if(repriceKey !== undefined, (query) => query.where('reprice_key', '=', repriceKey ?? 0))
    .orderBy('reprice_key')
    .orderBy('node_key')
    .orderBy('effective_from')
    .execute();
  return rows.map((row) => ({
    ...toActivation(row),
    effectiveTo: row.effective_to,
    repriceKey: row.reprice_key,
  }));
}

type StoredActivation = Selectable<Omit<Database['price_activation'], 'asset_key'>>;

function toActivation(row: StoredActivation): ActivationRow {
  return {
    key: row.key,
    nodeKey: row.node_key,
    effectiveFrom: row.effective_from,
    picounitsPerHour: row.picounits_per_hour === null ? null : BigInt(row.picounits_per_hour),
    listPicounitsPerHour: row.list_picounits_per_hour === null ? null : BigInt(row.list_picounits_per_hour),
    currency: row.currency,
    ...(row.conversion === null ? {} : { conversion: row.conversion as Conversion }),
    weights: row.weights as ActivationRecord['weights'],
    networkRates: row.network_rates as ActivationRecord['networkRates'],
    source: row.source,
    sourceVersion: row.source_version,
    catalogueVersion: row.catalogue_version,
    sku: row.sku,
    explanation: row.explanation,
  };
}

/**
 * Pins a price. The first activation of a (node, second) wins for ever: a repeat returns the one that is there.
 *
 * @param db - a transaction of the leader
 * @param node - the node as an asset
 * @param epoch - the leader's term
 */
export async function pinActivation(
  db: Kysely<Database>,
  record: ActivationRecord,
  node: {
    readonly clusterKey: number;
    readonly uid: string;
    readonly providerId: string;
    readonly capacity: unknown;
  },
  epoch: number,
): Promise<ActivationRow> {
  const asset = await sql<{ key: number }>`
    insert into asset (cluster_key, kind, uid, provider_id, node_key, valid_from, resources)
    values (${node.clusterKey}, 'node', ${node.uid}, ${node.providerId}, ${record.nodeKey}, 0, ${JSON.stringify(node.capacity)})
    on conflict (cluster_key, kind, uid, valid_from) do update set resources = excluded.resources
    returning key`.execute(db);
  const { rows } = await sql<{ key: number }>`
    with pinned as (
      insert into price_activation (asset_key, node_key, effective_from, picounits_per_hour, list_picounits_per_hour, currency,
        conversion, weights, network_rates, source, source_version, catalogue_version, sku, explanation, epoch)
      values (${asset.rows[0]?.key ?? 0}, ${record.nodeKey}, ${record.effectiveFrom}, ${record.picounitsPerHour?.toString() ?? null},
        ${record.listPicounitsPerHour?.toString() ?? null}, ${record.currency},
        ${record.conversion === undefined ? null : JSON.stringify(record.conversion)}::jsonb, ${JSON.stringify(record.weights)}, ${JSON.stringify(record.networkRates)},
        ${record.source}, ${record.sourceVersion}, ${record.catalogueVersion}, ${record.sku}, ${JSON.stringify(record.explanation)}, ${epoch})
      on conflict (node_key, effective_from) do nothing
      returning key)
    select key from pinned
    union all
    select key from price_activation where node_key = ${record.nodeKey} and effective_from = ${record.effectiveFrom}
    limit 1`.execute(db);
  return { ...record, key: rows[0]?.key ?? 0 };
}

/**
 * Stores the prices that a reprice set; a repeat changes nothing.
 *
 * @param db - a transaction of the leader
 */
export async function addRepricedActivations(
  db: Kysely<Database>,
  records: readonly Omit<RepricedActivationRow, 'key'>[],
  epoch: number,
): Promise<void> {
  for (let at = 0; at < records.length; at += RECORDS_PER_STATEMENT) {
    const payload = JSON.stringify(records.slice(at, at + RECORDS_PER_STATEMENT), (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    await sql`
      insert into reprice_activation (reprice_key, node_key, effective_from, effective_to, picounits_per_hour,
        list_picounits_per_hour, currency, conversion, weights, network_rates, source, source_version, catalogue_version, sku,
        explanation, epoch)
      select r."repriceKey", r."nodeKey", r."effectiveFrom", r."effectiveTo", r."picounitsPerHour", r."listPicounitsPerHour",
        r.currency, r.conversion, r.weights, r."networkRates", r.source, r."sourceVersion", r."catalogueVersion", r.sku,
        r.explanation, ${epoch}
      from jsonb_to_recordset(${payload}::jsonb) as r("repriceKey" int, "nodeKey" int, "effectiveFrom" bigint,
        "effectiveTo" bigint, "picounitsPerHour" numeric, "listPicounitsPerHour" numeric, currency text, conversion jsonb,
        weights jsonb, "networkRates" jsonb, source text, "sourceVersion" text, "catalogueVersion" int, sku text,
        explanation jsonb)
      on conflict (reprice_key, node_key, effective_from) do nothing`.execute(db);
  }
}
