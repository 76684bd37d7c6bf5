import { selectRow, type Catalogue, type Selection } from './catalogue.js';
import { ratesInForce } from './commitment-rate.js';
import {
  add,
  compare,
  divide,
  formatDecimal,
  isPositive,
  multiply,
  roundPrice,
  toDecimal,
  tryParseDecimal,
  ZERO,
  type Decimal,
} from './decimal.js';
import {
  gcpRateName,
  gcpSharedCoreVcpus,
  gcpShapeByName,
  gpuModelKey,
  parseGcpCustomType,
} from './gcp-shapes.js';
import { findLicense } from './license.js';
import type { PricedResource, PriceRow, PurchaseModel } from './price-row.js';
import type { MachineQuery } from './query.js';

/** Billable parts of a Google machine. */
interface BillOfMaterials {
  readonly rateName: string;
  readonly vcpus: Decimal;
  readonly memoryGib: Decimal;
  /** Memory beyond what the vCPUs carry, at its own rate. */
  readonly extendedGib: Decimal;
  readonly gpus: Readonly<Record<string, number>>;
  readonly localSsds: number;
  readonly origin: string;
}

/** A machine's price put together from the rates of its parts. */
export interface Composition {
  readonly pricePerHour: Decimal;
  readonly currency: string;
  readonly sku: string;
  readonly source: PriceRow['source'];
  readonly sourceVersion: string;
  readonly family: string;
  readonly lines: readonly string[];
}

/** Why no price could be put together; the message is part of an explanation. */
export interface NotComposed {
  readonly reason: string;
}

const LOCAL_SSD_GIB = toDecimal('375');
const HOURS_PER_MONTH = toDecimal('730');
// GiB of memory that one vCPU of a custom machine carries before the extended rate applies.
const EXTENDED_FROM: Readonly<Record<string, string>> = { n1: '6.5', n2: '8', n2d: '8', n4: '8', n4d: '8' };
// E2 and G2 custom machines are sold at the predefined rates: their custom SKUs do not exist.
const CUSTOM_AT_PREDEFINED = new Set(['e2', 'g2']);

interface Cores {
  readonly vcpus: Decimal;
  readonly memoryGib: Decimal;
  readonly gpus: Readonly<Record<string, number>>;
  readonly localSsds: number;
  readonly origin: string;
}

/** Disks that come with a machine; undefined where its name says that there are some and nobody how many. */
function bundledDisks(type: string): number | undefined {
  const known = gcpShapeByName(type)?.localSsds;
  return known ?? (/lssd(?:-metal)?$/.test(type) ? undefined : 0);
}

function fromCatalogue(catalogue: Catalogue, type: string): Cores | undefined {
  const shape = catalogue.shape('gcp', type);
  if (shape === undefined) return undefined;
  const disks = bundledDisks(type) ?? (shape.localSsds > 0 ? 0 : undefined);
  if (disks === undefined) return undefined;
  return {
    vcpus: toDecimal(shape.vcpus),
    memoryGib: toDecimal(shape.memoryGib),
    gpus: shape.gpus,
    localSsds: Math.max(shape.localSsds, disks),
    origin: 'machine type list',
  };
}

function fromQuery(query: MachineQuery): Cores | undefined {
  const vcpus = tryParseDecimal(query.vcpus ?? '');
  const memoryGib = tryParseDecimal(query.memoryGib ?? '');
  if (vcpus === undefined || memoryGib === undefined) return undefined;
  if (!isPositive(vcpus) || !isPositive(memoryGib)) return undefined;
  const disks = bundledDisks(query.instanceType);
  if (disks === undefined) return undefined;
  return { vcpus, memoryGib, gpus: {}, localSsds: disks, origin: 'given capacity' };
}

function fromTable(type: string): Cores | undefined {
  const shape = gcpShapeByName(type);
  return shape === undefined ? undefined : { ...shape, origin: 'built-in table' };
}

