import { formatDecimal, multiply, roundPrice, toDecimal } from './decimal.js';

/** How an amount came from one currency into another; kept with the price that it made. */
export interface Conversion {
  readonly from: string;
  readonly to: string;
  /** Decimal text: units of `to` for one unit of `from`. */
  readonly rate: string;
  /** Decimal text in `from`. */
  readonly price: string;
}

/**
 * Converts a price exactly, rounded to 12 digits after the point (half away from zero).
 *
 * @returns plain decimal text in `conversion.to`
 * @throws RangeError where price or rate is no decimal number
 */
export function convertPrice(conversion: Conversion): string {
  return formatDecimal(roundPrice(multiply(toDecimal(conversion.price), toDecimal(conversion.rate))));
}
