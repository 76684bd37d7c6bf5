import { buildCatalogue, REFERENCE_REGION, type Catalogue } from './catalogue.js';
import type { CustomSheet } from './custom-sheet.js';
import { formatDecimal, multiply, toDecimal } from './decimal.js';
import type { PriceRow, Provider } from './price-row.js';

/**
 * The price list that ships with the product, used only where no refreshed or imported catalogue knows better.
 *
 * Provenance: typed in by hand from the clouds' published on-demand Linux list prices in USD as they are generally
 * known; it was not downloaded and carries no signature of a provider. Spot prices move and are not in it (except
 * Google's, which hold for a month). Prices of the reference region stand in for regions that the table lacks, and
 * every answer from here says `built-in`.
 */
export const BUILT_IN_VERSION = 'built-in-2026-11-22';

const AS_OF_MS = Date.parse('2026-11-22T00:00:00Z');

type Table = Readonly<Record<string, string>>;

// AWS: price of one "large"; every other size of these families is a multiple of it.
const AWS_US_EAST_1: Table = {
  m5: '0.096',
  m5a: '0.086',
  m5d: '0.113',
  m6a: '0.0864',
  m6i: '0.096',
  m6g: '0.077',
  m7g: '0.0816',
  m7i: '0.1008',
  c5: '0.085',
  c5a: '0.077',
  c6a: '0.0765',
  c6i: '0.085',
  c6g: '0.068',
  c7g: '0.0725',
  c7i: '0.08925',
  r5: '0.126',
  r6a: '0.1134',
  r6i: '0.126',
  r6g: '0.1008',
  r7g: '0.1071',
  r7i: '0.1323',
  t3: '0.0832',
  t3a: '0.0752',
  t4g: '0.0672',
};
const AWS_EU_WEST_1: Table = {
  m5: '0.107',
  m6i: '0.107',
  c5: '0.096',
  c6i: '0.0912',
  r5: '0.141',
  r6i: '0.141',
  t3: '0.0912',
};
const AWS_SIZES: Table = {
  nano: '0.0625',
  micro: '0.125',
  small: '0.25',
  medium: '0.5',
  large: '1',
  xlarge: '2',
  '2xlarge': '4',
  '4xlarge': '8',
  '8xlarge': '16',
  '9xlarge': '18',
  '12xlarge': '24',
  '16xlarge': '32',
  '18xlarge': '36',
  '24xlarge': '48',
};
const AWS_SINGLE: Table = {
  'g4dn.xlarge': '0.526',
  'g4dn.2xlarge': '0.752',
  'g4dn.12xlarge': '3.912',
  'g5.xlarge': '1.006',
  'g5.2xlarge': '1.212',
  'p3.2xlarge': '3.06',
};

// Azure: price of two vCPUs; larger sizes of these families are multiples.
const AZURE_EASTUS: Table = {
  'Standard_D#_v3': '0.096',
  'Standard_D#s_v3': '0.096',
  'Standard_D#s_v4': '0.096',
  'Standard_D#s_v5': '0.096',
  'Standard_D#as_v5': '0.086',
  'Standard_D#ds_v5': '0.113',
  'Standard_E#s_v3': '0.126',
  'Standard_E#s_v5': '0.126',
  'Standard_F#s_v2': '0.0846',
};
const AZURE_SIZES: Table = { '2': '1', '4': '2', '8': '4', '16': '8', '32': '16', '48': '24', '64': '32' };
const AZURE_SINGLE: Table = {
  Standard_B2s: '0.0416',
  Standard_B2ms: '0.0832',
  Standard_B4ms: '0.166',
  Standard_DS2_v2: '0.146',
};

// Google, us-central1: core and GiB rates per hour.
const GCP_US_CENTRAL1: Readonly<Record<string, readonly [string, string]>> = {
  e2: ['0.02181159', '0.00292353'],
  n1: ['0.031611', '0.004237'],
  n2: ['0.031611', '0.004237'],
  n2d: ['0.027502', '0.003686'],
  t2d: ['0.027502', '0.003686'],
  c2: ['0.03398', '0.00455'],
};
const GCP_SPOT_US_CENTRAL1: Readonly<Record<string, readonly [string, string]>> = {
  n1: ['0.006655', '0.000892'],
};