function customBill(query: MachineQuery): BillOfMaterials | undefined {
  const custom = parseGcpCustomType(query.instanceType);
  if (custom === undefined) return undefined;
  const limit = EXTENDED_FROM[custom.family];
  const carried = limit === undefined ? custom.memoryGib : multiply(custom.vcpus, toDecimal(limit));
  const over = custom.extended && compare(custom.memoryGib, carried) > 0;
  return {
    rateName: CUSTOM_AT_PREDEFINED.has(custom.family) ? custom.family : `${custom.family}-custom`,
    vcpus: custom.vcpus,
    memoryGib: over ? carried : custom.memoryGib,
    extendedGib: over ? add(custom.memoryGib, negate(carried)) : ZERO,
    gpus: query.gpus ?? {},
    localSsds: 0,
    origin: 'custom type name',
  };
}

function negate(value: Decimal): Decimal {
  return { digits: -value.digits, scale: value.scale };
}

/** @param preferGiven - a person stated the shape; a node's capacity is smaller than its machine and comes last */
function billOf(
  catalogue: Catalogue,
  query: MachineQuery,
  preferGiven: boolean,
): BillOfMaterials | undefined {
  const type = query.instanceType;
  const custom = customBill(query);
  if (custom !== undefined) return custom;
  const given = fromQuery(query);
  const listed = fromCatalogue(catalogue, type);
  const cores = listed ?? (preferGiven ? (given ?? fromTable(type)) : (fromTable(type) ?? given));
  if (cores === undefined) return undefined;
  const bundled = Object.keys(cores.gpus).length > 0 ? cores.gpus : gcpShapeByName(type)?.gpus;
  return {
    ...cores,
    rateName: gcpRateName(type),
    vcpus: gcpSharedCoreVcpus(type) ?? cores.vcpus,
    extendedGib: ZERO,
    gpus: bundled !== undefined && Object.keys(bundled).length > 0 ? bundled : (query.gpus ?? {}),
  };
}

class Composer {
  readonly lines: string[] = [];
  readonly skus: string[] = [];
  total: Decimal = ZERO;
  currency = '';
  first: PriceRow | undefined;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly query: MachineQuery,
    private readonly options: ComposeOptions,
  ) {}

  get committed(): boolean {
    return this.options.commitment !== undefined;
  }

  find(resource: PricedResource, name: string, region: string = this.query.region): Selection {
    const rows = this.catalogue.rows('gcp', region, resource, name);
    const filter = { purchaseModel: this.#modelOf(resource), os: this.query.os };
    return selectRow(rows, filter, this.options.atMs);
  }

  #modelOf(resource: PricedResource): PurchaseModel {
    // A licence costs the same on a spot machine and is in no commitment; it has one row.
    if (resource === 'license') return 'on-demand';
    return this.options.commitment === undefined ? this.query.purchaseModel : 'reserved';
  }

  /** Price of a row's unit: of a commitment its rate for the term. */
  #priceOf(row: PriceRow): string | undefined {
    const { commitment, atMs } = this.options;
    if (commitment === undefined || row.purchaseModel !== 'reserved') return row.price;
    const rates = ratesInForce(row, atMs ?? this.catalogue.asOfMs);
    return rates.find(({ term }) => term === commitment)?.price;
  }

  /** Adds `quantity` × the rate. Returns the reason when there is no rate. */
  charge(resource: PricedResource, name: string, quantity: Decimal, region?: string): string | undefined {
    const found = this.find(resource, name, region);
    const what = `${this.query.purchaseModel} rate for ${resource} ${name} in ${region ?? this.query.region}`;
    if (found.outcome !== 'row') return `no ${what}: ${found.reason}`;
    const { row } = found;
    const price = this.#priceOf(row);
    if (price === undefined) return `no ${what} for ${this.options.commitment ?? 'this term'}`;
    if (this.currency !== '' && this.currency !== row.currency) {
      return `${what} is in ${row.currency}, the other parts in ${this.currency}`;
    }
    this.currency = row.currency;
    this.first ??= row;
    this.#add({ ...row, price }, quantity);
    return undefined;
  }

  /** Adds an operating system's fee for a machine of so many vCPUs. Returns the reason when there is none. */
  chargeLicense(os: string, vcpus: Decimal): string | undefined {
    const found = findLicense(this.catalogue, { provider: 'gcp', os, vcpus }, this.options.atMs);
    if ('reason' in found) return found.reason;
    if (found.row.currency !== this.currency) return `licence ${os} is in ${found.row.currency}`;
    this.#add(found.row, found.quantity);
    return undefined;
  }

  #add(row: PriceRow, quantity: Decimal): void {
    const cost = multiply(quantity, toDecimal(row.price));
    const monthly = row.unit.endsWith('-month');
    this.total = add(this.total, monthly ? divide(cost, HOURS_PER_MONTH, 18) : cost);
    this.skus.push(row.sku);
    const words = `${formatDecimal(quantity)} × ${row.price} per ${row.unit}${monthly ? ' / 730 h' : ''}`;
    this.lines.push(`${row.resource} ${row.name}: ${words} (sku ${row.sku})`);
  }
}

