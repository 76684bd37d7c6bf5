import {
  effectiveCommitmentPrice,
  formatDecimal,
  isPositiveDecimal,
  toDecimal,
  tryParseDecimal,
  type CommitmentRate,
  type PriceRow,
} from '@kubehero/domain';
import { asRecord, asText } from '../../stream/exact-json.js';
import type { RowCollector } from '../collector.js';
import type { AwsCandidate } from './product.js';
import type { AwsFileFacts } from './terms.js';
import { entryOf } from '../table.js';

const PAYMENTS: Readonly<Record<string, string>> = {
  'No Upfront': 'no-upfront',
  'Partial Upfront': 'partial-upfront',
  'All Upfront': 'all-upfront',
};
const TERMS: Readonly<Record<string, { readonly term: string; readonly years: number }>> = {
  '1yr': { term: '1yr', years: 1 },
  '3yr': { term: '3yr', years: 3 },
};

// One text for all rates that share it: a region has a hundred thousand of them.
const OFFERINGS = ['standard', 'convertible'];

interface Paid {
  upfront: string;
  hourly: string;
  currency: string;
}

/** What is paid once and what by the hour; undefined where a dimension has another unit, currency or no amount. */
function paidOf(dimensions: unknown, unitPattern: RegExp): Paid | undefined {
  const paid: Paid = { upfront: '0', hourly: '0', currency: '' };
  for (const value of Object.values(asRecord(dimensions))) {
    const record = asRecord(value);
    const prices = Object.entries(asRecord(record['pricePerUnit']));
    const [currency, amount] = prices.find(([code]) => code === 'USD') ?? prices[0] ?? ['', ''];
    const price = tryParseDecimal(asText(amount));
    const unit = asText(record['unit']);
    if (price === undefined || price.digits < 0n || !/^[A-Z]{3}$/.test(currency)) return undefined;
    if (paid.currency !== '' && paid.currency !== currency) return undefined;
    paid.currency = currency;
    if (/^quantity$/i.test(unit)) paid.upfront = formatDecimal(price);
    else if (unitPattern.test(unit)) paid.hourly = formatDecimal(price);
    else return undefined;
  }
  return paid;
}

function rateOf(
  term: unknown,
  unitPattern: RegExp,
): { readonly rate: CommitmentRate; readonly currency: string } | undefined {
  const record = asRecord(term);
  const attributes = asRecord(record['termAttributes']);
  const length = entryOf(TERMS, asText(attributes['LeaseContractLength']).toLowerCase().replace(/\s/g, ''));
  const payment = entryOf(PAYMENTS, asText(attributes['PurchaseOption']));
  const paid = paidOf(record['priceDimensions'], unitPattern);
  if (length === undefined || payment === undefined || paid === undefined) return undefined;
  const price = effectiveCommitmentPrice({ ...paid, years: length.years });
  if (!isPositiveDecimal(toDecimal(price))) return undefined;
  const offering = OFFERINGS.find((one) => one === asText(attributes['OfferingClass']).toLowerCase());
  const since = asText(record['effectiveDate']);
  const rate: CommitmentRate = {
    term: length.term,
    payment,
    ...(offering === undefined ? {} : { offering }),
    price,
    ...(paid.upfront === '0' ? {} : { upfront: paid.upfront }),
    ...(Number.isNaN(Date.parse(since)) ? {} : { effectiveFrom: new Date(since).toISOString() }),
  };
  return { rate, currency: paid.currency };
}

/** The row that gathers the commitments of a product. */
export function commitmentRow(
  candidate: Pick<AwsCandidate, 'region' | 'name' | 'os' | 'tenancy' | 'family' | 'sku'>,
  facts: Pick<PriceRow, 'purchaseModel' | 'currency' | 'source' | 'sourceVersion'>,
): PriceRow {
  return {
    kind: 'price',
    provider: 'aws',
    region: candidate.region,
    resource: 'instance',
    name: candidate.name,
    ...(candidate.os === undefined ? {} : { os: candidate.os }),
    ...(candidate.tenancy === undefined ? {} : { tenancy: candidate.tenancy }),
    unit: 'hour',
    price: '0',
    ...facts,
    sku: candidate.sku,
    family: candidate.family,
  };
}

/**
 * Adds the reserved terms of one machine: `{<sku>.<term>: {termAttributes, priceDimensions}}`. An upfront fee (unit
 * Quantity) is spread over the hours of the term, so that all ways to pay compare with the on-demand price.
 */
export function addReservedTerms(
  terms: unknown,
  candidate: AwsCandidate,
  facts: AwsFileFacts,
  rows: RowCollector,
): void {
  if (candidate.resource !== 'instance') return;
  for (const term of Object.values(asRecord(terms))) {
    const found = rateOf(term, candidate.unitPattern);
    if (found === undefined) {
      rows.skip('reserved term without term, payment or price');
      continue;
    }
    const row = commitmentRow(candidate, {
      purchaseModel: 'reserved',
      currency: found.currency,
      source: facts.source,
      sourceVersion: facts.version,
    });
    rows.commitment(row, found.rate, facts.place);
  }
}
