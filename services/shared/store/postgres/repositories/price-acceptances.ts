import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../schema.js';

/** A suspicious part of a refresh that a person let through. */
export interface PriceAcceptanceRecord {
  /** Version of the catalogue that it went live with. */
  readonly version: number;
  readonly source: string;
  readonly region: string;
  readonly family: string;
  readonly purchaseModel: string;
  /** What the gate had against it. */
  readonly reasons: readonly string[];
  /** Name of the person, as the command was told it. */
  readonly acceptedBy: string;
  /** RFC 3339. */
  readonly acceptedAt: string;
}

/** Notes what was let through with a version; the version MUST be of the same transaction. */
export async function addPriceAcceptances(
  trx: Transaction<Database>,
  acceptances: readonly PriceAcceptanceRecord[],
): Promise<void> {
  for (const one of acceptances) {
    await sql`
      insert into price_acceptance (version, source, region, family, purchase_model, reasons, accepted_by, accepted_at)
      values (${one.version}, ${one.source}, ${one.region}, ${one.family}, ${one.purchaseModel},
        ${JSON.stringify(one.reasons)}::jsonb, ${one.acceptedBy}, ${one.acceptedAt}::timestamptz)`.execute(
      trx,
    );
  }
}

/** What was let through, the newest first, at most `limit`. */
export async function listPriceAcceptances(
  db: Kysely<Database>,
  limit: number,
): Promise<readonly PriceAcceptanceRecord[]> {
  const { rows } = await sql<PriceAcceptanceRecord>`
    select version, source, region, family, purchase_model as "purchaseModel", reasons, accepted_by as "acceptedBy",
      to_char(accepted_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "acceptedAt"
    from price_acceptance order by version desc, source, region, family, purchase_model limit ${limit}`.execute(
    db,
  );
  return rows;
}
