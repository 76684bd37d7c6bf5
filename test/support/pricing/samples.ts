import { buildCatalogue, type Catalogue } from '@kubehero/domain';
import { parseSource, type ParsedSource, type SourceName } from '@kubehero/pricing';

// Samples are constructed to the published shapes of each format; attribute names and values are those that the
// services use, SKUs are invented, and prices are the published ones where a test says so.

/** A source document in memory. */
export function document(name: string, value: unknown): { name: string; open: () => AsyncIterable<Buffer> } {
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return {
    name,

    open: async function* () {
      yield bytes;
    },
  };
}

/** Parses documents of one source. */
export function parse(source: SourceName, ...values: readonly unknown[]): Promise<ParsedSource> {
  return parseSource(
    source,
    values.map((value, index) => document(`sample-${String(index)}.json`, value)),
    {},
  );
}

/** Parses documents of one source into a catalogue. */
export async function catalogueOf(
  source: SourceName,
  values: readonly unknown[],
  asOf = '2026-11-22T00:00:00Z',
): Promise<Catalogue> {
  const parsed = await parse(source, ...values);
  return buildCatalogue([{ asOfMs: Date.parse(asOf), rows: parsed.items }]);
}

/** Attributes of m5.large in Ireland as an EC2 offer file has them. */
export const M5_LARGE = {
  servicecode: 'AmazonEC2',
  location: 'EU (Ireland)',
  locationType: 'AWS Region',
  instanceType: 'm5.large',
  vcpu: '2',
  memory: '8 GiB',
  tenancy: 'Shared',
  operatingSystem: 'Linux',
  licenseModel: 'No License required',
  usagetype: 'EU-BoxUsage:m5.large',
  operation: 'RunInstances',
  capacitystatus: 'Used',
  marketoption: 'OnDemand',
  preInstalledSw: 'NA',
  regionCode: 'eu-west-1',
} as const;

/** A product of an offer file with its on-demand price. */
export interface OfferProduct {
  readonly sku: string;
  readonly family?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly price: string;
  readonly unit?: string;
  readonly currency?: string;
  readonly effectiveDate?: string;
}

/** An offer file with these products, keys in the published order. */
export function offer(
  products: readonly OfferProduct[],
  header: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  return {
    formatVersion: 'v1.0',
    disclaimer: 'constructed',
    offerCode: 'AmazonEC2',
    version: '20261101000000',
    publicationDate: '2026-11-01T00:00:00Z',
    ...header,
    products: Object.fromEntries(
      products.map(({ sku, family, attributes }) => [
        sku,
        { sku, productFamily: family ?? 'Compute Instance', attributes },
      ]),
    ),
    terms: {
      OnDemand: Object.fromEntries(products.map((product) => [product.sku, termOf(product)])),
      Reserved: { OTHER: { 'OTHER.X': { offerTermCode: 'X', priceDimensions: {} } } },
    },
    attributesList: {},
  };
}

function termOf(product: OfferProduct): Record<string, unknown> {
  const code = `${product.sku}.JRTCKXETXF`;
  const dimension = {
    rateCode: `${code}.6YS6EN2CT7`,
    description: 'constructed',
    beginRange: '0',
    endRange: 'Inf',
    unit: product.unit ?? 'Hrs',
    pricePerUnit: { [product.currency ?? 'USD']: product.price },
    appliesTo: [],
  };
  return {
    [code]: {
      offerTermCode: 'JRTCKXETXF',
      sku: product.sku,
      effectiveDate: product.effectiveDate ?? '2026-10-01T00:00:00Z',
      priceDimensions: { [dimension.rateCode]: dimension },
      termAttributes: {},
    },
  };
}

/** A reserved term of an offer file, under its code. */
export function reservedTerm(
  sku: string,
  facts: {
    readonly term: '1yr' | '3yr';
    readonly payment: 'No Upfront' | 'Partial Upfront' | 'All Upfront';
    readonly hourly: string;
    readonly upfront?: string;
  },
): Record<string, unknown> {
  const code = `${sku}.${facts.term}${facts.payment.replaceAll(' ', '')}`;
  const dimension = (rate: string, unit: string, price: string): Record<string, unknown> => ({
    [`${code}.${rate}`]: { rateCode: `${code}.${rate}`, unit, pricePerUnit: { USD: price }, appliesTo: [] },
  });
  return {
    [code]: {
      offerTermCode: code.slice(sku.length + 1),
      sku,
      effectiveDate: '2026-10-01T00:00:00Z',
      priceDimensions: {
        ...dimension('6YS6EN2CT7', 'Hrs', facts.hourly),
        ...(facts.upfront === undefined ? {} : dimension('2TG2D8R56U', 'Quantity', facts.upfront)),
      },
      termAttributes: {
        LeaseContractLength: facts.term,
        OfferingClass: 'standard',
        PurchaseOption: facts.payment,
      },
    },
  };
}

function planRate(sku: string, usage: string, operation: string, price: string): Record<string, unknown> {
  return {
    discountedSku: sku,
    discountedUsageType: usage,
    discountedOperation: operation,
    discountedServiceCode: 'AmazonEC2',
    rateCode: `X.${sku}`,
    unit: 'Hrs',
    discountedRate: { price, currency: 'USD' },
  };
}

