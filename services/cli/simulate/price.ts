/**
 * What the simulated nodes cost, worked out here alone: no line of this is shared with the control plane, so that
 * comparing both proves something.
 */

/** A plain decimal with at most 12 places. */
export const PRICE_PATTERN = /^(\d{1,9})(?:\.(\d{1,12}))?$/;

const PLACES = 12;
const SECONDS_PER_HOUR = 3600n;

/** Picodollars (1e-12) of a plain decimal that matches {@link PRICE_PATTERN}. @throws RangeError otherwise */
export function toPicodollars(decimal: string): bigint {
  const match = PRICE_PATTERN.exec(decimal);
  if (match === null) throw new RangeError(`'${decimal}' is no plain decimal with at most ${PLACES} places`);
  return BigInt(`${match[1] ?? '0'}${(match[2] ?? '').padEnd(PLACES, '0')}`);
}

/**
 * Cost of one node over `[fromS, toS)`: with P picodollars an hour, the second with k = epoch second mod 3600 costs
 * floor((k+1)·P/3600) − floor(k·P/3600).
 */
export function costOfNode(pricePerHour: bigint, fromS: number, toS: number): bigint {
  let cost = 0n;
  for (let second = fromS; second < toS; second += 1) {
    const k = BigInt(second % 3600);
    cost += ((k + 1n) * pricePerHour) / SECONDS_PER_HOUR - (k * pricePerHour) / SECONDS_PER_HOUR;
  }
  return cost;
}
