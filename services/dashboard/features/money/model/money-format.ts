/** Picounits in one unit of a currency. */
export const PICO_PER_UNIT = 1_000_000_000_000n;

/** Seconds of the month that a rate is projected to: 30 days of 24 hours. */
export const SECONDS_PER_MONTH = 2_592_000n;

const FRACTION_DIGITS = 12;
const NARROW_SPACE = '\u202f';
const MINUS = '\u2212';
const SYMBOLS: Readonly<Record<string, string>> = {
  USD: '$',
  EUR: '€',
  GBP: '£',
  JPY: '¥',
  INR: '₹',
  CNY: '¥',
};

/** Money split at its decimal point, so that a column can line up. Concatenated in this order it reads as text. */
export interface MoneyParts {
  /** Minus sign or nothing. */
  readonly sign: string;
  /** Symbol, or the code and a space where the currency has no symbol here. */
  readonly symbol: string;
  /** Digits before the point, thousands by commas. */
  readonly integer: string;
  /** Point and digits after it, thousands by narrow spaces below one unit; may be empty. */
  readonly fraction: string;
}

/**
 * Reads integer picounits.
 * @throws RangeError if the text is not an integer of at most 38 digits.
 */
export function parsePico(text: string): bigint {
  if (!/^-?\d{1,38}$/.test(text)) {
    throw new RangeError(`money '${text.slice(0, 40)}' is not an integer number of picounits`);
  }
  return BigInt(text);
}

/** The symbol that stands before an amount, e.g. `$`; for a currency without one, its code and a space. */
export function currencySymbol(currency: string): string {
  return SYMBOLS[currency] ?? `${currency}${NARROW_SPACE}`;
}

/**
 * A rate per second in parts: four digits after the point from one unit up, below that as many groups of three
 * as show at least three digits that count, at most the exact twelve. Never rounds anything but zero to zero.
 */
export function rateParts(picoPerSecond: bigint, currency: string): MoneyParts {
  return amountParts(picoPerSecond, currency, rateDigits(magnitude(picoPerSecond)));
}

/** A rate as text, e.g. `$1.2847 /s` or `$0.000 001 284 /s`. */
export function formatRate(picoPerSecond: bigint, currency: string): string {
  return `${joinParts(rateParts(picoPerSecond, currency))} /s`;
}

/**
 * What a rate comes to in 30 days: `$3.33 M` from a million up, whole units from a thousand, two digits below,
 * finer below a cent.
 */
export function formatMonth(picoPerSecond: bigint, currency: string): string {
  return formatCost(picoPerSecond * SECONDS_PER_MONTH, currency);
}

/** A cost over a window; see {@link formatMonth} for the digits. */
export function formatCost(pico: bigint, currency: string): string {
  const size = magnitude(pico);
  if (roundTo(size, 0) >= 1_000_000n) return scaledCost(pico, currency);
  if (roundTo(size, 2) >= 100_000n) return joinParts(amountParts(pico, currency, 0));
  if (size === 0n || roundTo(size, 2) >= 1n) return joinParts(amountParts(pico, currency, 2));
  return joinParts(amountParts(pico, currency, rateDigits(size)));
}

/** An amount with so many digits after the point (0 to 12), e.g. for the steps of an axis. */
export function formatAmount(pico: bigint, currency: string, digits: number): string {
  return joinParts(amountParts(pico, currency, digits));
}

/** Every digit, as a plain decimal that a spreadsheet reads: `1.284712345678`. */
export function exactDecimal(pico: bigint): string {
  const size = magnitude(pico);
  const fraction = (size % PICO_PER_UNIT).toString().padStart(FRACTION_DIGITS, '0').replace(/0+$/, '');
  const whole = (size / PICO_PER_UNIT).toString();
  return `${pico < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Every digit for a person who hovers: `$1.284 712 345 678`. */
export function exactMoney(pico: bigint, currency: string): string {
  return joinParts(amountParts(pico, currency, FRACTION_DIGITS));
}

/** A change in money with its sign: `+$0.0123`; no change is `±$0`. */
export function formatChange(picoPerSecond: bigint, currency: string): string {
  if (picoPerSecond === 0n) return `±${currencySymbol(currency)}0`;
  const text = joinParts(rateParts(magnitude(picoPerSecond), currency));
  return `${picoPerSecond < 0n ? MINUS : '+'}${text}`;
}

/** A change in per cent with its sign; `new` where there was nothing before, `gone` where nothing is left. */
export function formatChangeRatio(now: bigint, before: bigint): string {
  if (before === 0n) return now === 0n ? '0 %' : 'new';
  if (now === 0n) return 'gone';
  const tenths = ((now - before) * 1000n) / before;
  const size = magnitude(tenths);
  const text = size < 100n ? `${size / 10n}.${size % 10n}` : groupThousands((size / 10n).toString(), ',');
  return `${tenths < 0n ? MINUS : '+'}${text} %`;
}

/** A part of a whole in per cent: `41 %`, `0.4 %`, `< 0.1 %`; `–` where the whole is nothing. */
export function formatShare(part: bigint, whole: bigint): string {
  if (whole <= 0n) return '–';
  if (part <= 0n) return '0 %';
  const tenths = (part * 1000n) / whole;
  if (tenths === 0n) return '<\u202f0.1 %';
  return tenths < 100n ? `${tenths / 10n}.${tenths % 10n} %` : `${tenths / 10n} %`;
}

/** Text of parts. */
export function joinParts(parts: MoneyParts): string {
  return `${parts.sign}${parts.symbol}${parts.integer}${parts.fraction}`;
}

function amountParts(pico: bigint, currency: string, digits: number): MoneyParts {
  const size = magnitude(pico);
  const scale = 10n ** BigInt(digits);
  const rounded = roundTo(size, digits);
  const whole = rounded / scale;
  const tail = (rounded % scale).toString().padStart(digits, '0');
  const grouped = digits > 4 || whole === 0n ? groupFraction(tail) : tail;
  return {
    sign: pico < 0n ? MINUS : '',
    symbol: currencySymbol(currency),
    integer: groupThousands(whole.toString(), ','),
    fraction: digits === 0 ? '' : `.${grouped}`,
  };
}

function scaledCost(pico: bigint, currency: string): string {
  const billions = roundTo(magnitude(pico) / 1_000_000n, 2) >= 100_000n;
  const divisor = billions ? 1_000_000_000n : 1_000_000n;
  return `${joinParts(amountParts(pico / divisor, currency, 2))} ${billions ? 'B' : 'M'}`;
}

/** Half up at the given digit: the only place where money loses digits. */
function roundTo(size: bigint, digits: number): bigint {
  const unit = 10n ** BigInt(FRACTION_DIGITS - digits);
  return (size + unit / 2n) / unit;
}

function rateDigits(size: bigint): number {
  if (size === 0n) return 0;
  if (roundTo(size, 4) >= 10_000_000n) return 2;
  if (roundTo(size, 4) >= 10_000n) return 4;
  if (size >= 1_000_000_000n) return 6;
  return size >= 1_000_000n ? 9 : 12;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function groupThousands(digits: string, separator: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, separator);
}

function groupFraction(digits: string): string {
  return digits.replace(/(\d{3})(?=\d)/g, `$1${NARROW_SPACE}`);
}