function chargeCores(composer: Composer, bill: BillOfMaterials): string | undefined {
  if (composer.committed) {
    if (isPositive(bill.extendedGib)) return 'extended memory is in no commitment';
    // Commitments know no custom machines: their cores and memory are those of the family.
    const family = bill.rateName.replace(/-custom$/, '');
    return composer.charge('vcpu', family, bill.vcpus) ?? composer.charge('memory', family, bill.memoryGib);
  }
  // m2 has no rates of its own: it is m1 plus an upgrade premium on both core and memory.
  const name = bill.rateName === 'm2' ? 'm1' : bill.rateName;
  const missing =
    composer.charge('vcpu', name, bill.vcpus) ?? composer.charge('memory', name, bill.memoryGib);
  if (missing !== undefined || bill.rateName !== 'm2') return missing;
  return (
    composer.charge('vcpu', 'm2-premium', bill.vcpus) ??
    composer.charge('memory', 'm2-premium', bill.memoryGib)
  );
}

function chargeExtras(composer: Composer, bill: BillOfMaterials): string | undefined {
  if (isPositive(bill.extendedGib)) {
    const missing = composer.charge('memory', `${bill.rateName}-extended`, bill.extendedGib);
    if (missing !== undefined) return missing;
  }
  for (const [model, count] of Object.entries(bill.gpus)) {
    if (count <= 0) continue;
    const missing = composer.charge('gpu', gpuModelKey(model), toDecimal(String(count)));
    if (missing !== undefined) return missing;
  }
  if (bill.localSsds === 0) return undefined;
  const gib = multiply(LOCAL_SSD_GIB, toDecimal(String(bill.localSsds)));
  const own = composer.find('local-ssd', bill.rateName).outcome === 'row';
  return composer.charge('local-ssd', own ? bill.rateName : 'any', gib);
}

function chargeLicense(composer: Composer, query: MachineQuery, bill: BillOfMaterials): string | undefined {
  if (query.os === 'linux') return undefined;
  if (query.os === 'windows') return composer.charge('license', 'windows-core', bill.vcpus, 'global');
  return composer.chargeLicense(query.os, bill.vcpus);
}

/** How a price is put together. */
export interface ComposeOptions {
  readonly atMs?: number | undefined;
  /** A person stated the shape; a node's capacity is smaller than its machine and comes last. */
  readonly preferGiven: boolean;
  /** Term of a commitment (`1yr`, `3yr`) whose rates are taken; @default - the query's purchase model */
  readonly commitment?: string;
}

/**
 * Composes the hourly price of a Google machine from core, memory, GPU, local disk and licence rates.
 * Every part must have a rate of the same purchase model and currency, else nothing is composed.
 */
export function composeGcpPrice(
  catalogue: Catalogue,
  query: MachineQuery,
  options: ComposeOptions,
): Composition | NotComposed {
  const bill = billOf(catalogue, query, options.preferGiven);
  if (bill === undefined) return { reason: `the shape of ${query.instanceType} is not known` };
  const composer = new Composer(catalogue, query, options);
  const missing =
    chargeCores(composer, bill) ?? chargeExtras(composer, bill) ?? chargeLicense(composer, query, bill);
  if (missing !== undefined) return { reason: missing };
  const { first } = composer;
  if (first === undefined || !isPositive(composer.total)) return { reason: 'nothing to charge for' };
  return {
    pricePerHour: roundPrice(composer.total),
    currency: composer.currency,
    sku: composer.skus.join('+'),
    source: first.source,
    sourceVersion: first.sourceVersion,
    family: first.family,
    lines: [`shape from ${bill.origin}`, ...composer.lines],
  };
}
