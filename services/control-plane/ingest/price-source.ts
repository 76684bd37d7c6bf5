import { environmentNames } from '@kubehero/contract';
import {
  builtInCatalogue,
  convertPrice,
  parsePicounits,
  resolveNodePrice,
  type NodeCapacity,
  type NodeFacts,
  type PriceAnswer,
} from '@kubehero/domain';
import type { ActivationRecord } from '@kubehero/store-postgres';
import type { PricedBy } from '../prices/price-book.js';
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
  /** By currency code: plain decimal of the reporting currency for one unit. @default - none */
  readonly exchangeRates?: Readonly<Record<string, string>>;
}

const MICROUNITS = 1_000_000n;
const BYTES_PER_GIB = 1_073_741_824;

/** Where the prices of a node are looked up. */
export interface NodeCatalogues {
  catalogueFor(facts: NodeFacts): Promise<PricedBy>;
}

/** The list that ships with this version alone: dated, marked as a fallback. */
export function shippedCatalogues(): NodeCatalogues {
  const shipped = { catalogue: builtInCatalogue(), version: 0 };
  return { catalogueFor: () => Promise.resolve(shipped) };
}

type Found = Pick<
  ActivationRecord,
  'picounitsPerHour' | 'listPicounitsPerHour' | 'conversion' | 'source' | 'sourceVersion' | 'sku'
>;

const UNPRICED: Found = {
  picounitsPerHour: null,
  listPicounitsPerHour: null,
  source: 'unpriced',
  sourceVersion: '',
  sku: '',
};

/** Turns what is known of a node into a price with its explanation; a function of it and of the catalogue's version. */
export class PriceSource {
  readonly #options: PriceSourceOptions;
  readonly #catalogues: NodeCatalogues;

  constructor(options: PriceSourceOptions, catalogues: NodeCatalogues) {
    this.#options = options;
    this.#catalogues = catalogues;
  }

  /**
   * The price of a node. What is tried, in this order: its annotation, custom sheets, its exact SKU, its parts, unit
   * prices of sheets, the configured unit prices.
   *
   * @param effectiveFrom - first second at this price
   * @throws the error of the store that holds the catalogue
   */
  async resolve(nodeKey: number, spec: WireNodeSpec, effectiveFrom: number): Promise<ActivationRecord> {
    const { weights, network, currency } = this.#options;
    const facts = toFacts(spec);
    const { catalogue, version } = await this.#catalogues.catalogueFor(facts);
    const answer = resolveNodePrice(facts, catalogue, { annotationCurrency: currency });
    const explanation = [
      version === 0 ? 'no refreshed price catalogue yet' : `price catalogue version ${version}`,
      ...answer.explanation.filter((line) => line !== 'unpriced'),
    ];
    const found = this.#fromAnswer(answer, explanation) ?? this.#fromUnits(toCapacity(spec), explanation);
    const crossZone = Number(parsePicounits(network.crossZone));
    return {
      ...found,
      explanation,
      nodeKey,
      effectiveFrom,
      currency,
      catalogueVersion: version === 0 ? null : version,
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

  #fromAnswer(answer: PriceAnswer, explanation: string[]): Found | undefined {
    const { price, source, sourceVersion, sku } = answer;
    if (price === null) return undefined;
    const list = answer.listPrice ?? price;
    const { currency, exchangeRates = {} } = this.#options;
    const origin = { source, sourceVersion, sku };
    if (answer.currency === currency) {
      return {
        ...origin,
        picounitsPerHour: parsePicounits(price),
        listPicounitsPerHour: parsePicounits(list),
      };
    }
    const rate = Object.hasOwn(exchangeRates, answer.currency) ? exchangeRates[answer.currency] : undefined;
    if (rate === undefined) {
      explanation.push(
        `price in ${answer.currency}: this hub reports in ${currency} and has no rate, set ${environmentNames.exchangeRates}`,
      );
      return undefined;
    }
    const conversion = { from: answer.currency, to: currency, rate, price };
    const converted = convertPrice(conversion);
    explanation.push(`converted: ${price} ${answer.currency} × ${rate} = ${converted} ${currency}`);
    return {
      ...origin,
      conversion,
      picounitsPerHour: parsePicounits(converted),
      listPicounitsPerHour: parsePicounits(convertPrice({ ...conversion, price: list })),
    };
  }

  #fromUnits(capacity: NodeCapacity, explanation: string[]): Found {
    const { unitPrices } = this.#options;
    if (unitPrices === undefined) {
      explanation.push('configured unit prices: none, so the node is unpriced');
      return UNPRICED;
    }
    explanation.push(
      `configured unit prices: ${unitPrices.perCoreHour} per core-hour, ${unitPrices.perGibHour} per GiB-hour, ${unitPrices.perGpuHour} per GPU-hour`,
    );
    const price = priceByUnits(capacity, unitPrices);
    return {
      picounitsPerHour: price,
      listPicounitsPerHour: price,
      source: 'unit-prices',
      sourceVersion: '',
      sku: '',
    };
  }
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
