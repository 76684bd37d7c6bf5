import { REFERENCE_REGION, selectRow, type Catalogue, type RowFilter } from './catalogue.js';
import { add, formatDecimal, roundPrice, toDecimal } from './decimal.js';
import { describeRow, fromRow, report, type FoundPrice } from './found-price.js';
import { composeGcpPrice } from './gcp-compose.js';
import { azureVcpus, findLicense } from './license.js';
import type { PriceRow } from './price-row.js';
import type { MachineQuery } from './query.js';

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
  const rows = catalogue.rows(query.provider, region, 'instance', listedName(query));
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
  const rows = catalogue.rows(query.provider, REFERENCE_REGION, 'instance', listedName(query));
  if (rows.length === 0) return undefined;
  return report(selectRow(rows, filter, undefined), `built-in price of another region for ${region}`, words);
}

/** Name that a machine has in the lists: Azure's come with and without their prefix. */
export function listedName(query: MachineQuery): string {
  const name = query.instanceType;
  return query.provider !== 'azure' || /^standard_/i.test(name) ? name : `Standard_${name}`;
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
