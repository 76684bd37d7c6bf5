import { formatDecimal, isPositiveDecimal, tryParseDecimal } from '@kubehero/domain';
import { asArray, asRecord, asText } from '../../stream/exact-json.js';
import { entryOf } from '../table.js';

/** An item of the retail prices API, as far as it is read. */
export interface AzureItem {
  readonly currency: string;
  /** Decimal text. */
  readonly price: string;
  readonly tierFrom: string;
  readonly region: string;
  readonly start: string;
  readonly end: string;
  readonly meterId: string;
  readonly skuId: string;
  readonly meterName: string;
  readonly productName: string;
  readonly skuName: string;
  readonly armSkuName: string;
  readonly serviceName: string;
  readonly unit: string;
  readonly type: string;
  readonly primary: boolean;
  readonly reservationTerm: string;
  /** Rates of savings plans: hourly prices by term. */
  readonly savingsPlans: readonly { readonly term: string; readonly price: string }[];
}

/** Terms as the service writes them. */
const TERMS: Readonly<Record<string, string>> = { '1 Year': '1yr', '3 Years': '3yr' };

/** A term in the catalogue's words, empty for one that is not known. */
export function azureTerm(text: string): string {
  return entryOf(TERMS, text) ?? '';
}

function savingsPlansOf(value: unknown): AzureItem['savingsPlans'] {
  return asArray(value).flatMap((entry) => {
    const record = asRecord(entry);
    const price = tryParseDecimal(asText(record['retailPrice'] ?? record['unitPrice']));
    const term = azureTerm(asText(record['term']));
    if (price === undefined || !isPositiveDecimal(price) || term === '') return [];
    return [{ term, price: formatDecimal(price) }];
  });
}

/** Reads an item whose numbers are exact; undefined when it has no price. */
export function toAzureItem(value: unknown): AzureItem | undefined {
  const r = asRecord(value);
  const price = tryParseDecimal(asText(r['retailPrice'] ?? r['unitPrice']));
  if (price === undefined || price.digits < 0n) return undefined;
  const tier = tryParseDecimal(asText(r['tierMinimumUnits']));
  const region = asText(r['armRegionName']).toLowerCase();
  const location = asText(r['location']).toLowerCase();
  return {
    currency: asText(r['currencyCode']).toUpperCase(),
    price: formatDecimal(price),
    tierFrom: tier === undefined ? '0' : formatDecimal(tier),
    region: region !== '' ? region : location === '' || location === 'global' ? 'global' : '',
    start: asText(r['effectiveStartDate']),
    end: asText(r['effectiveEndDate']),
    meterId: asText(r['meterId']),
    skuId: asText(r['skuId']),
    meterName: asText(r['meterName']),
    productName: asText(r['productName']),
    skuName: asText(r['skuName']),
    armSkuName: asText(r['armSkuName']),
    serviceName: asText(r['serviceName']),
    unit: asText(r['unitOfMeasure']),
    type: asText(r['type'] ?? r['priceType']),
    primary: r['isPrimaryMeterRegion'] !== false,
    reservationTerm: asText(r['reservationTerm']),
    savingsPlans: savingsPlansOf(r['savingsPlan']),
  };
}
