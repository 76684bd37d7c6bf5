/** A quantity that is none. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
  readonly code = 'BAD_QUANTITY';
}

/** Factors of the suffixes as powers, see the API reference of resource.Quantity. */
const suffixes: Readonly<Record<string, { base: bigint; power: number }>> = {
  '': { base: 10n, power: 0 },
  n: { base: 10n, power: -9 },
  u: { base: 10n, power: -6 },
  m: { base: 10n, power: -3 },
  k: { base: 10n, power: 3 },
  M: { base: 10n, power: 6 },
  G: { base: 10n, power: 9 },
  T: { base: 10n, power: 12 },
  P: { base: 10n, power: 15 },
  E: { base: 10n, power: 18 },
  Ki: { base: 1024n, power: 1 },
  Mi: { base: 1024n, power: 2 },
  Gi: { base: 1024n, power: 3 },
  Ti: { base: 1024n, power: 4 },
  Pi: { base: 1024n, power: 5 },
  Ei: { base: 1024n, power: 6 },
};

const pattern = /^\+?(\d{1,30})?(?:\.(\d{0,30}))?(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;

/**
 * A Kubernetes quantity in units of 10^-decimals, rounded up as Kubernetes does: `parseQuantity('250m', 3)` is 250,
 * `parseQuantity('1Gi', 0)` is 1073741824.
 *
 * @throws {QuantityError} BAD_QUANTITY, also for a negative one
 */
export function parseQuantity(text: string, decimals: number): bigint {
  const [match, whole = '', fraction = '', exponent, suffix = ''] = pattern.exec(text) ?? [];
  const unit = suffixes[suffix];
  if (match === undefined || unit === undefined || (whole === '' && fraction === '')) {
    throw new QuantityError(`'${text}' is no quantity: write it like 250m, 1.5 or 2Gi`);
  }
  const digits = BigInt(whole + fraction);
  const isBinary = unit.base === 1024n;
  const tens = decimals - fraction.length + Number(exponent ?? 0) + (isBinary ? 0 : unit.power);
  const scaled = digits * (isBinary ? 1024n ** BigInt(unit.power) : 1n);
  if (tens >= 0) return scaled * 10n ** BigInt(tens);
  const divisor = 10n ** BigInt(-tens);
  return (scaled + divisor - 1n) / divisor;
}
