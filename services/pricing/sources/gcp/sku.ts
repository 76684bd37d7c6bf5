import { formatDecimal, fromUnitsAndNanos, type PriceTier } from '@kubehero/domain';
import { asArray, asRecord, asText } from '../../stream/exact-json.js';

/** A SKU of the Cloud Billing Catalog, as far as it is read. */
export interface GcpSku {
  readonly skuId: string;
  readonly description: string;
  readonly service: string;
  readonly family: string;
  readonly group: string;
  readonly usageType: string;
  readonly regions: readonly string[];
  readonly unit: string;
  readonly currency: string;
  /** Ascending by usage; amounts as decimal text. */
  readonly tiers: readonly PriceTier[];
  readonly effectiveTime: string;
}

function toTier(value: unknown): { tier: PriceTier; currency: string } | undefined {
  const rate = asRecord(value);
  const money = asRecord(rate['unitPrice']);
  const units = asText(money['units']);
  const price = fromUnitsAndNanos(units === '' ? '0' : units, Number(money['nanos'] ?? 0));
  if (price === undefined || price.digits < 0n) return undefined;
  const from = asText(rate['startUsageAmount']);
  return {
    tier: { from: from === '' ? '0' : from, price: formatDecimal(price) },
    currency: asText(money['currencyCode']),
  };
}

function withPricing(record: Record<string, unknown>, value: unknown): GcpSku | undefined {
  const category = asRecord(record['category']);
  const pricing = asRecord(value);
  const expression = asRecord(pricing['pricingExpression']);
  const tiers = asArray(expression['tieredRates']).map(toTier);
  const first = tiers[0];
  if (first === undefined) return undefined;
  if (tiers.some((tier) => tier?.currency !== first.currency)) return undefined;
  return {
    skuId: asText(record['skuId']),
    description: asText(record['description']).trim(),
    service: asText(category['serviceDisplayName']),
    family: asText(category['resourceFamily']),
    group: asText(category['resourceGroup']),
    usageType: asText(category['usageType']),
    regions: asArray(record['serviceRegions'])
      .map(asText)
      .filter((region) => region !== ''),
    unit: asText(expression['usageUnit']),
    currency: first.currency,
    tiers: tiers.flatMap((tier) => (tier === undefined ? [] : [tier.tier])),
    effectiveTime: asText(pricing['effectiveTime']),
  };
}

/**
 * Reads a SKU record: one entry per price that it has had or will have. Empty when it has no prices, or when its
 * tiers are in several currencies.
 */
export function toGcpSkus(value: unknown): readonly GcpSku[] {
  const record = asRecord(value);
  return asArray(record['pricingInfo']).flatMap((pricing) => withPricing(record, pricing) ?? []);
}
