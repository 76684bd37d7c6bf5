import type { Catalogue } from './catalogue.js';
import { listCommitments, type ListedCommitment } from './commitment.js';
import { isInForce } from './custom-sheet.js';
import { formatDecimal, toDecimal, type Decimal } from './decimal.js';
import {
  applyDiscount,
  discountApplies,
  discountRank,
  type Discount,
  type DiscountSubject,
} from './discount.js';
import type { FoundPrice } from './found-price.js';
import { listedName, priceRegionOf } from './machine-price.js';
import type { MachineQuery, PriceAnswer } from './query.js';

/** Fields that an answer repeats from its question. */
export type AnswerSubject = Pick<
  PriceAnswer,
  'provider' | 'region' | 'zone' | 'instanceType' | 'os' | 'purchaseModel'
>;

/** What discounts are looked up with. */
export interface Discounting {
  readonly catalogue: Catalogue;
  readonly atMs: number | undefined;
  /** Absent: no discount applies. */
  readonly subject?: DiscountSubject;
  /** The machine, for discounts that name a commitment. */
  readonly machine?: MachineQuery;
}

/** Puts an answer together and applies the narrowest discount that is in force. */
export function toAnswer(
  subject: AnswerSubject,
  found: FoundPrice | undefined,
  explanation: readonly string[],
  discounting: Discounting,
): PriceAnswer {
  if (found === undefined) {
    const none = {
      currency: '',
      unit: '',
      price: null,
      listPrice: null,
      source: '',
      sourceVersion: '',
      sku: '',
    };
    return { ...subject, ...none, explanation: [...explanation, 'unpriced'] };
  }
  const reduced = discounting.subject === undefined ? undefined : discounted(found, discounting);
  const words = reduced === undefined ? [] : [reduced.words];
  return {
    ...subject,
    currency: found.currency,
    unit: found.unit,
    price: formatDecimal(reduced?.price ?? found.list),
    listPrice: formatDecimal(found.list),
    source: found.source,
    sourceVersion: found.sourceVersion,
    sku: found.sku,
    explanation: [...explanation, ...words],
  };
}

interface Discounted {
  readonly price: Decimal;
  readonly words: string;
}

function discounted(found: FoundPrice, options: Discounting): Discounted | undefined {
  const { subject } = options;
  if (subject === undefined) return undefined;
  const at = options.atMs ?? options.catalogue.asOfMs;
  const discounts = options.catalogue.sheets
    .flatMap((sheet) => sheet.discounts.map((discount) => ({ discount, currency: sheet.currency })))
    .filter(({ discount }) => discountApplies(discount, subject))
    .filter(({ discount }) => isInForce(discount, at))
    .filter(({ discount, currency }) => discount.rate === undefined || currency === found.currency)
    .sort((a, b) => discountRank(b.discount) - discountRank(a.discount));
  const best = discounts[0]?.discount;
  if (best === undefined) return undefined;
  return best.commitment === undefined
    ? applyDiscount(best, found.list)
    : committed(best, best.commitment, found, options);
}

/** A commitment that nothing lists leaves the list price, and the explanation says so. */
function committed(
  discount: Discount,
  name: string,
  found: FoundPrice,
  { catalogue, atMs, machine }: Discounting,
): Discounted | undefined {
  if (machine?.purchaseModel !== 'on-demand') return undefined;
  const rate = commitmentsOf(catalogue, machine, atMs).find(
    (one) => one.name === name && one.currency === found.currency,
  );
  if (rate === undefined)
    return { price: found.list, words: `no list rate for commitment ${name}: the list price stays` };
  const words = `list rate ${rate.price} of commitment ${name} (${discount.reason}), ${rate.source} sku ${rate.sku}`;
  return { price: toDecimal(rate.price), words };
}

/** The list rates of commitments for a machine, cheapest first; empty for spot machines. */
export function commitmentsOf(
  catalogue: Catalogue,
  query: MachineQuery,
  atMs: number | undefined,
): readonly ListedCommitment[] {
  const region = priceRegionOf(query.provider, query.region, query.zone ?? '');
  return listCommitments(catalogue, { ...query, region, instanceType: listedName(query) }, atMs);
}

/** What a discount on a machine is matched against. */
export function discountSubject(query: MachineQuery, region: string, found: FoundPrice): DiscountSubject {
  return {
    provider: query.provider,
    region,
    sku: found.sku,
    family: found.family,
    name: query.instanceType,
    purchaseModel: query.purchaseModel,
  };
}