type Facts = Pick<PriceRow, 'provider' | 'region' | 'resource' | 'name' | 'unit' | 'price' | 'family'> & {
  readonly spot?: boolean;
};

function row(facts: Facts): PriceRow {
  const { spot, ...rest } = facts;
  return {
    kind: 'price',
    ...rest,
    ...(facts.resource === 'instance' ? { os: 'linux' as const } : {}),
    purchaseModel: spot === true ? 'spot' : 'on-demand',
    currency: 'USD',
    source: 'built-in',
    sourceVersion: BUILT_IN_VERSION,
    sku: `${BUILT_IN_VERSION}/${facts.region}/${facts.name}`,
  };
}

function times(price: string, factor: string): string {
  return formatDecimal(multiply(toDecimal(price), toDecimal(factor)));
}

function* instances(
  provider: Provider,
  region: string,
  prices: Iterable<readonly [string, string]>,
): Generator<PriceRow> {
  for (const [name, price] of prices) {
    const family = name.split(/[.\d]/)[0] ?? name;
    yield row({ provider, region, resource: 'instance', name, unit: 'hour', price, family });
  }
}

function* awsPrices(families: Table, single: Table): Generator<readonly [string, string]> {
  for (const [family, large] of Object.entries(families)) {
    for (const [size, factor] of Object.entries(AWS_SIZES)) yield [`${family}.${size}`, times(large, factor)];
  }
  yield* Object.entries(single);
}

function* azurePrices(): Generator<readonly [string, string]> {
  for (const [pattern, price] of Object.entries(AZURE_EASTUS)) {
    for (const [size, factor] of Object.entries(AZURE_SIZES)) {
      yield [pattern.replace('#', size), times(price, factor)];
    }
  }
  yield* Object.entries(AZURE_SINGLE);
}

function* gcpRates(region: string): Generator<PriceRow> {
  for (const [spot, table] of [
    [false, GCP_US_CENTRAL1],
    [true, GCP_SPOT_US_CENTRAL1],
  ] as const) {
    for (const [name, [core, gib]] of Object.entries(table)) {
      const common = { provider: 'gcp' as const, region, name, family: name, spot };
      yield row({ ...common, resource: 'vcpu', unit: 'vcpu-hour', price: core });
      yield row({ ...common, resource: 'memory', unit: 'GiB-hour', price: gib });
    }
  }
}

// Rates for on-demand cloud machines whose type no list knows: Google's N1 rates, and a GPU of the T4 class.
function unitSheet(): CustomSheet {
  const rates = { vcpuHour: '0.031611', memoryGibHour: '0.004237', gpuHour: { '*': '0.95' } };
  const units = (['aws', 'azure', 'gcp'] as const).map((provider) => ({
    match: { provider, purchaseModel: 'on-demand' as const, os: 'linux' as const },
    ...rates,
  }));
  return {
    kind: 'sheet',
    name: 'built-in unit rates',
    source: 'built-in',
    currency: 'USD',
    version: BUILT_IN_VERSION,
    nodes: [],
    units,
    discounts: [],
  };
}

/** All rows of the built-in list. */
export function* builtInRows(): Generator<PriceRow | CustomSheet> {
  for (const region of ['us-east-1', REFERENCE_REGION]) {
    yield* instances('aws', region, awsPrices(AWS_US_EAST_1, AWS_SINGLE));
  }
  yield* instances('aws', 'eu-west-1', awsPrices(AWS_EU_WEST_1, {}));
  for (const region of ['eastus', REFERENCE_REGION]) yield* instances('azure', region, azurePrices());
  for (const region of ['us-central1', REFERENCE_REGION]) yield* gcpRates(region);
  yield unitSheet();
}

/** The built-in list as a catalogue; cheap, some two thousand rows. */
export function builtInCatalogue(): Catalogue {
  return buildCatalogue([{ asOfMs: AS_OF_MS, rows: builtInRows() }]);
}
