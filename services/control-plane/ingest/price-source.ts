import { annotationKeys, environmentNames } from '@kubehero/contract';
import {
  builtInCatalogue,
  convertPrice,
  formatInstant,
  formatPicounits,
  judgedAt,
  MAX_PICOUNITS_PER_HOUR,
  parsePicounits,
  resolveNodePrice,
  type Catalogue,
  type NodeCapacity,
  type NodeFacts,
  type PriceAnswer,
  tryParseDecimal,
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

/** Prices of traffic; plain decimals of the reporting currency per GiB, below 1,000. */
export interface NetworkPrices {
  /** To and from another zone, each. */
  readonly crossZone: string;
  /** Sent to the internet. */
  readonly internet: string;
}

/** A value with where it came from, as explanations say it: `configured`, `default` … */
export interface Stated<T> {
  readonly value: T;
  readonly origin: string;
}

/** How nodes are priced. */
export interface PriceSourceOptions {
  /** Undefined: a node that neither annotation nor catalogue prices stays unpriced. */
  readonly unitPrices: Stated<UnitPrices> | undefined;
  /** Ratio by which a node's price splits over its resources. */
  readonly weights: Stated<UnitPrices>;
  readonly network: Stated<NetworkPrices>;
  readonly currency: string;
  /** By currency code: plain decimal of the reporting currency for one unit. @default - none */
  readonly exchangeRates?: Readonly<Record<string, string>>;
}

const MICROUNITS = 1_000_000n;
/** Weights are integers below 2^31. */
const MAX_WEIGHT = 2n ** 31n - 1n;
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

/** Whose prices of the past are asked for. */
export interface PastQuestion {
  readonly nodeKey: number;
  /** At least one, by rising `validFrom`; the first one holds for what is earlier, too. */
  readonly specs: readonly { readonly validFrom: number; readonly spec: WireNodeSpec }[];
  readonly from: number;
  readonly to: number;
}

/** A price from its `effectiveFrom` up to a second. */
export interface PastPrice {
  readonly record: ActivationRecord;
  readonly to: number;
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
   * prices of sheets, the unit prices of the settings.
   *
   * @param effectiveFrom - first second at this price
   * @throws the error of the store that holds the catalogue
   */
  async resolve(nodeKey: number, spec: WireNodeSpec, effectiveFrom: number): Promise<ActivationRecord> {
    const facts = toFacts(spec);
    const { catalogue, version } = await this.#catalogues.catalogueFor(facts);
    const answer = resolveNodePrice(facts, catalogue, { annotationCurrency: this.#options.currency });
    return this.#toRecord(answer, { nodeKey, spec, effectiveFrom, version });
  }

  /**
   * The prices of a node in a window of the past, as the catalogue of now says for that time: where it has no price that
   * was valid then, the listed price of now. Sheets and discounts count within their own validity alone.
   *
   * @param specs - what the node was, by time; the annotation of the newest one holds for all
   * @param pricePerHour - plain decimal, in place of what is found
   * @returns stretches of one price in order, without those that have none
   * @throws the error of the store that holds the catalogue
   */
  async resolvePast(
    { nodeKey, specs, from, to }: PastQuestion,
    pricePerHour?: string,
  ): Promise<readonly PastPrice[]> {
    const prices: PastPrice[] = [];
    const annotations = annotationsOf(specs.at(-1)?.spec, pricePerHour);
    for (const [at, stretch] of specs.entries()) {
      const begins = at === 0 ? from : Math.max(from, stretch.validFrom);
      const ends = Math.min(to, specs[at + 1]?.validFrom ?? to);
      if (begins >= ends) continue;
      const spec = { ...stretch.spec, annotations };
      const { catalogue, version } = await this.#catalogues.catalogueFor(toFacts(spec));
      for (const piece of piecesOf(catalogue, begins, ends)) {
        const answer = this.#answerOf(toFacts(spec), catalogue, piece.from);
        const record = this.#toRecord(answer, { nodeKey, spec, effectiveFrom: piece.from, version });
        if (record.picounitsPerHour !== null) append(prices, { record, to: piece.to });
      }
    }
    return prices;
  }

  #answerOf(facts: NodeFacts, catalogue: Catalogue, second: number): PriceAnswer {
    const judged = judgedAt(catalogue, second * 1000);
    const options = { annotationCurrency: this.#options.currency };
    const then = resolveNodePrice(facts, judged, { ...options, atMs: second * 1000 });
    if (then.price !== null && then.source !== 'built-in') return then;
    const now = resolveNodePrice(facts, judged, options);
    if (now.price === null || now.source === 'built-in') return then;
    const why = `the catalogue has no price that was valid at ${formatInstant(second)}: the listed price of now`;
    return { ...now, explanation: [why, ...now.explanation] };
  }

  #toRecord(
    answer: PriceAnswer,
    {
      nodeKey,
      spec,
      effectiveFrom,
      version,
    }: { nodeKey: number; spec: WireNodeSpec; effectiveFrom: number; version: number },
  ): ActivationRecord {
    const { weights, network, currency } = this.#options;
    const explanation = [
      version === 0 ? 'no refreshed price catalogue yet' : `price catalogue version ${version}`,
      ...answer.explanation.filter((line) => line !== 'unpriced'),
    ];
    const found =
      bounded(this.#fromAnswer(answer, explanation), explanation) ??
      this.#fromUnits(toCapacity(spec), explanation);
    const crossZone = Number(parsePicounits(network.value.crossZone));
    explanation.push(...describeRates(weights, network));
    return {
      ...found,
      explanation,
      nodeKey,
      effectiveFrom,
      currency,
      catalogueVersion: version === 0 ? null : version,
      weights: toWeights(weights.value),
      networkRates: {
        crossZoneSent: crossZone,
        crossZoneReceived: crossZone,
        internetSent: Number(parsePicounits(network.value.internet)),
      },
    };
  }

  #fromAnswer(answer: PriceAnswer, explanation: string[]): Found | undefined {
    const { price, source, sourceVersion, sku } = answer;
    if (price === null) return undefined;
    if (tryParseDecimal(price) === undefined) {
      explanation.push(notBelieved(source));
      return undefined;
    }
    if (this.#options.unitPrices?.origin === 'configured' && isByBuiltInUnits(answer)) {
      explanation.push('configured unit prices go before the built-in ones');
      return undefined;
    }
    const list = answer.listPrice ?? price;
    const { currency, exchangeRates = {} } = this.#options;
    const origin = { source, sourceVersion, sku };
    if (answer.currency === currency) {
      return {
        ...origin,
        picounitsPerHour: toPicounits(price),
        listPicounitsPerHour: toPicounits(list),
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
      picounitsPerHour: toPicounits(converted),
      listPicounitsPerHour: toPicounits(convertPrice({ ...conversion, price: list })),
    };
  }

  #fromUnits(capacity: NodeCapacity, explanation: string[]): Found {
    const { unitPrices, currency } = this.#options;
    if (unitPrices === undefined) {
      explanation.push(
        `unit prices: the default ones are in USD and have no rate into ${currency}, so the node is unpriced: set ${environmentNames.unitPrices}, or USD in ${environmentNames.exchangeRates}`,
      );
      return UNPRICED;
    }
    const { perCoreHour, perGibHour, perGpuHour } = unitPrices.value;
    explanation.push(
      `unit prices (${unitPrices.origin}): ${perCoreHour} per vCPU-hour, ${perGibHour} per GiB-hour, ${perGpuHour} per GPU-hour`,
    );
    const price = priceByUnits(capacity, unitPrices.value);
    if (price > MAX_PICOUNITS_PER_HOUR) {
      explanation.push(
        `they make ${formatPicounits(price)} an hour, above the bound, so the node is unpriced`,
      );
      return UNPRICED;
    }
    return {
      picounitsPerHour: price,
      listPicounitsPerHour: price,
      source: 'unit-prices',
      sourceVersion: '',
      sku: '',
    };
  }
}

/** Digits of the bound and those after the point: longer texts are prices above the bound. */
const LONGEST_PRICE = 6 + 1 + 12;

/** To the nearest picounit, as prices are that were converted; beyond the bound by any amount becomes just beyond it. */
function toPicounits(price: string): bigint {
  const rounded = convertPrice({ from: '', to: '', rate: '1', price });
  return rounded.length > LONGEST_PRICE ? MAX_PICOUNITS_PER_HOUR + 1n : parsePicounits(rounded);
}

/** What no machine costs is a slip of the pen, in an annotation or a sheet; the arithmetic ends there too. */
function bounded(found: Found | undefined, explanation: string[]): Found | undefined {
  if (found === undefined || (found.picounitsPerHour ?? 0n) <= MAX_PICOUNITS_PER_HOUR) return found;
  explanation.push(notBelieved(found.source));
  return undefined;
}

function notBelieved(source: string): string {
  const bound = formatPicounits(MAX_PICOUNITS_PER_HOUR);
  return `a price above ${bound} an hour is not believed: correct what ${source} says`;
}

/** Whether nothing but the unit rates that ship with the product priced a node. */
function isByBuiltInUnits({ source, sku }: PriceAnswer): boolean {
  return source === 'built-in' && sku.endsWith('/units');
}

/** Capacity of a node as its spec says. */
export function toCapacity(spec: WireNodeSpec): NodeCapacity {
  return {
    cpuMillicores: Number(spec.cpuCapacityMillicores),
    memoryBytes: Number(spec.memoryCapacityBytes),
    gpus: spec.gpuCapacity,
  };
}

/** The annotations of now, with a price that somebody gives in place of theirs. */
function annotationsOf(
  spec: WireNodeSpec | undefined,
  pricePerHour: string | undefined,
): Readonly<Record<string, string>> {
  const own = spec?.annotations ?? {};
  return pricePerHour === undefined ? own : { ...own, [annotationKeys.pricePerHour]: pricePerHour };
}

/** Stretches of whole seconds within which nothing in the catalogue begins or ends. */
function piecesOf(catalogue: Catalogue, from: number, to: number): { from: number; to: number }[] {
  const changes = [...catalogue.changesWithin(from * 1000, to * 1000)].map((at) => Math.ceil(at / 1000));
  const starts = [...new Set([from, ...changes])].filter((start) => start < to).sort((a, b) => a - b);
  return starts.map((start, at) => ({ from: start, to: starts[at + 1] ?? to }));
}

/** Adds a stretch; one that goes on at the same price lengthens the last one. */
function append(prices: PastPrice[], next: PastPrice): void {
  const last = prices.at(-1);
  if (last?.to === next.record.effectiveFrom && isSameFound(last.record, next.record)) {
    prices[prices.length - 1] = { record: last.record, to: next.to };
  } else prices.push(next);
}

function isSameFound(a: ActivationRecord, b: ActivationRecord): boolean {
  return (
    a.picounitsPerHour === b.picounitsPerHour &&
    a.listPicounitsPerHour === b.listPicounitsPerHour &&
    a.source === b.source &&
    a.sku === b.sku &&
    a.sourceVersion === b.sourceVersion
  );
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

/**
 * The ratio as integers below 2^31: whole microunits where they hold it exactly, else the largest becomes the greatest
 * integer that may be.
 */
function toWeights(prices: UnitPrices): ActivationRecord['weights'] {
  const exact = [prices.perCoreHour, prices.perGibHour, prices.perGpuHour].map(parsePicounits);
  const largest = exact.reduce((a, b) => (a > b ? a : b));
  const isWhole = largest / MICROUNITS <= MAX_WEIGHT && exact.every((value) => value % MICROUNITS === 0n);
  const scaled = exact.map((value) => Number(isWhole ? value / MICROUNITS : (value * MAX_WEIGHT) / largest));
  const [perCoreHour = 0, perGibHour = 0, perGpuHour = 0] = scaled;
  return { perCoreHour, perGibHour, perGpuHour };
}

function describeRates(weights: Stated<UnitPrices>, network: Stated<NetworkPrices>): string[] {
  const { perCoreHour, perGibHour, perGpuHour } = weights.value;
  const { crossZone, internet } = network.value;
  return [
    `split over resources (${weights.origin}): ${perCoreHour} a vCPU to ${perGibHour} a GiB to ${perGpuHour} a GPU`,
    `traffic per GB (${network.origin}): ${crossZone} to or from another zone, ${internet} to the internet`,
  ];
}
