/**
 * An exact decimal number: `digits / 10^scale`. Prices are never binary floats; a division, where a formula needs
 * one, names its own rounding.
 */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Digits after the point that a price keeps: 1e-12 of a currency unit, the grain of all money in the product. */
export const PRICE_SCALE = 12;

const PLAIN = /^([+-]?)(\d{1,30})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/;
const MAX_EXPONENT = 40;

/** Zero. */
export const ZERO: Decimal = { digits: 0n, scale: 0 };

function pow10(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

function reduced(digits: bigint, scale: number): Decimal {
  let value = digits;
  let places = scale;
  while (places > 0 && value % 10n === 0n) {
    value /= 10n;
    places -= 1;
  }
  return { digits: value, scale: places };
}

/**
 * Reads a decimal number, plain (`0.0960000000`) or scientific (`9.0E-4`).
 * @returns undefined when the text is anything else (`N/A*`, empty, infinities, exponents beyond 40)
 */
export function tryParseDecimal(text: string): Decimal | undefined {
  const match = PLAIN.exec(text.trim());
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const exponent = match[4] === undefined ? 0 : Number(match[4]);
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const digits = BigInt(`${match[2] ?? ''}${fraction}`) * (match[1] === '-' ? -1n : 1n);
  const scale = fraction.length - exponent;
  return scale >= 0 ? reduced(digits, scale) : { digits: digits * pow10(-scale), scale: 0 };
}

/**
 * Like {@link tryParseDecimal}, for text that this product wrote itself.
 * @throws RangeError when the text is not a decimal number
 */
export function toDecimal(text: string): Decimal {
  const value = tryParseDecimal(text);
  if (value === undefined) throw new RangeError(`not a decimal number: '${text}'`);
  return value;
}

/** a + b, exactly. */
export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return reduced(a.digits * pow10(scale - a.scale) + b.digits * pow10(scale - b.scale), scale);
}

/** a × b, exactly. */
export function multiply(a: Decimal, b: Decimal): Decimal {
  return reduced(a.digits * b.digits, a.scale + b.scale);
}

/** a ÷ b, rounded half away from zero to `scale` digits after the point. b MUST NOT be zero. */
export function divide(a: Decimal, b: Decimal, scale: number = PRICE_SCALE): Decimal {
  const numerator = a.digits * pow10(scale + b.scale);
  const denominator = b.digits * pow10(a.scale);
  return reduced(roundedQuotient(numerator, denominator), scale);
}

function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  const quotient = (top * 2n + bottom) / (bottom * 2n);
  return negative ? -quotient : quotient;
}

/** Negative when a < b, 0 when equal, positive when a > b. */
export function compare(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = a.digits * pow10(scale - a.scale) - b.digits * pow10(scale - b.scale);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** True when the value is above zero. */
export function isPositive(value: Decimal): boolean {
  return value.digits > 0n;
}

/** Rounds to 12 digits after the point (half away from zero), the grain of prices. */
export function roundPrice(value: Decimal): Decimal {
  return value.scale <= PRICE_SCALE ? value : divide(value, { digits: 1n, scale: 0 });
}

/** Plain decimal text without an exponent and without trailing zeros: `0.096`. */
export function formatDecimal(value: Decimal): string {
  const { digits, scale } = reduced(value.digits, value.scale);
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  if (scale === 0) return `${sign}${text}`;
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** GCP money: whole units and billionths (`units` may come as text or number). */
export function fromUnitsAndNanos(units: string, nanos: number): Decimal | undefined {
  if (!/^-?\d{1,20}$/.test(units) || !Number.isInteger(nanos) || Math.abs(nanos) >= 1e9) return undefined;
  return reduced(BigInt(units) * 1_000_000_000n + BigInt(nanos), 9);
}
