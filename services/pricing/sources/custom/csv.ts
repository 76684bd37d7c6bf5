import { PricingError } from '../../errors.js';
import { entryOf } from '../table.js';

const MAX_ROWS = 200_000;

/** Splits CSV text (RFC 4180: quotes, doubled quotes, line ends inside quotes) into rows of fields. */
// eslint-disable-next-line kubehero/complexity -- a state machine over characters reads best in one place
export function parseCsv(text: string, name: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  const endRow = (): void => {
    row.push(field);
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    field = '';
    if (rows.length > MAX_ROWS)
      throw new PricingError('BAD_SHEET', `${name} has more than ${String(MAX_ROWS)} rows: split it`);
  };
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') {
        field += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && field === '') quoted = true;
    else if (character === ',') {
      row.push(field);
      field = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r') field += character;
  }
  if (quoted)
    throw new PricingError('BAD_SHEET', `${name}: a quoted field is never closed: add the missing quote`);
  if (field !== '' || row.length > 0) endRow();
  return rows;
}

const LISTS: Readonly<Record<string, string>> = {
  node: 'nodes',
  unit: 'units',
  price: 'prices',
  discount: 'discounts',
};
const MATCH = new Set(['nodeName', 'labels', 'matchInstanceType', 'matchRegion']);
const HARDWARE = new Set(['purchasePrice', 'lifeYears', 'powerWatts', 'pricePerKwh', 'pue', 'monthlyCost']);

function labels(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(';').map((pair) => {
      const split = pair.indexOf('=');
      return [pair.slice(0, Math.max(0, split)).trim(), pair.slice(split + 1).trim()];
    }),
  );
}

function place(entry: Record<string, unknown>, column: string, value: string): void {
  const into = (key: string): Record<string, unknown> => (entry[key] ??= {}) as Record<string, unknown>;
  if (MATCH.has(column)) {
    const field = {
      nodeName: 'name',
      labels: 'labels',
      matchInstanceType: 'instanceType',
      matchRegion: 'region',
    }[column];
    into('match')[field ?? column] = column === 'labels' ? labels(value) : value;
  } else if (HARDWARE.has(column)) into('hardware')[column] = value;
  else if (column === 'gpuHour') entry[column] = labels(value);
  else entry[column] = value;
}

/**
 * Turns the CSV form of a price sheet into the structure of the YAML form: a `kind` column (node, unit, price,
 * discount), one column per field, `labels` and `gpuHour` as `key=value;key=value`.
 */
export function sheetFromCsv(text: string, name: string): Record<string, unknown> {
  const [header, ...rows] = parseCsv(text, name);
  if (!header?.includes('kind')) {
    throw new PricingError(
      'BAD_SHEET',
      `${name} has no header with a 'kind' column: see the price sheet's documentation`,
    );
  }
  const sheet: Record<string, unknown> = { name: name.replace(/\.csv(\.gz)?$/, '') };
  for (const [index, row] of rows.entries()) {
    const entry: Record<string, unknown> = {};
    let kind = '';
    for (const [column, value] of row.entries()) {
      const title = (header[column] ?? '').trim();
      if (value.trim() === '') continue;
      if (title === 'kind') kind = value.trim();
      else place(entry, title, value.trim());
    }
    const list = entryOf(LISTS, kind);
    if (list === undefined) {
      throw new PricingError(
        'BAD_SHEET',
        `${name} row ${String(index + 2)}: kind '${kind}' is none of node, unit, price, discount`,
      );
    }
    ((sheet[list] ??= []) as unknown[]).push(entry);
  }
  return sheet;
}
