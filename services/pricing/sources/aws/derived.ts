import { addDecimals, compareDecimals, formatDecimal, toDecimal, type PriceRow } from '@kubehero/domain';
import type { RowCollector } from '../collector.js';

/**
 * Rows that follow from others of the same file: the whole fee of a cluster in extended support (the list holds the
 * surcharge alone), and the inter-region price of most destinations.
 */
export function addDerivedAwsRows(rows: RowCollector, place: string): void {
  const all = [...rows.rows()];
  for (const row of all.filter(
    ({ resource, name }) => resource === 'cluster-fee' && name === 'extended-surcharge',
  )) {
    const base = all.find(
      (other) => other.resource === 'cluster-fee' && other.name === 'standard' && other.region === row.region,
    );
    if (base?.currency !== row.currency) continue;
    const price = formatDecimal(addDecimals(toDecimal(base.price), toDecimal(row.price)));
    rows.row({ ...row, name: 'extended', price, sku: `${base.sku}+${row.sku}` }, place);
  }
  addInterRegion(rows, all, place);
}

function addInterRegion(rows: RowCollector, all: readonly PriceRow[], place: string): void {
  const regions = new Map<string, PriceRow[]>();
  for (const row of all) {
    if (row.resource !== 'network' || !row.name.startsWith('inter-region:')) continue;
    regions.set(row.region, [...(regions.get(row.region) ?? []), row]);
  }
  for (const group of regions.values()) {
    const usual = usualRate(group);
    if (usual === undefined) continue;
    const general: PriceRow = { ...usual, name: 'inter-region' };
    const conflict = 'it depends on the destination: ask for inter-region:<region>';
    const comparable = group.every((row) => row.currency === usual.currency);
    rows.row(comparable ? general : { ...general, sku: '', conflict }, place);
  }
}

/** A near region or two are cheaper than all others: the rate of most destinations, the dearer where two are even. */
function usualRate(group: readonly PriceRow[]): PriceRow | undefined {
  const prices = group.map(({ price }) => price);
  const count = (price: string): number => prices.filter((one) => one === price).length;
  const [usual] = [...group].sort(
    (a, b) => count(b.price) - count(a.price) || compareDecimals(toDecimal(b.price), toDecimal(a.price)),
  );
  return usual;
}
