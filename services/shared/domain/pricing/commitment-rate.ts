import { add, divide, formatDecimal, roundPrice, toDecimal } from './decimal.js';
import type { CommitmentRate, PriceRow } from './price-row.js';

const HOURS_PER_YEAR = 8760;

/** Names a way to commit within one purchase model: `1yr/no-upfront/standard`. */
export function commitmentName(rate: Pick<CommitmentRate, 'term' | 'payment' | 'offering'>): string {
  return [rate.term, rate.payment, rate.offering].filter((part) => part !== undefined).join('/');
}

/**
 * Price per hour of a commitment: the upfront payment over all hours of the term (8760 a year) and the hourly part,
 * rounded to 12 digits after the point.
 */
export function effectiveCommitmentPrice(paid: {
  readonly upfront: string;
  readonly hourly: string;
  readonly years: number;
}): string {
  const hours = toDecimal(String(HOURS_PER_YEAR * paid.years));
  return formatDecimal(roundPrice(add(divide(toDecimal(paid.upfront), hours, 18), toDecimal(paid.hourly))));
}

function inForce(rate: CommitmentRate, atMs: number): boolean {
  if (rate.effectiveFrom !== undefined && Date.parse(rate.effectiveFrom) > atMs) return false;
  return rate.effectiveTo === undefined || atMs <= Date.parse(rate.effectiveTo);
}

/** The ways to commit that a row lists at an instant: of several prices of one way the newest start counts. */
export function ratesInForce(row: PriceRow, atMs: number): readonly CommitmentRate[] {
  const byName = new Map<string, CommitmentRate>();
  for (const rate of row.commitments ?? []) {
    if (!inForce(rate, atMs)) continue;
    const name = commitmentName(rate);
    const known = byName.get(name);
    if (known === undefined || (known.effectiveFrom ?? '') <= (rate.effectiveFrom ?? ''))
      byName.set(name, rate);
  }
  return [...byName.values()];
}
