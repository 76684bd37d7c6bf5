import { PricingError } from '../../errors.js';
import type { InputFile } from '../../stream/input.js';
import type { RowCollector } from '../collector.js';
import { judgeAwsProduct, type AwsCandidate, type AwsProduct } from './product.js';
import { addOnDemandTerms } from './terms.js';

const MAX_LINE = 1024 * 1024;

// Columns of the CSV form by the attribute names of the JSON form.
const COLUMNS: Readonly<Record<string, string>> = {
  'Instance Type': 'instanceType',
  Tenancy: 'tenancy',
  'Operating System': 'operatingSystem',
  'License Model': 'licenseModel',
  usageType: 'usagetype',
  operation: 'operation',
  CapacityStatus: 'capacitystatus',
  'Pre Installed S/W': 'preInstalledSw',
  MarketOption: 'marketoption',
  'Market Option': 'marketoption',
  'Region Code': 'regionCode',
  Location: 'location',
  'Volume API Name': 'volumeApiName',
  'Transfer Type': 'transferType',
  'From Location': 'fromLocation',
  'From Region Code': 'fromRegionCode',
  'To Location': 'toLocation',
  'To Region Code': 'toRegionCode',
};

/**
 * Splits a line of an offer CSV. A quoted field ends at a quote before a comma or the line's end; other quotes inside
 * it belong to it, because the files do not double them everywhere.
 */
export function splitOfferLine(line: string): string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    const quoted = line[at] === '"';
    const end = quoted ? endOfQuoted(line, at + 1) : line.indexOf(',', at);
    const stop = end < 0 ? line.length : end;
    fields.push(quoted ? line.slice(at + 1, stop).replaceAll('""', '"') : line.slice(at, stop));
    at = stop + (quoted ? 2 : 1);
  }
  return fields;
}

function endOfQuoted(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 1)) {
    if (at + 1 === line.length || line[at + 1] === ',') return at;
  }
  return -1;
}

async function* linesOf(file: InputFile): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of file.open()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE)
      throw new PricingError('TOO_LARGE', `${file.name}: a line is longer than 1 MiB: this is no offer file`);
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

interface Gathered {
  readonly candidate: AwsCandidate;
  readonly effectiveDate: string;
  readonly dimensions: Record<string, unknown>;
}

class CsvOffer {
  readonly header = new Map<string, string>();
  readonly gathered = new Map<string, Gathered>();
  #columns: readonly string[] | undefined;
  rowsSeen = 0;

  constructor(
    private readonly rows: RowCollector,
    private readonly region: string | undefined,
  ) {}

  line(line: string, number: number): void {
    if (line === '') return;
    const fields = splitOfferLine(line);
    if (this.#columns === undefined) this.#meta(fields);
    else this.#row(fields, this.#columns, number);
  }

  #meta(fields: readonly string[]): void {
    if (fields[0] === 'SKU') this.#columns = fields;
    else this.header.set(fields[0] ?? '', fields[1] ?? '');
  }

  #row(fields: readonly string[], columns: readonly string[], number: number): void {
    const value = (name: string): string => fields[columns.indexOf(name)] ?? '';
    this.rowsSeen += 1;
    if (value('TermType') !== 'OnDemand') return this.rows.skip('reserved');
    const verdict = judgeAwsProduct(toProduct(fields, columns, value), this.region);
    if ('skip' in verdict) return this.rows.skip(verdict.skip);
    const key = `${value('SKU')}.${value('OfferTermCode')}`;
    const known = this.gathered.get(key);
    const entry = known ?? { candidate: verdict, effectiveDate: value('EffectiveDate'), dimensions: {} };
    const rate = value('RateCode');
    entry.dimensions[rate === '' ? String(number) : rate] = {
      unit: value('Unit'),
      beginRange: value('StartingRange'),
      pricePerUnit: { [value('Currency')]: value('PricePerUnit') },
    };
    if (known === undefined) this.gathered.set(key, entry);
  }
}

function toProduct(
  fields: readonly string[],
  columns: readonly string[],
  value: (name: string) => string,
): AwsProduct {
  const attributes: Record<string, string> = {};
  for (const [index, column] of columns.entries()) {
    const name = Object.hasOwn(COLUMNS, column) ? COLUMNS[column] : undefined;
    const text = fields[index] ?? '';
    if (name !== undefined && text !== '') attributes[name] = text;
  }
  return { sku: value('SKU'), family: value('Product Family'), attributes };
}

/** Reads the CSV form of an offer file. @returns its header under the JSON form's names */
export async function readOfferCsv(
  file: InputFile,
  rows: RowCollector,
  region: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const offer = new CsvOffer(rows, region);
  let number = 0;
  for await (const line of linesOf(file)) offer.line(line, (number += 1));
  if (offer.rowsSeen === 0) {
    throw new PricingError(
      'WRONG_SHAPE',
      `aws-offer: ${file.name} has no rows under a line that starts with SKU: name an offer file`,
    );
  }
  const version = offer.header.get('Version') ?? '';
  for (const { candidate, effectiveDate, dimensions } of offer.gathered.values()) {
    const terms = { only: { effectiveDate, priceDimensions: dimensions } };
    addOnDemandTerms(terms, candidate, { source: 'aws-offer', version, place: file.name }, rows);
  }
  const published = offer.header.get('Publication Date');
  return new Map([
    ['offerCode', offer.header.get('OfferCode') ?? ''],
    ['version', version],
    ...(published === undefined ? [] : [['publicationDate', published] as const]),
  ]);
}
