import {
  addDecimals,
  formatDecimal,
  isPositiveDecimal,
  multiplyDecimals,
  toDecimal,
  type PriceRow,
  type PriceTier,
} from '@kubehero/domain';
import { PricingError } from '../../errors.js';
import { parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import type { SourceOptions } from '../aws/offer.js';
import { RowCollector, type ParsedSource } from '../collector.js';
import type { GcpCandidate, UnitMeaning } from './candidate.js';
import { judgeGcpSku } from './judge.js';
import { toGcpSkus, type GcpSku } from './sku.js';
import { entryOf } from '../table.js';

function decide(path: readonly string[]): PathDecision {
  if (path.length === 0) return 'enter';
  if (path.length === 1) return path[0] === 'skus' ? 'enter' : path[0] === '*' ? 'capture' : 'skip';
  return path[0] === 'skus' ? 'capture' : 'skip';
}

function scaled(price: string, meaning: UnitMeaning): string {
  return meaning.factor === undefined
    ? price
    : formatDecimal(multiplyDecimals(toDecimal(price), toDecimal(meaning.factor)));
}

function addSku(sku: GcpSku, candidate: GcpCandidate, place: string, rows: RowCollector): void {
  const meaning = entryOf(candidate.units, sku.unit);
  if (meaning === undefined)
    return rows.skip(`unknown unit '${sku.unit.slice(0, 16)}' for ${candidate.resource}`);
  const paid = sku.tiers.find(({ price }) => isPositiveDecimal(toDecimal(price)));
  if (paid === undefined) return rows.skip('price is zero');
  if (!/^[A-Z]{3}$/.test(sku.currency)) return rows.skip('no currency');
  const price = scaled(paid.price, meaning);
  const tiers = tiersOf(sku, candidate, meaning, price);
  for (const region of sku.regions) {
    const row: PriceRow = {
      kind: 'price',
      provider: 'gcp',
      region: region.toLowerCase(),
      resource: candidate.resource,
      name: candidate.name,
      ...(candidate.os === undefined ? {} : { os: candidate.os }),
      purchaseModel: candidate.purchaseModel,
      unit: meaning.unit,
      currency: sku.currency,
      price,
      ...(tiers === undefined ? {} : { tiers }),
      source: 'gcp-skus',
      sourceVersion: sku.effectiveTime,
      sku: sku.skuId,
      family: candidate.family,
    };
    addRow(row, sku, candidate, { place, rows });
  }
}

function tiersOf(
  sku: GcpSku,
  candidate: GcpCandidate,
  meaning: UnitMeaning,
  price: string,
): readonly PriceTier[] | undefined {
  if (candidate.sizes !== undefined) return [{ ...candidate.sizes, price }];
  const tiers = sku.tiers.map((tier) => ({ from: tier.from, price: scaled(tier.price, meaning) }));
  return tiers.length < 2 ? undefined : tiers;
}

function addRow(
  row: PriceRow,
  sku: GcpSku,
  candidate: GcpCandidate,
  { place, rows }: { readonly place: string; readonly rows: RowCollector },
): void {
  const at = Date.parse(sku.effectiveTime);
  const from = Number.isNaN(at) ? {} : { effectiveFrom: new Date(at).toISOString() };
  const { term, sizes } = candidate;
  if (term !== undefined) rows.commitment(row, { term, price: row.price, ...from }, place);
  else if (sizes !== undefined) addSizes({ ...row, ...from }, place, rows);
  else rows.row({ ...row, ...from }, place);
}

/** A fee that differs by the size of the machine comes as a SKU for each size: together they make one row. */
function addSizes(row: PriceRow, place: string, rows: RowCollector): void {
  const known = rows.known(row);
  const [size] = row.tiers ?? [];
  if (known === undefined || size === undefined) return rows.row(row, place);
  const steps = known.tiers ?? [];
  const same = steps.find((step) => step.from === size.from && step.to === size.to);
  if (same?.price === size.price) return;
  if (same !== undefined) {
    const conflict = `machines of ${size.from} vCPUs are listed at ${same.price} and ${size.price}`;
    return rows.replace({ ...known, conflict });
  }
  const tiers = [...steps, size].sort((a, b) => Number(a.from) - Number(b.from));
  rows.replace({ ...known, tiers, sku: `${known.sku}+${row.sku}` });
}

function addDerived(rows: RowCollector, place: string): void {
  for (const row of [...rows.rows()]) {
    if (row.resource !== 'cluster-fee') continue;
    if (row.name === standardOf(rows, row)) rows.row({ ...row, name: 'standard' }, place);
    if (row.name !== 'extended-surcharge') continue;
    const base = [...rows.rows()].find(
      (r) => r.resource === 'cluster-fee' && r.name === 'regional' && r.region === row.region,
    );
    if (base?.currency !== row.currency) continue;
    const price = formatDecimal(addDecimals(toDecimal(base.price), toDecimal(row.price)));
    rows.row({ ...row, name: 'extended', price, sku: `${base.sku}+${row.sku}` }, place);
  }
}

/** Clusters of both kinds cost the same; a list may hold one of them. */
function standardOf(rows: RowCollector, { region }: PriceRow): string {
  const isRegional = (row: PriceRow): boolean =>
    row.resource === 'cluster-fee' && row.name === 'regional' && row.region === region;
  return [...rows.rows()].some(isRegional) ? 'regional' : 'zonal';
}

function take(sku: GcpSku, place: string, rows: RowCollector, commitments: boolean): void {
  const verdict = judgeGcpSku(sku);
  if ('skip' in verdict) rows.skip(verdict.skip);
  else if (verdict.term !== undefined && !commitments) rows.skip('commitment');
  else addSku(sku, verdict, place, rows);
}

/** Reads pages of the Cloud Billing Catalog. Prices keep the currency that the pages are in. */
export async function parseGcpSkus(
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  const rows = new RowCollector('gcp-skus');
  let seen = 0;
  let newest = '';
  for (const file of files) {
    const reader = new JsonRecordReader({
      name: file.name,
      decide,
      onRecord: (_path, bytes, offset) => {
        seen += 1;
        const skus = toGcpSkus(parseJson(bytes.toString('utf8'), { name: file.name, offset }));
        if (skus.length === 0) rows.skip('no prices');
        for (const sku of skus) {
          if (sku.effectiveTime > newest) newest = sku.effectiveTime;
          take(sku, `${file.name} byte ${String(offset)}`, rows, options.commitments !== false);
        }
      },
    });
    for await (const chunk of file.open()) reader.write(chunk);
    reader.end();
  }
  const names = files.map(({ name }) => name).join(', ');
  if (seen === 0) {
    throw new PricingError(
      'WRONG_SHAPE',
      `gcp-skus: ${names} has no skus: name pages of the Cloud Billing Catalog`,
    );
  }
  addDerived(rows, names);
  return rows.finish(names, { version: newest });
}
