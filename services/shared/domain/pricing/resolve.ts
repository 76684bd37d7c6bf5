import { REFERENCE_REGION, selectRow, type Catalogue, type RowFilter, type Selection } from './catalogue.js';
import { listCommitments, type ListedCommitment } from './commitment.js';
import { isInForce } from './custom-sheet.js';
import { add, formatDecimal, isPositive, roundPrice, toDecimal, type Decimal } from './decimal.js';
import {
  applyDiscount,
  discountApplies,
  discountRank,
  type Discount,
  type DiscountSubject,
} from './discount.js';
import { composeGcpPrice } from './gcp-compose.js';
import { azureVcpus, findLicense } from './license.js';
import type { PriceRow, PriceSource } from './price-row.js';
import type { MachineQuery, PriceAnswer, ResourceQuery } from './query.js';

/** A list price before discounts. */
export interface FoundPrice {
  readonly list: Decimal;
  readonly currency: string;
  readonly unit: string;
  readonly source: PriceSource | 'annotation';
  readonly sourceVersion: string;
  readonly sku: string;
  readonly family: string;
}

/** Options of a lookup. */
export interface LookupOptions {
  /** Instant that validity is judged at, epoch ms; @default - the instant that each part was refreshed for */
  readonly atMs?: number | undefined;
}

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
  return listCommitments(catalogue, { ...query, region, instanceType: spelling(query) }, atMs);
}

/** Found price of a row. */
export function fromRow(row: PriceRow): FoundPrice {
  return {
    list: toDecimal(row.price),
    currency: row.currency,
    unit: row.unit,
    source: row.source,
    sourceVersion: row.sourceVersion,
    sku: row.sku,
    family: row.family,
  };
}

/** Words for a row that was chosen. */
export function describeRow(row: PriceRow): string {
  const since = row.effectiveFrom === undefined ? '' : `, in force since ${row.effectiveFrom}`;
  const fallback = row.source === 'built-in' ? ' (built-in fallback, dated)' : '';
  return `${row.source} version ${row.sourceVersion}, sku ${row.sku}${since}${fallback}`;
}

/**
 * Region that a machine is priced in: an AWS Local Zone or Wavelength Zone is a price region of its own, and the
 * parent region's price never stands in for it.
 */
export function priceRegionOf(provider: string, region: string, zone: string): string {
  if (provider === 'azure') return region.toLowerCase().replaceAll(' ', '');
  if (provider !== 'aws') return region.toLowerCase();
  const wavelength = /^([a-z]{2}(?:-[a-z]+)+-\d-wl\d)-/.exec(zone)?.[1];
  const local = /^([a-z]{2}(?:-[a-z]+)+-\d-[a-z]+-\d+)[a-z]$/.exec(zone)?.[1];
  return wavelength ?? local ?? region.toLowerCase();
}

function exactPrice(
  catalogue: Catalogue,
  query: MachineQuery,
  atMs: number | undefined,
  words: string[],
): FoundPrice | undefined {
  const region = priceRegionOf(query.provider, query.region, query.zone ?? '');
  const filter = {
    os: query.os,
    purchaseModel: query.purchaseModel,
    ...(query.tenancy === undefined ? {} : { tenancy: query.tenancy }),
  };
  const rows = catalogue.rows(query.provider, region, 'instance', spelling(query));
  const zoned = query.zone ?? '';
  const what = `exact ${query.purchaseModel} ${query.os} price of ${query.instanceType} in`;
  for (const zone of zoned === '' ? [''] : [zoned, '']) {
    const selection = selectRow(rows, { ...filter, zone }, atMs);
    const found = report(selection, `${what} ${zone === '' ? region : zone}`, words);
    if (found !== undefined) return found;
  }
  if (zoned === '' && query.purchaseModel === 'spot') return oneZonePrice(rows, filter, atMs, words);
  return referencePrice(catalogue, query, filter, words);
}

/** Only the built-in list has a reference region; it stands in where the node's own region is not listed at all. */
function referencePrice(
  catalogue: Catalogue,
  query: MachineQuery,
  filter: RowFilter,
  words: string[],
): FoundPrice | undefined {
  const region = priceRegionOf(query.provider, query.region, query.zone ?? '');
  if (catalogue.knowsRegion(query.provider, region)) return undefined;
  const rows = catalogue.rows(query.provider, REFERENCE_REGION, 'instance', spelling(query));
  if (rows.length === 0) return undefined;
  return report(selectRow(rows, filter, undefined), `built-in price of another region for ${region}`, words);
}

/** Azure's names come with and without their prefix. */
function spelling(query: MachineQuery): string {
  const name = query.instanceType;
  return query.provider !== 'azure' || /^standard_/i.test(name) ? name : `Standard_${name}`;
}

function report(selection: Selection, what: string, words: string[]): FoundPrice | undefined {
  if (selection.outcome === 'row') {
    words.push(`${what}: ${describeRow(selection.row)}`);
    return fromRow(selection.row);
  }
  words.push(
    `${what}: ${selection.outcome === 'conflict' ? `not usable, ${selection.reason}` : selection.reason}`,
  );
  return undefined;
}

/** Spot prices differ by zone. Without a zone there is a price only where all zones agree. */
function oneZonePrice(
  rows: ReturnType<Catalogue['rows']>,
  filter: { readonly os: string; readonly purchaseModel: string },
  atMs: number | undefined,
  words: string[],
): FoundPrice | undefined {
  const zones = [...new Set(rows.map(({ row }) => row.zone ?? '').filter((zone) => zone !== ''))].sort();
  const found: PriceRow[] = [];
  for (const zone of zones) {
    const selection = selectRow(rows, { ...filter, zone }, atMs);
    if (selection.outcome === 'row') found.push(selection.row);
  }
  const first = found[0];
  if (first === undefined) return undefined;
  if (found.some((row) => row.price !== first.price || row.currency !== first.currency)) {
    words.push(
      `spot prices differ by zone (${found.map((row) => `${row.zone ?? ''} ${row.price}`).join(', ')}): name the zone`,
    );
    return undefined;
  }
  words.push(`all known zones have the same spot price: ${describeRow(first)}`);
  return fromRow(first);
}

