/** What the spend will be at a period's end, in picounits. */
export interface SpendForecast {
  readonly expected: bigint;
  /** The interval in which it lies in four of five cases, if the hours to come vary as those before. */
  readonly low: bigint;
  readonly high: bigint;
  readonly method: typeof FORECAST_METHOD;
}

/** What a forecast is made from. */
export interface ForecastInput {
  readonly spend: bigint;
  /** Cost of the whole hours before now, oldest first; at most 24 are looked at. */
  readonly wholeHours: readonly bigint[];
  /** Cost and length of the hour that is not over. */
  readonly current: { readonly cost: bigint; readonly seconds: number };
  /** Seconds until the period ends. */
  readonly remainingS: number;
}

export const FORECAST_METHOD = 'median-burn-6h';

const HOUR_S = 3600;
const RATE_HOURS = 6;
const SPREAD_HOURS = 24;
const MIN_CURRENT_S = 600;
/** Standard normal quantile of 0.9: four of five cases lie within. */
const Z80 = 1.2816;
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** The same of the mean absolute deviation, which counts where more than half of the hours are equal. */
const MEAN_TO_SIGMA = 1.2533;

/**
 * Spend so far plus the burn rate times the time that is left. The rate is the median of the last six whole hours, and
 * of the hour in progress once it is ten minutes old, so that one strange hour does not move it. The interval takes the
 * hours to come as independent with the spread s of the last 24 (median absolute deviation), and the rate itself as known
 * to s/√n: half its width is 1.2816 · s · √(N + N²/n) for N hours to come.
 *
 * @returns undefined while there are neither a whole hour nor ten minutes to judge from
 */
export function forecastSpend(input: ForecastInput): SpendForecast | undefined {
  const { current } = input;
  const pace =
    current.seconds >= MIN_CURRENT_S
      ? [(current.cost * BigInt(HOUR_S)) / BigInt(Math.floor(current.seconds))]
      : [];
  const recent = [...input.wholeHours.slice(-RATE_HOURS), ...pace];
  if (recent.length === 0) return undefined;
  const rate = median(recent);
  const expected = input.spend + (rate * BigInt(Math.max(0, Math.floor(input.remainingS)))) / BigInt(HOUR_S);
  const samples = [...input.wholeHours.slice(-SPREAD_HOURS), ...pace];
  const half = halfWidth(samples, recent.length, input.remainingS / HOUR_S);
  const low = expected - half;
  return {
    expected,
    low: low > input.spend ? low : input.spend,
    high: expected + half,
    method: FORECAST_METHOD,
  };
}

/** An estimate: floats will do. */
function halfWidth(samples: readonly bigint[], n: number, hours: number): bigint {
  const centre = median(samples);
  const deviations = samples.map((one) => (one > centre ? one - centre : centre - one));
  const mad = Number(median(deviations)) * MAD_TO_SIGMA;
  const mean = (Number(deviations.reduce((sum, one) => sum + one, 0n)) / samples.length) * MEAN_TO_SIGMA;
  const sigma = mad > 0 ? mad : mean;
  return BigInt(Math.round(Z80 * sigma * Math.sqrt(hours + (hours * hours) / n)));
}

function median(values: readonly bigint[]): bigint {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0n;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n;
  return (lower + upper) / 2n;
}
