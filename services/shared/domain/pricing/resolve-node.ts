import { annotationKeys } from '@kubehero/contract';
import type { Catalogue } from './catalogue.js';
import { tryParseDecimal } from './decimal.js';
import type { NodeFacts } from './node-facts.js';
import { identifyNode, type NodeIdentity } from './node-identity.js';
import type { MachineQuery, PriceAnswer } from './query.js';
import { discountSubject, toAnswer } from './answer.js';
import type { FoundPrice } from './found-price.js';
import { findMachine, priceRegionOf } from './machine-price.js';
import { fromSheets, fromUnitPrices, stated } from './sheet-price.js';

/** What a node's price is worked out with. */
export interface NodePriceOptions {
  /** Instant that validity is judged at, epoch ms; @default - the instant that each part was refreshed for */
  readonly atMs?: number | undefined;
  /** Currency of `kubehero.io/price-per-hour`, @default 'USD' */
  readonly annotationCurrency?: string;
}

function fromAnnotation(facts: NodeFacts, currency: string, words: string[]): FoundPrice | undefined {
  const text = facts.annotations[annotationKeys.pricePerHour];
  if (text === undefined) {
    words.push(`annotation ${annotationKeys.pricePerHour}: not set`);
    return undefined;
  }
  const list = tryParseDecimal(text);
  if (list === undefined || list.digits < 0n) {
    words.push(
      `annotation ${annotationKeys.pricePerHour}: '${text}' is no price, write a plain decimal such as 0.35`,
    );
    return undefined;
  }
  words.push(`annotation ${annotationKeys.pricePerHour}: ${text}`);
  return stated(list, { currency, source: 'annotation', version: '', sku: annotationKeys.pricePerHour });
}

function machineQuery(identity: NodeIdentity): MachineQuery {
  return {
    provider: identity.provider,
    region: identity.region,
    zone: identity.zone,
    instanceType: identity.instanceType,
    os: identity.os,
    purchaseModel: identity.capacityType.model === 'spot' ? 'spot' : 'on-demand',
    ...(identity.tenancy === undefined ? {} : { tenancy: identity.tenancy }),
    ...(identity.vcpus === undefined ? {} : { vcpus: identity.vcpus }),
    ...(identity.memoryGib === undefined ? {} : { memoryGib: identity.memoryGib }),
    gpus: identity.gpus,
  };
}

/** The machine that a node is, as a question for the catalogue. */
export function machineOfNode(facts: NodeFacts): MachineQuery {
  return machineQuery(identifyNode(facts));
}

function fromCatalogue(
  catalogue: Catalogue,
  identity: NodeIdentity,
  atMs: number | undefined,
  words: string[],
): FoundPrice | undefined {
  if (identity.notAMachine !== undefined) {
    words.push(identity.notAMachine);
    return undefined;
  }
  if (identity.capacityType.model === 'capacity-block') {
    words.push(
      'capacity blocks are paid in advance and no list holds their price: set the annotation or a custom sheet',
    );
    return undefined;
  }
  if (identity.instanceType === '') {
    words.push('exact SKU: the node has no instance-type label');
    return undefined;
  }
  if (identity.region === '' && identity.provider !== 'custom') {
    words.push('exact SKU: neither a label nor the zone names a region');
    return undefined;
  }
  const query = machineQuery(identity);
  const options = { atMs, preferGiven: false };
  const found = findMachine(catalogue, query, options, words);
  const licensed = query.os === 'rhel' || query.os === 'suse';
  if (found !== undefined || !licensed || query.provider === 'aws') return found;
  // The image hints at a licence; without a rate for it the machine's own price is the better lower bound.
  words.push(`no rate for the ${query.os} licence is known: priced without it`);
  return findMachine(catalogue, { ...query, os: 'linux' }, options, words);
}

/**
 * The price of a node per hour, or why it has none. What is tried, in this order: the annotation
 * `kubehero.io/price-per-hour`, custom sheets, the exact SKU, a price composed from parts, unit prices of a custom
 * sheet. The same input gives the same answer; nothing is read, and an unknown price is null, never zero.
 */
export function resolveNodePrice(
  facts: NodeFacts,
  catalogue: Catalogue,
  options: NodePriceOptions = {},
): PriceAnswer {
  const identity = identifyNode(facts);
  const words: string[] = [...identity.words, ...identity.capacityType.words];
  const { instanceType, region, provider, zone, os } = identity;
  const { purchaseModel } = machineQuery(identity);
  const subject = {
    name: facts.name,
    labels: facts.labels,
    instanceType,
    region,
    provider,
    purchaseModel,
    os,
  };
  const sheetAtMs = options.atMs ?? catalogue.asOfMs;
  const query = machineQuery(identity);
  const own =
    fromAnnotation(facts, options.annotationCurrency ?? 'USD', words) ??
    fromSheets(catalogue.sheets, subject, sheetAtMs, words);
  const listed = own === undefined ? fromCatalogue(catalogue, identity, options.atMs, words) : undefined;
  const known = own ?? listed;
  const found = known ?? fromUnitPrices(catalogue, subject, identity, { atMs: sheetAtMs, words });
  const answer = { provider, region, zone, instanceType, os, purchaseModel };
  const place = priceRegionOf(provider, region, zone);
  return toAnswer(answer, found, words, {
    catalogue,
    atMs: options.atMs,
    ...(listed === undefined ? {} : { subject: discountSubject(query, place, listed), machine: query }),
  });
}
