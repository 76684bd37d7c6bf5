import { divide, formatDecimal, multiply, roundPrice, toDecimal, type Decimal } from './decimal.js';
import type { PriceRow } from './price-row.js';

/**
 * A private rate, a percentage off a list price, or a commitment whose list rate is paid, with validity. Exactly one
 * of `percent`, `rate` and `commitment` is set.
 */
export interface Discount {
  readonly provider: string;
  /** Absent fields match anything. */
  readonly region?: string;
  readonly sku?: string;
  readonly family?: string;
  readonly name?: string;
  readonly purchaseModel?: string;
  /** Decimal text, 0 to 100: taken off the list price. */
  readonly percent?: string;
  /** Decimal text: the price per unit instead of the list price, in the list price's currency. */
  readonly rate?: string;
  /** Name of a commitment (`savings-plan/1yr/no-upfront/compute`) that on-demand machines are covered by. */
  readonly commitment?: string;
  readonly validFrom?: string;
  readonly validTo?: string;
  /** Why, for the explanation. */
  readonly reason: string;
}

/** What a discount is matched against. */
export type DiscountSubject = Pick<
  PriceRow,
  'provider' | 'region' | 'sku' | 'family' | 'name' | 'purchaseModel'
>;

function fits(wanted: string | undefined, actual: string): boolean {
  return wanted === undefined || wanted.toLowerCase() === actual.toLowerCase();
}

/** True when the discount speaks of this price. A SKU matches whole; other texts match without regard to case. */
export function discountApplies(discount: Discount, subject: DiscountSubject): boolean {
  return (
    fits(discount.provider, subject.provider) &&
    fits(discount.region, subject.region) &&
    fits(discount.sku, subject.sku) &&
    fits(discount.family, subject.family) &&
    fits(discount.name, subject.name) &&
    fits(discount.purchaseModel, subject.purchaseModel)
  );
}

/** How narrowly a discount speaks: the narrowest one that applies is taken, never two at once. */
export function discountRank(discount: Discount): number {
  const named = [discount.sku, discount.name, discount.family, discount.region, discount.purchaseModel];
  return named.reduce((rank, text, index) => rank + (text === undefined ? 0 : 1 << (5 - index)), 0);
}

/** The price after the discount, rounded to 12 digits, and words for the explanation. */
export function applyDiscount(discount: Discount, list: Decimal): { price: Decimal; words: string } {
  if (discount.rate !== undefined) {
    return { price: toDecimal(discount.rate), words: `private rate ${discount.rate} (${discount.reason})` };
  }
  const percent = discount.percent ?? '0';
  const kept = divide(toDecimal(formatDecimal(subtractFromHundred(percent))), toDecimal('100'), 18);
  return { price: roundPrice(multiply(list, kept)), words: `${percent}% discount (${discount.reason})` };
}

function subtractFromHundred(percent: string): Decimal {
  const value = toDecimal(percent);
  return { digits: 100n * 10n ** BigInt(value.scale) - value.digits, scale: value.scale };
}
