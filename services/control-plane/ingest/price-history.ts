import {
  splitByResource,
  toPriceCurve,
  type NetworkRates,
  type NodeCapacity,
  type NodePrice,
} from '@kubehero/domain';
import type { ActivationRow } from '@kubehero/store-postgres';

/** A price in force with all that a second needs worked out once. */
export interface ActivePrice {
  readonly activation: ActivationRow;
  /** Undefined: the node is unpriced. */
  readonly price: NodePrice | undefined;
  readonly rates: NetworkRates;
  /** Half picounits that a microsecond of CPU time and a byte of memory cost in a second; 0 where unpriced. */
  readonly cpuRate: number;
  readonly ramRate: number;
}

const US_PER_MILLICORE_SECOND = 1000;

/**
 * A node's price activations by time. The activation of a second is a pure function of the second and of the
 * list, which only ever grows into the future.
 */
export class PriceHistory {
  readonly #activations: ActivationRow[];
  readonly #cache = new Map<string, ActivePrice>();

  /** @param activations - of one node, in any order */
  constructor(activations: readonly ActivationRow[]) {
    this.#activations = [...activations].sort((a, b) => a.effectiveFrom - b.effectiveFrom);
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

  /**
   * The price of a second for a node of this size.
   *
   * @throws RangeError where no price was pinned
   */
  at(second: number, capacity: NodeCapacity): ActivePrice {
    let activation = this.#activations[0];
    for (const candidate of this.#activations) {
      if (candidate.effectiveFrom <= second) activation = candidate;
    }
    if (activation === undefined) throw new RangeError('a node was priced before its first price was pinned');
    const cacheKey = `${activation.key}/${capacity.cpuMillicores}/${capacity.memoryBytes}/${capacity.gpus}`;
    const cached = this.#cache.get(cacheKey);
    if (cached !== undefined) return cached;
    const price = toActivePrice(activation, capacity);
    if (this.#cache.size > 16) this.#cache.clear();
    this.#cache.set(cacheKey, price);
    return price;
  }
}

function toActivePrice(activation: ActivationRow, capacity: NodeCapacity): ActivePrice {
  const rates = activation.networkRates;
  if (activation.picounitsPerHour === null) {
    return { activation, price: undefined, rates, cpuRate: 0, ramRate: 0 };
  }
  const curve = toPriceCurve(activation.picounitsPerHour);
  const parts = splitByResource(curve, capacity, activation.weights);
  return {
    activation,
    price: { curve, parts, capacity },
    rates,
    cpuRate: halvesPer(parts.cpu, capacity.cpuMillicores * US_PER_MILLICORE_SECOND),
    ramRate: halvesPer(parts.ram, capacity.memoryBytes),
  };
}

function halvesPer(picounits: number, capacity: number): number {
  return capacity === 0 ? 0 : (2 * picounits) / capacity;
}
