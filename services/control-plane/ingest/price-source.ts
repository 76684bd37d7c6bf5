import {
  builtInCatalogue,
  buildCatalogue,
  parsePicounits,
  resolveNodePrice,
  type Catalogue,
  type NodeCapacity,
  type NodeFacts,
} from '@kubehero/domain';
import type { ActivationRecord } from '@kubehero/store-postgres';
import type { WireNodeSpec } from './wire.js';

/** Prices per unit for nodes that no catalogue knows; plain decimals of the reporting currency. */
export interface UnitPrices {
  readonly perCoreHour: string;
  readonly perGibHour: string;
  readonly perGpuHour: string;
}

/** How nodes are priced. */
export interface PriceSourceOptions {
  /** Undefined: a node that neither annotation nor catalogue prices stays unpriced. */
  readonly unitPrices: UnitPrices | undefined;
  /** Ratio by which a node's price splits over its resources. */
  readonly weights: UnitPrices;
  /** Plain decimals per GiB. */
  readonly network: { readonly crossZone: string; readonly internet: string };
  readonly currency: string;
}

const MICROUNITS = 1_000_000n;
const BYTES_PER_GIB = 1_073_741_824;

/** Turns what is known of a node into a price with its explanation; a pure function of both. */
export class PriceSource {
  readonly #options: PriceSourceOptions;
  readonly #catalogue: Catalogue;

  constructor(options: PriceSourceOptions, catalogue: Catalogue = buildCatalogue([])) {
    this.#options = options;
    this.#catalogue = catalogue;
  }

  /**
   * The price of a node.
   *
   * @param effectiveFrom - first second at this price
   */
  resolve(nodeKey: number, spec: WireNodeSpec, effectiveFrom: number): ActivationRecord {
    const { unitPrices, currency } = this.#options;
    const answer = resolveNodePrice(toFacts(spec), this.#catalogue, { annotationCurrency: currency });
    const explanation = [...answer.explanation];
    if (answer.price !== null && answer.currency === currency) {
      return this.#record(nodeKey, effectiveFrom, {
        picounitsPerHour: parsePicounits(answer.price),
        source: answer.source,
        sku: answer.sku,
        explanation,
      });
    }
    if (answer.price !== null)
      explanation.push(`currency ${answer.currency}: this hub reports in ${currency}`);
    if (unitPrices === undefined) {
      explanation.push('configured unit prices: none, so the node is unpriced');
      return this.#record(nodeKey, effectiveFrom, {
        picounitsPerHour: null,
        source: 'unpriced',
        sku: '',
        explanation,
      });
    }
    const capacity = toCapacity(spec);
    explanation.push(
      `configured unit prices: ${unitPrices.perCoreHour} per core-hour, ${unitPrices.perGibHour} per GiB-hour, ${unitPrices.perGpuHour} per GPU-hour`,
    );
    return this.#record(nodeKey, effectiveFrom, {
      picounitsPerHour: priceByUnits(capacity, unitPrices),
      source: 'unit-prices',
      sku: '',
      explanation,
    });
  }

  #record(
    nodeKey: number,
    effectiveFrom: number,
    found: Pick<ActivationRecord, 'picounitsPerHour' | 'source' | 'sku' | 'explanation'>,
  ): ActivationRecord {
    const { weights, network, currency } = this.#options;
    const crossZone = Number(parsePicounits(network.crossZone));
    return {
      ...found,
      nodeKey,
      effectiveFrom,
      currency,
      weights: {
        perCoreHour: toMicrounits(weights.perCoreHour),
        perGibHour: toMicrounits(weights.perGibHour),
        perGpuHour: toMicrounits(weights.perGpuHour),
      },
      networkRates: {
        crossZoneSent: crossZone,
        crossZoneReceived: crossZone,
        internetSent: Number(parsePicounits(network.internet)),
      },
    };
  }
}

/** The catalogue that ships with this version: dated, marked as a fallback. */
export function shippedCatalogue(): Catalogue {
  return builtInCatalogue();
}

/** Capacity of a node as its spec says. */
export function toCapacity(spec: WireNodeSpec): NodeCapacity {
  return {
    cpuMillicores: Number(spec.cpuCapacityMillicores),
    memoryBytes: Number(spec.memoryCapacityBytes),
    gpus: spec.gpuCapacity,
  };
}

function toFacts(spec: WireNodeSpec): NodeFacts {
  return {
    name: spec.name,
    providerId: spec.providerId,
    labels: spec.labels,
    annotations: spec.annotations,
    capacity: {
      cpu: `${spec.cpuCapacityMillicores}m`,
      memory: String(spec.memoryCapacityBytes),
      ...(spec.gpuCapacity > 0 ? { 'nvidia.com/gpu': String(spec.gpuCapacity) } : {}),
    },
    osImage: '',
    kubeletVersion: '',
  };
}

function priceByUnits(capacity: NodeCapacity, prices: UnitPrices): bigint {
  return (
    (parsePicounits(prices.perCoreHour) * BigInt(capacity.cpuMillicores)) / 1000n +
    (parsePicounits(prices.perGibHour) * BigInt(capacity.memoryBytes)) / BigInt(BYTES_PER_GIB) +
    parsePicounits(prices.perGpuHour) * BigInt(capacity.gpus)
  );
}

function toMicrounits(decimal: string): number {
  return Number(parsePicounits(decimal) / MICROUNITS);
}
