import {
  amortisedPricePerHour,
  formatDecimal,
  type Discount,
  type NodeMatch,
  type OwnedHardware,
  type PriceRow,
  type SheetNode,
  type SheetUnits,
} from '@kubehero/domain';
import { parseDocument } from 'yaml';
import { PricingError } from '../../errors.js';
import { readAll, type InputFile } from '../../stream/input.js';
import { RowCollector, type ParsedSource } from '../collector.js';
import { sheetFromCsv } from './csv.js';
import { FieldReader } from './fields.js';

const MAX_SHEET_BYTES = 16 * 1024 * 1024;
const MAX_SHOWN_FAULTS = 5;
const PROVIDERS = ['aws', 'azure', 'gcp', 'custom'] as const;
const VALIDITY = ['validFrom', 'validTo'] as const;
const HARDWARE = ['purchasePrice', 'lifeYears', 'powerWatts', 'pricePerKwh', 'pue', 'monthlyCost'] as const;

function optional<K extends string, V>(key: K, value: V | undefined): Readonly<Partial<Record<K, V>>> {
  return (value === undefined ? {} : { [key]: value }) as Readonly<Partial<Record<K, V>>>;
}

function validity(entry: FieldReader): { validFrom?: string; validTo?: string } {
  return {
    ...optional('validFrom', entry.instant('validFrom')),
    ...optional('validTo', entry.instant('validTo')),
  };
}

function matchOf(entry: FieldReader): NodeMatch {
  const match = entry.nested('match')?.only(['name', 'labels', 'instanceType', 'region', 'provider']);
  if (match === undefined) return {};
  const labels = match.texts('labels');
  return {
    ...optional('name', match.text('name')),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...optional('instanceType', match.text('instanceType')),
    ...optional('region', match.text('region')),
    ...optional('provider', match.text('provider')),
  };
}

function hardwareOf(entry: FieldReader): OwnedHardware | undefined {
  const hardware = entry.nested('hardware')?.only(HARDWARE);
  if (hardware === undefined) return undefined;
  return {
    purchasePrice: hardware.requiredAmount('purchasePrice'),
    lifeYears: hardware.requiredAmount('lifeYears', { min: 0.1, max: 50 }),
    ...optional('powerWatts', hardware.amount('powerWatts')),
    ...optional('pricePerKwh', hardware.amount('pricePerKwh')),
    ...optional('pue', hardware.amount('pue', { min: 1, max: 10 })),
    ...optional('monthlyCost', hardware.amount('monthlyCost')),
  };
}

function amortised(hardware: OwnedHardware, sound: boolean): { pricePerHour: string; basis: string } {
  const words = `amortised: ${hardware.purchasePrice} over ${hardware.lifeYears} years`;
  const power =
    hardware.powerWatts === undefined
      ? ''
      : `, ${hardware.powerWatts} W at ${hardware.pricePerKwh ?? '0'} per kWh`;
  const monthly = hardware.monthlyCost === undefined ? '' : `, ${hardware.monthlyCost} a month`;
  return {
    pricePerHour: sound ? formatDecimal(amortisedPricePerHour(hardware)) : '0',
    basis: words + power + monthly,
  };
}

function nodeOf(entry: FieldReader, faults: readonly string[]): SheetNode {
  entry.only(['match', 'pricePerHour', 'hardware', ...VALIDITY]);
  const before = faults.length;
  const price = entry.amount('pricePerHour');
  const hardware = hardwareOf(entry);
  if ((price === undefined) === (hardware === undefined))
    entry.fault('pricePerHour', 'or hardware must be given, not both');
  const own =
    hardware === undefined
      ? { pricePerHour: price ?? '0', basis: `stated ${price ?? '0'} per hour` }
      : amortised(hardware, faults.length === before);
  return { match: matchOf(entry), ...own, ...validity(entry) };
}

function unitsOf(entry: FieldReader): SheetUnits {
  entry.only(['match', 'vcpuHour', 'memoryGibHour', 'gpuHour', ...VALIDITY]);
  const gpus = entry.nested('gpuHour');
  const gpuHour: Record<string, string> = {};
  for (const model of Object.keys(entry.texts('gpuHour')))
    gpuHour[model] = gpus?.requiredAmount(model) ?? '0';
  return {
    match: matchOf(entry),
    vcpuHour: entry.requiredAmount('vcpuHour'),
    memoryGibHour: entry.requiredAmount('memoryGibHour'),
    gpuHour,
    ...validity(entry),
  };
}

const COMMITMENT = /^(reserved|savings-plan)\/(1yr|3yr)(\/[a-z0-9-]+){0,2}$/;

