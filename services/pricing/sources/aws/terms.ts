import {
  formatDecimal,
  isPositiveDecimal,
  tryParseDecimal,
  type PriceRow,
  type PriceTier,
} from '@kubehero/domain';
import { asRecord, asText } from '../../stream/exact-json.js';
import type { RowCollector } from '../collector.js';
import { perMebibyte, type AwsCandidate } from './product.js';

/** What all rows of one file share. */
export interface AwsFileFacts {
  readonly source: PriceRow['source'];
  readonly version: string;
  readonly place: string;
}

interface Dimension {
  readonly from: string;
  readonly price: string;
  readonly currency: string;
  readonly unit: string;
}

function readDimension(value: unknown, candidate: AwsCandidate, rows: RowCollector): Dimension | undefined {
  const record = asRecord(value);
  const unit = asText(record['unit']);
  if (!candidate.unitPattern.test(unit)) {
    rows.skip(`other unit '${unit.slice(0, 24)}'`);
    return undefined;
  }
  const prices = Object.entries(asRecord(record['pricePerUnit']));
  const [currency, amount] = prices.find(([code]) => code === 'USD') ?? prices[0] ?? ['', ''];
  const price = tryParseDecimal(asText(amount));
  if (price === undefined || price.digits < 0n || !/^[A-Z]{3}$/.test(currency)) {
    rows.skip('price is no amount of money');
    return undefined;
  }
  const text = formatDecimal(price);
  const perMib = candidate.unit === 'MiBps-month' && /^g/i.test(unit);
  const from = asText(record['beginRange']);
  return { from: from === '' ? '0' : from, price: perMib ? perMebibyte(text) : text, currency, unit };
}

function readTerm(
  term: unknown,
  candidate: AwsCandidate,
  rows: RowCollector,
): { tiers: Dimension[]; since: string } {
  const record = asRecord(term);
  const tiers: Dimension[] = [];
  for (const value of Object.values(asRecord(record['priceDimensions']))) {
    const dimension = readDimension(value, candidate, rows);
    if (dimension !== undefined) tiers.push(dimension);
  }
  tiers.sort((a, b) => Number(a.from) - Number(b.from));
  return { tiers, since: asText(record['effectiveDate']) };
}

function paidTiers(tiers: readonly Dimension[]): { first: Dimension; all: PriceTier[] } | undefined {
  const first = tiers.find(({ price }) =>
    isPositiveDecimal(tryParseDecimal(price) ?? { digits: 0n, scale: 0 }),
  );
  if (first === undefined) return undefined;
  return { first, all: tiers.length < 2 ? [] : tiers.map(({ from, price }) => ({ from, price })) };
}

function isInstant(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/**
 * Adds the on-demand prices of one product: `{<sku>.<term>: {effectiveDate, priceDimensions}}`. Term and rate codes
 * differ between partitions, so dimensions are told by unit and currency. A price of zero is never a price here:
 * capacity blocks, reservations and free tiers show as zero.
 */
export function addOnDemandTerms(
  terms: unknown,
  candidate: AwsCandidate,
  facts: AwsFileFacts,
  rows: RowCollector,
): void {
  for (const term of Object.values(asRecord(terms))) {
    const { tiers, since } = readTerm(term, candidate, rows);
    const paid = paidTiers(tiers);
    if (paid === undefined) {
      rows.skip(tiers.length === 0 ? 'no price in the right unit' : 'price is zero');
      continue;
    }
    const row: PriceRow = {
      kind: 'price',
      provider: 'aws',
      region: candidate.region,
      resource: candidate.resource,
      name: candidate.name,
      ...(candidate.os === undefined ? {} : { os: candidate.os }),
      ...(candidate.tenancy === undefined ? {} : { tenancy: candidate.tenancy }),
      purchaseModel: 'on-demand',
      unit: candidate.unit,
      currency: paid.first.currency,
      price: paid.first.price,
      ...(paid.all.length === 0 ? {} : { tiers: paid.all }),
      ...(isInstant(since) ? { effectiveFrom: since } : {}),
      source: facts.source,
      sourceVersion: facts.version,
      sku: candidate.sku,
      family: candidate.family,
    };
    rows.row(row, facts.place);
  }
}
