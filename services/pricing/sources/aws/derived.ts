import { addDecimals, formatDecimal, toDecimal, type PriceRow } from '@kubehero/domain';
import type { RowCollector } from '../collector.js';

/**
 * Rows that follow from others of the same file: the whole fee of a cluster in extended support (the list holds the
 * surcharge alone), and one inter-region price where all destinations cost the same.
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
    const first = group[0];
    if (first === undefined) continue;
    const same = group.every((row) => row.price === first.price && row.currency === first.currency);
    const general: PriceRow = { ...first, name: 'inter-region', sku: same ? first.sku : '' };
    const conflict = 'it depends on the destination: ask for inter-region:<region>';
    rows.row(same ? general : { ...general, conflict }, place);
  }
}
