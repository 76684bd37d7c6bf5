/**
 * Money as integers of 1e-12 of the reporting currency ("picounits"; picodollars when the currency is USD).
 * Sums are `bigint`; nothing here ever rounds through a binary float.
 */

/** Picounits in one unit of the currency. */
export const PICOUNITS_PER_UNIT = 1_000_000_000_000n;

const DECIMAL_PLACES = 12;
const DECIMAL = /^(-?)(\d{1,24})(?:\.(\d+))?$/;

/** Why an amount of money was refused. */
export class MoneyError extends Error {
  /** @param code - `NOT_A_DECIMAL` or `TOO_PRECISE`; callers branch on it. */
  constructor(
    readonly code: 'NOT_A_DECIMAL' | 'TOO_PRECISE',
    message: string,
  ) {
    super(message);
    this.name = 'MoneyError';
  }
}

/**
 * Reads a plain decimal such as `"0.0416"` exactly.
 *
 * @param text - digits with an optional point; no exponent, no separators, at most 12 significant places after
 *   the point (trailing zeros beyond are allowed)
 * @returns picounits
 * @throws MoneyError `NOT_A_DECIMAL`, or `TOO_PRECISE` where picounits cannot hold it
 */
export function parsePicounits(text: string): bigint {
  const match = DECIMAL.exec(text.trim());
  if (match === null) {
    throw new MoneyError(
      'NOT_A_DECIMAL',
      `'${text}' is no amount of money: give a plain decimal such as 0.0416`,
    );
  }
  const [, sign, whole = '0', fraction = ''] = match;
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > DECIMAL_PLACES) {
    throw new MoneyError('TOO_PRECISE', `'${text}' has more than 12 decimal places: round it to 12`);
  }
  const picounits = BigInt(whole) * PICOUNITS_PER_UNIT + BigInt(significant.padEnd(DECIMAL_PLACES, '0'));
  return sign === '-' ? -picounits : picounits;
}

/**
 * The same amount as a plain decimal without trailing zeros, exactly.
 *
 * @param picounits - any integer
 * @returns for example `"0.0416"`, `"0"`, `"-1.5"`
 */
export function formatPicounits(picounits: bigint): string {
  const sign = picounits < 0n ? '-' : '';
  const magnitude = picounits < 0n ? -picounits : picounits;
  const whole = magnitude / PICOUNITS_PER_UNIT;
  const fraction = (magnitude % PICOUNITS_PER_UNIT)
    .toString()
    .padStart(DECIMAL_PLACES, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
