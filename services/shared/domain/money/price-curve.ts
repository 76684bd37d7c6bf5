const SECONDS_PER_HOUR = 3600;

/**
 * What each second costs at a price per hour, in whole picounits.
 *
 * Second k (epoch second mod 3600) costs `floor((k+1)·P/3600) − floor(k·P/3600)`, so that the 3,600 seconds of
 * an hour at one price sum to exactly P. Every second costs `base` or `base + 1`.
 */
export interface PriceCurve {
  /** P: picounits per hour. */
  readonly perHour: bigint;
  /** `floor(P / 3600)`, the part that containers share; constant from second to second. */
  readonly base: number;
  /** For each second of the hour 0 or 1: the odd picounit, which idle takes. */
  readonly odd: Uint8Array;
}

/**
 * The greatest price that the arithmetic takes: 144,000 units of currency per hour. Keeps one second's cost
 * below 2^53 / 200, so that a product with a node's capacity can be corrected exactly (see `share`).
 */
export const MAX_PICOUNITS_PER_HOUR = 144_000n * 1_000_000_000_000n;

/**
 * Tabulates a price; costs 3,600 BigInt operations, once per price activation.
 *
 * @param perHour - picounits per hour, 0 to {@link MAX_PICOUNITS_PER_HOUR}
 * @throws RangeError outside of that
 */
export function toPriceCurve(perHour: bigint): PriceCurve {
  if (perHour < 0n || perHour > MAX_PICOUNITS_PER_HOUR) {
    throw new RangeError(
      `a price of ${perHour} picounits per hour is out of range: allowed are 0 to ${MAX_PICOUNITS_PER_HOUR}`,
    );
  }
  const seconds = BigInt(SECONDS_PER_HOUR);
  const base = perHour / seconds;
  const remainder = Number(perHour % seconds);
  const odd = new Uint8Array(SECONDS_PER_HOUR);
  for (let k = 0; k < SECONDS_PER_HOUR; k += 1) {
    odd[k] =
      Math.floor(((k + 1) * remainder) / SECONDS_PER_HOUR) - Math.floor((k * remainder) / SECONDS_PER_HOUR);
  }
  return { perHour, base: Number(base), odd };
}

/**
 * Cost of one second.
 *
 * @param curve - the price in force at that second
 * @param second - epoch second
 * @returns picounits
 */
export function costOfSecond(curve: PriceCurve, second: number): number {
  return curve.base + (curve.odd[second % SECONDS_PER_HOUR] ?? 0);
}

/**
 * Cost of a span of seconds at one price, exactly.
 *
 * @param curve - the price in force during all of them
 * @param from - first epoch second
 * @param to - epoch second after the last one
 * @returns picounits
 */
export function costOfSpan(curve: PriceCurve, from: number, to: number): bigint {
  return cumulative(curve.perHour, to) - cumulative(curve.perHour, from);
}

function cumulative(perHour: bigint, second: number): bigint {
  const hours = BigInt(Math.floor(second / SECONDS_PER_HOUR));
  const k = BigInt(second % SECONDS_PER_HOUR);
  return hours * perHour + (k * perHour) / BigInt(SECONDS_PER_HOUR);
}
