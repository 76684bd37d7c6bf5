/** Where amounts lie on a bar, each in per cent of its width. */
export interface BarScale {
  readonly spend: number;
  readonly ceiling: number;
  readonly low: number;
  readonly high: number;
}

const STEPS = 10_000n;

/** Places spend, ceiling and the forecast's interval on one bar that holds them all. */
export function toBarScale(amounts: {
  readonly spend: bigint;
  readonly ceiling: bigint;
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
}): BarScale {
  const { spend, ceiling, low = spend, high = spend } = amounts;
  const longest = [spend, high, ceiling].reduce((most, one) => (one > most ? one : most), 1n);
  const place = (pico: bigint): number => Number((pico * STEPS) / longest) / Number(STEPS / 100n);
  return { spend: place(spend), ceiling: place(ceiling), low: place(low), high: place(high) };
}