/** A Savings Plan list of a region: two plans for machines, one for another service; constructed. */
export const SAVINGS_PLAN = {
  version: '20261101000000',
  publicationDate: '2026-11-01T00:00:00Z',
  regionCode: 'eu-west-1',
  products: [
    {
      sku: 'COMPUTE1',
      productFamily: 'ComputeSavingsPlans',
      attributes: { purchaseOption: 'No Upfront', purchaseTerm: '1yr' },
    },
    {
      sku: 'FAMILY3',
      productFamily: 'EC2InstanceSavingsPlans',
      attributes: { purchaseOption: 'All Upfront', purchaseTerm: '3yr', instanceType: 'm5' },
    },
    { sku: 'ML', productFamily: 'SageMakerSavingsPlans', attributes: { purchaseOption: 'No Upfront' } },
  ],
  terms: {
    savingsPlan: [
      {
        sku: 'COMPUTE1',
        description: '1 year No Upfront Compute Savings Plan',
        effectiveDate: '2026-10-01T00:00:00Z',
        leaseContractLength: { duration: 1, unit: 'year' },
        rates: [
          planRate('LINUX', 'EU-BoxUsage:m5.large', 'RunInstances', '0.0795'),
          planRate('UNKNOWN', 'EU-BoxUsage:c5.xlarge', 'RunInstances:0002', '0.33'),
          planRate('FARGATE', 'EU-Fargate-vCPU-Hours:perCPU', '', '0.03'),
          planRate('UNUSED', 'EU-UnusedBox:m5.large', 'RunInstances', '0.0795'),
        ],
      },
      {
        sku: 'FAMILY3',
        description: '3 year All Upfront m5 EC2 Instance Savings Plan in eu-west-1',
        effectiveDate: '2026-10-01T00:00:00Z',
        leaseContractLength: { duration: 3, unit: 'year' },
        rates: [planRate('LINUX', 'EU-BoxUsage:m5.large', 'RunInstances', '0.0428')],
      },
    ],
  },
} as const;

/** An item of the Azure retail prices API: D4s v5 for Linux in West Europe. */
export const AZURE_D4S = {
  currencyCode: 'USD',
  tierMinimumUnits: 0,
  retailPrice: 0.23,
  unitPrice: 0.23,
  armRegionName: 'westeurope',
  location: 'EU West',
  effectiveStartDate: '2021-11-01T00:00:00Z',
  meterId: 'meter-d4s',
  meterName: 'D4s v5',
  productId: 'DZH318Z08NRP',
  skuId: 'DZH318Z08NRP/0001',
  productName: 'Virtual Machines Dsv5 Series',
  skuName: 'Standard_D4s_v5',
  serviceName: 'Virtual Machines',
  serviceId: 'DZH313Z7MMC8',
  serviceFamily: 'Compute',
  unitOfMeasure: '1 Hour',
  type: 'Consumption',
  isPrimaryMeterRegion: true,
  armSkuName: 'Standard_D4s_v5',
} as const;

/** A page of the Azure retail prices API. */
export function azurePage(items: readonly object[], next: string | null = null): Record<string, unknown> {
  return {
    BillingCurrency: 'USD',
    CustomerEntityId: 'Default',
    CustomerEntityType: 'Retail',
    Items: items,
    NextPageLink: next,
    Count: items.length,
  };
}

/** What a SKU of the Cloud Billing Catalog is made from. */
export interface SkuFacts {
  readonly id: string;
  readonly description: string;
  readonly group?: string;
  readonly family?: string;
  readonly usage?: string;
  readonly unit?: string;
  readonly units?: string;
  readonly nanos?: number;
  readonly currency?: string;
  readonly regions?: readonly string[];
}

/** A SKU of the Cloud Billing Catalog. */
export function gcpSku(facts: SkuFacts): Record<string, unknown> {
  const unitPrice = {
    currencyCode: facts.currency ?? 'USD',
    units: facts.units ?? '0',
    nanos: facts.nanos ?? 0,
  };
  return {
    name: `services/6F81-5844-456A/skus/${facts.id}`,
    skuId: facts.id,
    description: facts.description,
    category: {
      serviceDisplayName: 'Compute Engine',
      resourceFamily: facts.family ?? 'Compute',
      resourceGroup: facts.group ?? 'CPU',
      usageType: facts.usage ?? 'OnDemand',
    },
    serviceRegions: facts.regions ?? ['us-central1'],
    pricingInfo: [
      {
        summary: '',
        pricingExpression: {
          usageUnit: facts.unit ?? 'h',
          displayQuantity: 1,
          tieredRates: [{ startUsageAmount: 0, unitPrice }],
        },
        currencyConversionRate: 1,
        effectiveTime: '2026-10-01T00:00:00Z',
      },
    ],
    serviceProviderName: 'Google',
  };
}

/** Core and memory rates of a family, as the published us-central1 prices have them for E2 and N1. */
export const E2_RATES = [
  gcpSku({ id: 'E2-CORE', description: 'E2 Instance Core running in Americas', nanos: 21811590 }),
  gcpSku({
    id: 'E2-RAM',
    description: 'E2 Instance Ram running in Americas',
    group: 'RAM',
    unit: 'GiBy.h',
    nanos: 2923530,
  }),
];

/** An answer of GetProducts: every entry is a JSON text of its own. */
export function getProducts(products: readonly OfferProduct[]): Record<string, unknown> {
  const entries = products.map((product) =>
    JSON.stringify({
      product: {
        productFamily: product.family ?? 'Compute Instance',
        attributes: product.attributes,
        sku: product.sku,
      },
      serviceCode: 'AmazonEC2',
      terms: { OnDemand: termOf(product) },
      version: '20261101000000',
      publicationDate: '2026-11-01T00:00:00Z',
    }),
  );
  return { FormatVersion: 'aws_v1', PriceList: entries };
}
