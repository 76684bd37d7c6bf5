import type { Conversion } from '@kubehero/domain';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

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

/**
 * Activations, by node and time.
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
  return rows.map((row) => ({
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
  }));
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
