import { ExactSum } from './exact-sum.js';
import type { ScopeClass, ScopeIndex, ScopePart } from './scope-index.js';

/** Below this, a sum of two numbers is exact. */
const EXACT_BELOW = 2 ** 52;

/** Takes what a part's scope cost within a minute. */
export type TakePartSum<P> = (part: P, cost: bigint, stamp: number) => void;

interface ClassSum<P> {
  readonly of: ScopeClass<P>;
  readonly cost: ExactSum;
  stamp: number;
}

/**
 * What classes of pods cost within one minute. A row costs two additions of floats however many parts cover its pod;
 * big integers are made once for each part, when the sums are taken.
 */
export class ClassSums<P extends ScopePart> {
  /** By number of the class. */
  readonly #sums: (ClassSum<P> | undefined)[] = [];

  /** Adds cost of pods of a class. @param stamp - see `stampOf` */
  add(to: ScopeClass<P>, cost: number, stamp: number): void {
    let sum = this.#sums[to.number];
    if (sum === undefined) {
      sum = { of: to, cost: new ExactSum(), stamp: 0 };
      this.#sums[to.number] = sum;
    }
    sum.cost.add(cost);
    sum.stamp += stamp;
  }

  /** Gives every part what the classes that it covers cost; a part may be given more than one sum. */
  takeParts(index: ScopeIndex<P>, take: TakePartSum<P>): void {
    const cost = new Float64Array(index.partCount);
    const stamps = new Float64Array(index.partCount);
    const isTouched = new Uint8Array(index.partCount);
    for (const sum of this.#sums) {
      if (sum === undefined) continue;
      const exact = sum.cost.value;
      const small = exact < EXACT_BELOW ? Number(exact) : undefined;
      for (const number of sum.of.partNumbers) {
        isTouched[number] = 1;
        stamps[number] = (stamps[number] ?? 0) + sum.stamp;
        const added = (cost[number] ?? 0) + (small ?? 0);
        if (small !== undefined && added < EXACT_BELOW) cost[number] = added;
        else giveTo(index.partAt(number), exact, take);
      }
    }
    for (const [number, isIn] of isTouched.entries()) {
      const part = isIn === 1 ? index.partAt(number) : undefined;
      if (part !== undefined) take(part, BigInt(cost[number] ?? 0), stamps[number] ?? 0);
    }
  }
}

function giveTo<P>(part: P | undefined, cost: bigint, take: TakePartSum<P>): void {
  if (part !== undefined) take(part, cost, 0);
}
