import {
  splitByResource,
  toPriceCurve,
  type NetworkRates,
  type NodeCapacity,
  type NodePrice,
} from '@kubehero/domain';
import type { ActivationRow, RepricedActivationRow } from '@kubehero/store-postgres';

/** A price in force with all that a second needs worked out once. */
export interface ActivePrice {
  readonly activation: ActivationRow;
  /** Of the rows that it makes: 0, or the reprice that set it. Rows of a higher one replace those of a lower. */
  readonly generation: number;
  /** Undefined: the node is unpriced. */
  readonly price: NodePrice | undefined;
  readonly rates: NetworkRates;
  /** Half picounits that a microsecond of CPU time and a byte of memory cost in a second; 0 where unpriced. */
  readonly cpuRate: number;
  readonly ramRate: number;
}

const US_PER_MILLICORE_SECOND = 1000;

/**
 * A node's price activations by time. The activation of a second is a pure function of the second and of the lists: the
 * one of what was pinned only ever grows into the future, the one of reprices only by a reprice of the past.
 */
export class PriceHistory {
  readonly #activations: ActivationRow[];
  readonly #repriced: RepricedActivationRow[];
  /** Seconds from here on were never priced again: mostly nothing has to be looked through. */
  #repricedUntil = 0;
  readonly #cache = new Map<string, ActivePrice>();

  /**
   * @param activations - of one node, in any order
   * @param repriced - of reprices of the same node, in any order
   */
  constructor(activations: readonly ActivationRow[], repriced: readonly RepricedActivationRow[] = []) {
    this.#activations = [...activations].sort((a, b) => a.effectiveFrom - b.effectiveFrom);
    this.#repriced = [];
    this.addRepriced(repriced);
  }

  /** True before the node's first price was pinned. */
  get isEmpty(): boolean {
    return this.#activations.length === 0;
  }

  /** The latest activation, whether in force or not yet. */
  get latest(): ActivationRow | undefined {
    return this.#activations.at(-1);
  }

  /** Adds an activation that takes effect later than all others. */
  add(activation: ActivationRow): void {
    this.#activations.push(activation);
  }

  /** Adds prices of a reprice, those that it does not know: they hold for seconds that come late. */
  addRepriced(repriced: readonly RepricedActivationRow[]): void {
    if (repriced.length === 0) return;
    const known = new Set(this.#repriced.map(({ key }) => key));
    this.#repriced.push(...repriced.filter(({ key }) => !known.has(key)));
    this.#repriced.sort((a, b) => b.repriceKey - a.repriceKey);
    this.#repricedUntil = Math.max(0, ...this.#repriced.map(({ effectiveTo }) => effectiveTo));
  }

  /** The price that the latest reprice set for a second, undefined where none did. */
  tryRepriced(second: number, capacity: NodeCapacity): ActivePrice | undefined {
    if (second >= this.#repricedUntil) return undefined;
    const found = this.#repriced.find((one) => one.effectiveFrom <= second && second < one.effectiveTo);
    return found === undefined ? undefined : this.#active(found, found.repriceKey, capacity);
  }

  /**
   * The price of a second for a node of this size.
   *
   * @throws RangeError where no price was pinned
   */
  at(second: number, capacity: NodeCapacity): ActivePrice {
    const repriced = this.tryRepriced(second, capacity);
    if (repriced !== undefined) return repriced;
    let activation = this.#activations[0];
    for (const candidate of this.#activations) {
      if (candidate.effectiveFrom <= second) activation = candidate;
    }
    if (activation === undefined) throw new RangeError('a node was priced before its first price was pinned');
    return this.#active(activation, 0, capacity);
  }

  #active(activation: ActivationRow, generation: number, capacity: NodeCapacity): ActivePrice {
    const cacheKey = `${activation.key}/${capacity.cpuMillicores}/${capacity.memoryBytes}/${capacity.gpus}`;
    const cached = this.#cache.get(cacheKey);
    if (cached !== undefined) return cached;
    const price = toActivePrice(activation, generation, capacity);
    if (this.#cache.size > 16) this.#cache.clear();
    this.#cache.set(cacheKey, price);
    return price;
  }
}

function toActivePrice(activation: ActivationRow, generation: number, capacity: NodeCapacity): ActivePrice {
  const rates = activation.networkRates;
  if (activation.picounitsPerHour === null) {
    return { activation, generation, price: undefined, rates, cpuRate: 0, ramRate: 0 };
  }
  const curve = toPriceCurve(activation.picounitsPerHour);
  const parts = splitByResource(curve, capacity, activation.weights);
  return {
    activation,
    generation,
    price: { curve, parts, capacity },
    rates,
    cpuRate: halvesPer(parts.cpu, capacity.cpuMillicores * US_PER_MILLICORE_SECOND),
    ramRate: halvesPer(parts.ram, capacity.memoryBytes),
  };
}

function halvesPer(picounits: number, capacity: number): number {
  return capacity === 0 ? 0 : (2 * picounits) / capacity;
}
