import type { PriceCurve } from '../money/price-curve.js';
import { divide, ShareScratch } from './share.js';
import type { NodeCapacity, ResourceParts } from './resource-split.js';

/** Rows of one second of one node in the order of ties; only the first `count` of each array count. */
export interface SecondUsage {
  readonly count: number;
  readonly cpuUs: Float64Array;
  readonly cpuRequestMillicores: Float64Array;
  readonly memoryBytes: Float64Array;
  readonly memoryRequestBytes: Float64Array;
  readonly gpuRequest: Float64Array;
}

/** Price and size of the node in that second. */
export interface NodePrice {
  readonly curve: PriceCurve;
  readonly parts: ResourceParts;
  readonly capacity: NodeCapacity;
}

const US_PER_MILLICORE_SECOND = 1000;

/**
 * Divides a node-second over its rows: a row's weight in each resource is max(request, usage), as OpenCost
 * specifies; when the weights pass the capacity they are scaled down, else the rest is idle. The shares and idle
 * sum to the node-second's price exactly (idle takes the odd picounit, as cpu).
 *
 * One object serves many seconds: its arrays grow to the largest second seen and are used again.
 */
export class NodeSecondAllocator {
  /** Results of the latest call: picounits by row. */
  cpuCost = new Float64Array(64);
  ramCost = new Float64Array(64);
  gpuCost = new Float64Array(64);
  /** Results of the latest call: idle by resource, without the odd picounit. */
  idleCpu = 0;
  idleRam = 0;
  idleGpu = 0;
  #weights = new Float64Array(64);
  readonly #scratch = new ShareScratch();

  /** Allocates one second; the results stand in this object until the next call. */
  allocate(price: NodePrice, usage: SecondUsage): void {
    this.#reserve(usage.count);
    const { capacity, parts } = price;
    this.#weigh(usage.count, usage.cpuRequestMillicores, US_PER_MILLICORE_SECOND, usage.cpuUs);
    this.idleCpu = this.#divide(
      parts.cpu,
      capacity.cpuMillicores * US_PER_MILLICORE_SECOND,
      usage.count,
      this.cpuCost,
    );
    this.#weigh(usage.count, usage.memoryRequestBytes, 1, usage.memoryBytes);
    this.idleRam = this.#divide(parts.ram, capacity.memoryBytes, usage.count, this.ramCost);
    if (parts.gpu === 0) {
      this.gpuCost.fill(0, 0, usage.count);
      this.idleGpu = 0;
      return;
    }
    this.#weigh(usage.count, usage.gpuRequest, 1, usage.gpuRequest);
    this.idleGpu = this.#divide(parts.gpu, capacity.gpus, usage.count, this.gpuCost);
  }

  #weigh(count: number, request: Float64Array, scale: number, usage: Float64Array): void {
    const weights = this.#weights;
    for (let i = 0; i < count; i += 1) {
      const requested = (request[i] as number) * scale;
      const used = usage[i] as number;
      weights[i] = requested > used ? requested : used;
    }
  }

  #divide(amount: number, capacity: number, count: number, shares: Float64Array): number {
    return divide({ amount, capacity, weights: this.#weights, count }, shares, this.#scratch);
  }

  #reserve(count: number): void {
    if (count <= this.cpuCost.length) return;
    const size = 2 ** Math.ceil(Math.log2(count));
    this.cpuCost = new Float64Array(size);
    this.ramCost = new Float64Array(size);
    this.gpuCost = new Float64Array(size);
    this.#weights = new Float64Array(size);
  }
}
