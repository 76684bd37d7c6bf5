import type { Selection } from './catalogue.js';
import { toDecimal, type Decimal } from './decimal.js';
import type { PriceRow, PriceSource } from './price-row.js';

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

/** The price of a selection, undefined where it has none; adds to `words` what came of it. */
export function report(selection: Selection, what: string, words: string[]): FoundPrice | undefined {
  if (selection.outcome === 'row') {
    words.push(`${what}: ${describeRow(selection.row)}`);
    return fromRow(selection.row);
  }
  words.push(
    `${what}: ${selection.outcome === 'conflict' ? `not usable, ${selection.reason}` : selection.reason}`,
  );
  return undefined;
}
