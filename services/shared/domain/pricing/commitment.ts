import { selectRow, type Catalogue } from './catalogue.js';
import { commitmentName, ratesInForce } from './commitment-rate.js';
import { compare, formatDecimal, toDecimal } from './decimal.js';
import { composeGcpPrice } from './gcp-compose.js';
import type { CommitmentRate, PriceRow, PurchaseModel } from './price-row.js';
import type { MachineQuery } from './query.js';

/** A list rate for a machine that somebody commits to; what is really paid only the account's bill knows. */
export interface ListedCommitment {
  /** `<model>/<term>[/<payment>][/<offering>]`, such as `savings-plan/1yr/no-upfront/compute`. */
  readonly name: string;
  /** Decimal text per hour, upfront payment included. */
  readonly price: string;
  /** Decimal text, where a part is paid in advance. */
  readonly upfront?: string;
  readonly currency: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly sku: string;
}

const MODELS: readonly PurchaseModel[] = ['reserved', 'savings-plan'];

function listed(row: PriceRow, rate: CommitmentRate): ListedCommitment {
  return {
    name: `${row.purchaseModel}/${commitmentName(rate)}`,
    price: rate.price,
    ...(rate.upfront === undefined ? {} : { upfront: rate.upfront }),
    currency: row.currency,
    source: row.source,
    sourceVersion: row.sourceVersion,
    sku: row.sku,
  };
}

function exact(catalogue: Catalogue, query: MachineQuery, atMs: number | undefined): ListedCommitment[] {
  const rows = catalogue.rows(query.provider, query.region, 'instance', query.instanceType);
  return MODELS.flatMap((purchaseModel) => {
    const tenancy = query.tenancy === undefined ? {} : { tenancy: query.tenancy };
    const selection = selectRow(rows, { os: query.os, purchaseModel, ...tenancy }, atMs);
    if (selection.outcome !== 'row') return [];
    const { row } = selection;
    return ratesInForce(row, atMs ?? catalogue.asOfMs).map((rate) => listed(row, rate));
  });
}

const GOOGLE_TERMS = ['1yr', '3yr'];

/** Google's commitments are for cores, memory, GPUs and local disks, not for machines. */
function composed(catalogue: Catalogue, query: MachineQuery, atMs: number | undefined): ListedCommitment[] {
  return GOOGLE_TERMS.flatMap((term) => {
    const options = { atMs, preferGiven: true, commitment: term };
    const found = composeGcpPrice(catalogue, query, options);
    if ('reason' in found) return [];
    const { currency, source, sourceVersion, sku } = found;
    return [
      {
        name: `reserved/${term}`,
        price: formatDecimal(found.pricePerHour),
        currency,
        source,
        sourceVersion,
        sku,
      },
    ];
  });
}

/**
 * The list rates of commitments that would cover an on-demand machine, the cheapest first. They price nothing by
 * themselves: only a custom discount that names one makes it the price of a node.
 *
 * @param query - with the region that the machine is priced in
 */
export function listCommitments(
  catalogue: Catalogue,
  query: MachineQuery,
  atMs: number | undefined,
): readonly ListedCommitment[] {
  if (query.purchaseModel !== 'on-demand') return [];
  const found = exact(catalogue, query, atMs);
  if (query.provider === 'gcp' && found.length === 0) found.push(...composed(catalogue, query, atMs));
  return found.sort((a, b) => compare(toDecimal(a.price), toDecimal(b.price)) || (a.name < b.name ? -1 : 1));
}