function discountOf(entry: FieldReader): Discount {
  entry.only([
    'provider',
    'region',
    'sku',
    'family',
    'name',
    'purchaseModel',
    'percent',
    'rate',
    'commitment',
    'reason',
    ...VALIDITY,
  ]);
  const percent = entry.amount('percent', { max: 100 });
  const rate = entry.amount('rate');
  const commitment = entry.text('commitment');
  if ([percent, rate, commitment].filter((way) => way !== undefined).length !== 1)
    entry.fault('percent', 'or rate or commitment must be given, one of them');
  if (commitment !== undefined && !COMMITMENT.test(commitment))
    entry.fault('commitment', "must be such as 'reserved/1yr/no-upfront/standard' or 'savings-plan/3yr'");
  return {
    provider: entry.oneOf('provider', PROVIDERS, 'custom'),
    ...optional('region', entry.text('region')),
    ...optional('sku', entry.text('sku')),
    ...optional('family', entry.text('family')),
    ...optional('name', entry.text('name')),
    ...optional('purchaseModel', entry.text('purchaseModel')),
    ...optional('percent', percent),
    ...optional('rate', rate),
    ...optional('commitment', commitment),
    reason: entry.text('reason') ?? 'custom sheet',
    ...validity(entry),
  };
}

const RESOURCES = [
  'instance',
  'volume',
  'iops',
  'throughput',
  'snapshot',
  'loadbalancer',
  'ip',
  'cluster-fee',
  'network',
] as const;

function priceOf(entry: FieldReader, sheet: { name: string; currency: string; version: string }): PriceRow {
  entry.only([
    'provider',
    'region',
    'zone',
    'resource',
    'name',
    'instanceType',
    'os',
    'purchaseModel',
    'unit',
    'price',
    ...VALIDITY,
  ]);
  const resource = entry.oneOf('resource', RESOURCES, 'instance');
  const name = entry.text('instanceType') ?? entry.required('name');
  const os =
    entry.text('os') === undefined
      ? undefined
      : entry.oneOf('os', ['linux', 'windows', 'rhel', 'suse'], 'linux');
  const from = entry.instant('validFrom');
  const to = entry.instant('validTo');
  return {
    kind: 'price',
    provider: entry.oneOf('provider', PROVIDERS, 'custom'),
    region: entry.text('region') ?? 'global',
    ...optional('zone', entry.text('zone')),
    resource,
    name,
    ...optional('os', os),
    purchaseModel: entry.oneOf('purchaseModel', ['on-demand', 'spot'], 'on-demand'),
    unit: entry.text('unit') ?? 'hour',
    currency: sheet.currency,
    price: entry.requiredAmount('price'),
    ...optional('effectiveFrom', from),
    ...optional('effectiveTo', to),
    source: 'custom',
    sourceVersion: sheet.version,
    sku: `${sheet.name}/${name}`,
    family: 'custom',
  };
}

function fromYaml(text: string, name: string): unknown {
  // The failsafe schema leaves every number as it was written.
  const document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: true,
    stringKeys: true,
    logLevel: 'silent',
  });
  const wrong = (cause: unknown): PricingError => {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    return new PricingError('BAD_SHEET', `custom: ${name} is not valid YAML (${reason ?? ''}): correct it`, {
      cause,
    });
  };
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw wrong(fault);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw wrong(cause);
  }
}

function structure(text: string, file: InputFile): Record<string, unknown> {
  if (/\.csv(\.gz)?$/i.test(file.name)) return sheetFromCsv(text, file.name);
  const value = fromYaml(text, file.name);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new PricingError(
    'BAD_SHEET',
    `custom: ${file.name} must be a map with nodes, units, prices or discounts`,
  );
}

async function readSheet(file: InputFile, rows: RowCollector): Promise<string> {
  const text = (await readAll(file, MAX_SHEET_BYTES)).toString('utf8');
  const faults: string[] = [];
  const root = new FieldReader('sheet', structure(text, file), faults);
  root.only(['name', 'version', 'currency', 'nodes', 'units', 'prices', 'discounts']);
  const currency = root.text('currency') ?? 'USD';
  if (!/^[A-Z]{3}$/.test(currency)) root.fault('currency', `'${currency}' must be a code such as USD`);
  const facts = { name: root.text('name') ?? file.name, currency, version: root.text('version') ?? '' };
  const nodes = root.list('nodes').map((entry) => nodeOf(entry, faults));
  const units = root.list('units').map(unitsOf);
  const discounts = root.list('discounts').map(discountOf);
  const prices = root.list('prices').map((entry) => priceOf(entry, facts));
  if (faults.length > 0) {
    const shown = faults.slice(0, MAX_SHOWN_FAULTS).join('; ');
    const more =
      faults.length > MAX_SHOWN_FAULTS ? ` and ${String(faults.length - MAX_SHOWN_FAULTS)} more` : '';
    throw new PricingError('BAD_SHEET', `custom: ${file.name}: ${shown}${more}`);
  }
  for (const row of prices) rows.row(row, file.name);
  if (nodes.length + units.length + discounts.length > 0) {
    rows.sheet({ kind: 'sheet', source: 'custom', ...facts, nodes, units, discounts });
  }
  return facts.version;
}

/** Reads custom price sheets in YAML (or JSON) or, by the name's ending, CSV. All faults of a file are reported together. */
export async function parseCustomSheets(files: readonly InputFile[]): Promise<ParsedSource> {
  const rows = new RowCollector('custom');
  const versions: string[] = [];
  for (const file of files) versions.push(await readSheet(file, rows));
  return rows.finish(files.map(({ name }) => name).join(', '), { version: versions.join(',') });
}
