/**
 * Division of an integer amount over integer weights by largest remainder, exactly, on doubles.
 *
 * A share is `P·w/D`. The product does not fit a double, so its rounding error is carried beside it (Dekker's
 * error-free product with Veltkamp's splitting): quotient and remainder are then exact integers. Source:
 * T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18 (1971).
 */

const SPLITTER = 134_217_729; // 2^27 + 1
const INSERTION_SORT_LIMIT = 48;

/** Working memory of {@link divide}; grows to the largest division seen and is used again. */
export class ShareScratch {
  remainders = new Float64Array(64);
  order = new Int32Array(64);

  /** @param length - number of weights that must fit, idle included */
  reserve(length: number): void {
    if (length > this.remainders.length) {
      const size = 2 ** Math.ceil(Math.log2(length));
      this.remainders = new Float64Array(size);
      this.order = new Int32Array(size);
    }
  }
}

/** One amount to divide. */
export interface Division {
  /** P: the amount, an integer in [0, 4e13]. */
  readonly amount: number;
  /** The least divisor: capacity in the unit of the weights, an integer in [0, 4e15]. */
  readonly capacity: number;
  /** Integer weights, each in [0, 4e15]; their order is the order of ties. */
  readonly weights: Float64Array;
  /** How many of the weights count. */
  readonly count: number;
}

/**
 * Divides `amount` over the weights and idle: D = max(capacity, Σ weights), a share is its weight of D, idle has
 * the weight D − Σ weights. Σ shares + idle = amount. What flooring leaves goes picounit by picounit to the
 * largest remainders; ties to the lower index, idle last.
 *
 * @param division - what to divide
 * @param shares - receives the shares; at least `count` long
 * @param scratch - working memory
 * @returns idle's share
 */
export function divide(division: Division, shares: Float64Array, scratch: ShareScratch): number {
  const { amount, weights, count } = division;
  scratch.reserve(count + 1);
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += weights[i] as number;
  const divisor = Math.max(division.capacity, sum);
  if (divisor === 0 || amount === 0) {
    shares.fill(0, 0, count);
    return amount;
  }
  const { remainders } = scratch;
  let given = 0;
  for (let i = 0; i < count; i += 1) {
    const quotient = floorOfRatio(amount, weights[i] as number, divisor);
    shares[i] = quotient;
    remainders[i] = lastRemainder;
    given += quotient;
  }
  let idle = floorOfRatio(amount, divisor - sum, divisor);
  remainders[count] = lastRemainder;
  given += idle;
  const left = amount - given;
  if (left > 0) idle += giveRemainders(shares, scratch, count, left);
  return idle;
}

/** Remainder of the latest {@link floorOfRatio}: a module variable because a returned pair would be an object per row. */
let lastRemainder = 0;

/** `floor(a·b/d)` for integers a·b < 2^106, d < 2^52; leaves `a·b mod d` in {@link lastRemainder}. */
function floorOfRatio(a: number, b: number, d: number): number {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) {
    const exact = Math.floor(product / d);
    return settle(exact, product - exact * d, d);
  }
  const quotient = Math.floor(product / d);
  const back = quotient * d;
  // product - back is exact (Sterbenz), the errors are integers far below 2^53
  const remainder = product - back + (productError(a, b, product) - productError(quotient, d, back));
  return settle(quotient, remainder, d);
}

/** Mends a quotient that the rounding of the division put off by one. */
function settle(quotient: number, remainder: number, d: number): number {
  let q = quotient;
  let r = remainder;
  while (r < 0) {
    r += d;
    q -= 1;
  }
  while (r >= d) {
    r -= d;
    q += 1;
  }
  lastRemainder = r;
  return q;
}

/** a·b − product, exactly, where product is the rounded a·b. */
function productError(a: number, b: number, product: number): number {
  const ca = SPLITTER * a;
  const aHigh = ca - (ca - a);
  const aLow = a - aHigh;
  const cb = SPLITTER * b;
  const bHigh = cb - (cb - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** Gives `left` single picounits to the largest remainders; returns how much of it idle (index count) got. */
function giveRemainders(shares: Float64Array, scratch: ShareScratch, count: number, left: number): number {
  const order = sortedByRemainder(scratch, count + 1);
  let toIdle = 0;
  for (let i = 0; i < left; i += 1) {
    const index = order[i] as number;
    if (index === count) toIdle += 1;
    else shares[index] = (shares[index] as number) + 1;
  }
  return toIdle;
}

function sortedByRemainder(scratch: ShareScratch, length: number): Int32Array {
  const { remainders, order } = scratch;
  if (length > INSERTION_SORT_LIMIT) return sortLarge(scratch, length);
  for (let i = 0; i < length; i += 1) {
    const r = remainders[i] as number;
    let j = i - 1;
    while (j >= 0 && (remainders[order[j] as number] as number) < r) {
      order[j + 1] = order[j] as number;
      j -= 1;
    }
    order[j + 1] = i;
  }
  return order;
}

function sortLarge(scratch: ShareScratch, length: number): Int32Array {
  const { remainders } = scratch;
  const order = scratch.order.subarray(0, length);
  for (let i = 0; i < length; i += 1) order[i] = i;
  return order.sort((a, b) => (remainders[b] as number) - (remainders[a] as number) || a - b);
}

/**
 * `floor(a·b/d)`, exactly where it is below 2^53, for one-off use (network charges).
 *
 * @param a - integer in [0, 2^53)
 * @param b - integer in [0, 2^53)
 * @param d - integer in (0, 2^52)
 */
export function multiplyDivide(a: number, b: number, d: number): number {
  return floorOfRatio(a, b, d);
}
