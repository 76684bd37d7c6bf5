const FOLD_ABOVE = 2 ** 52;

/** A sum of whole numbers below 2^53 that stays exact however large it grows, and costs a float addition mostly. */
export class ExactSum {
  #low = 0;
  #high = 0n;

  /** Adds an integer in [0, 2^53). */
  add(value: number): void {
    const low = this.#low + value;
    if (low < FOLD_ABOVE) {
      this.#low = low;
      return;
    }
    this.#high += BigInt(this.#low) + BigInt(value);
    this.#low = 0;
  }

  /** Adds an integer of any size. */
  addWide(value: bigint): void {
    this.#high += value;
  }

  /** The sum. */
  get value(): bigint {
    return this.#high + BigInt(this.#low);
  }
}