/** Azure lists Red Hat's and SUSE's fees apart from the machine, by its vCPUs. */
function licensedPrice(
  catalogue: Catalogue,
  query: MachineQuery,
  atMs: number | undefined,
  words: string[],
): FoundPrice | undefined {
  const { os } = query;
  if (os !== 'rhel' && os !== 'suse') return undefined;
  const machine = exactPrice(catalogue, { ...query, os: 'linux' }, atMs, words);
  if (machine === undefined) return undefined;
  const vcpus = azureVcpus(query);
  if (vcpus === undefined) {
    words.push(`licence ${os}: the machine's vCPUs are not known, and the fee goes by them`);
    return undefined;
  }
  const license = findLicense(catalogue, { provider: 'azure', os, vcpus }, atMs);
  if ('reason' in license) {
    words.push(license.reason);
    return undefined;
  }
  const { row } = license;
  if (row.currency !== machine.currency) {
    words.push(`licence ${os} is in ${row.currency}, the machine in ${machine.currency}`);
    return undefined;
  }
  words.push(`licence ${os} for ${formatDecimal(vcpus)} vCPUs: ${row.price} per hour, ${describeRow(row)}`);
  const list = roundPrice(add(machine.list, toDecimal(row.price)));
  return { ...machine, list, sku: `${machine.sku}+${row.sku}` };
}

/** Resolution without discounts: exact SKU, then composed, then nothing. Adds to `words` what was tried. */
export function findMachine(
  catalogue: Catalogue,
  query: MachineQuery,
  options: { readonly atMs: number | undefined; readonly preferGiven: boolean },
  words: string[],
): FoundPrice | undefined {
  const exact = exactPrice(catalogue, query, options.atMs, words);
  if (exact !== undefined) return exact;
  if (query.provider === 'azure') return licensedPrice(catalogue, query, options.atMs, words);
  if (query.provider !== 'gcp') return undefined;
  const machine = {
    ...query,
    region: query.region.toLowerCase(),
    instanceType: query.instanceType.toLowerCase(),
  };
  let composed = composeGcpPrice(catalogue, machine, options);
  if (
    'reason' in composed &&
    catalogue.knowsRegion('gcp', REFERENCE_REGION) &&
    !catalogue.knowsRegion('gcp', machine.region)
  ) {
    words.push(
      `composed from parts: ${composed.reason}`,
      `built-in rates of another region for ${machine.region}`,
    );
    composed = composeGcpPrice(catalogue, { ...machine, region: REFERENCE_REGION }, options);
  }
  if ('reason' in composed) {
    words.push(`composed from parts: ${composed.reason}`);
    return undefined;
  }
  words.push(`composed from parts (${composed.source} version ${composed.sourceVersion})`, ...composed.lines);
  return { ...composed, list: composed.pricePerHour, unit: 'hour' };
}

/** Answers a question for a machine. Never throws for what is merely unknown: then the price is null. */
export function lookupMachine(
  catalogue: Catalogue,
  query: MachineQuery,
  options: LookupOptions = {},
): PriceAnswer {
  const words: string[] = [];
  const found = findMachine(catalogue, query, { atMs: options.atMs, preferGiven: true }, words);
  const region = priceRegionOf(query.provider, query.region, query.zone ?? '');
  if (found === undefined && !catalogue.knowsRegion(query.provider, region)) {
    words.push(
      `the catalogue holds nothing for ${query.provider} ${region}: run 'kubehero pricing refresh' for it`,
    );
  }
  const subject: AnswerSubject = {
    provider: query.provider,
    region: query.region,
    zone: query.zone ?? '',
    instanceType: query.instanceType,
    os: query.os,
    purchaseModel: query.purchaseModel,
  };
  return toAnswer(subject, found, words, {
    catalogue,
    atMs: options.atMs,
    ...(found === undefined ? {} : { subject: discountSubject(query, region, found), machine: query }),
  });
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

/** Answers a question for a volume, load balancer, network class ... A tiered price gives its first paid step. */
export function lookupResource(
  catalogue: Catalogue,
  query: ResourceQuery,
  options: LookupOptions = {},
): PriceAnswer {
  const words: string[] = [];
  const region = priceRegionOf(query.provider, query.region, '');
  let row: PriceRow | undefined;
  for (const place of [region, 'global']) {
    const rows = catalogue.rows(query.provider, place, query.resource, query.name);
    const selection = selectRow(rows, { purchaseModel: 'on-demand' }, options.atMs);
    report(selection, `${query.resource} ${query.name} in ${place}`, words);
    if (selection.outcome === 'row') row = selection.row;
    if (selection.outcome !== 'none') break;
  }
  if (row?.provider === 'aws' && row.name === 'inter-region')
    words.push('the rate of most destinations: one destination is inter-region:<region>');
  for (const tier of row?.tiers ?? []) words.push(`from ${tier.from} ${row?.unit ?? ''}: ${tier.price}`);
  const found = row === undefined || !isPositive(toDecimal(row.price)) ? undefined : fromRow(row);
  const subject = {
    provider: query.provider,
    region: query.region,
    zone: '',
    instanceType: '',
    os: '',
    purchaseModel: 'on-demand',
  };
  const discountable = row === undefined ? {} : { subject: row };
  return toAnswer(subject, found, words, { catalogue, atMs: options.atMs, ...discountable });
}
