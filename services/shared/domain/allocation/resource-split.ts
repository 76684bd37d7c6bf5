import type { PriceCurve } from '../money/price-curve.js';
import { divide, ShareScratch } from './share.js';

/** What a node has. */
export interface NodeCapacity {
  /** Thousandths of a core. */
  readonly cpuMillicores: number;
  /** Bytes. */
  readonly memoryBytes: number;
  /** Whole devices. */
  readonly gpus: number;
}

/**
 * How a node's price splits over its resources: unit prices in any one currency unit; only their ratio counts.
 *
 * Default: the ratio of the price of a vCPU-hour to that of a GiB-hour to that of a GPU-hour, as OpenCost does.
 */
export interface ResourceWeights {
  /** Integer price of one core-hour. */
  readonly perCoreHour: number;
  /** Integer price of one GiB-hour. */
  readonly perGibHour: number;
  /** Integer price of one GPU-hour. */
  readonly perGpuHour: number;
}

/** The constant part of a node-second's price by resource; the three sum to the curve's base. */
export interface ResourceParts {
  readonly cpu: number;
  readonly ram: number;
  readonly gpu: number;
}

const BYTES_PER_MIB = 1_048_576;

/**
 * Splits the constant part of a node-second's price over cpu, ram and gpu by largest remainder.
 *
 * The weight of a resource is its capacity times its unit price. A node without capacities puts all on cpu, so
 * that nothing is lost.
 *
 * @param curve - the node's price
 * @param capacity - the node's resource vector
 * @param weights - unit prices; integers below 2^31
 */
export function splitByResource(
  curve: PriceCurve,
  capacity: NodeCapacity,
  weights: ResourceWeights,
): ResourceParts {
  const vector = Float64Array.of(
    capacity.cpuMillicores * weights.perCoreHour,
    Math.round((capacity.memoryBytes / BYTES_PER_MIB) * (1000 / 1024) * weights.perGibHour),
    capacity.gpus * 1000 * weights.perGpuHour,
  );
  const shares = new Float64Array(3);
  const rest = divide(
    { amount: curve.base, capacity: 0, weights: vector, count: 3 },
    shares,
    new ShareScratch(),
  );
  return { cpu: (shares[0] ?? 0) + rest, ram: shares[1] ?? 0, gpu: shares[2] ?? 0 };
}
