import { PricingError } from '../../errors.js';
import { asRecord, asText, parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import { RowCollector, type ParsedSource } from '../collector.js';
import { addDerivedAwsRows } from './derived.js';
import type { SourceOptions } from './offer.js';
import { judgeAwsProduct, toAwsProduct } from './product.js';
import { addReservedTerms } from './reserved.js';
import { addOnDemandTerms } from './terms.js';

interface Seen {
  version: string;
  publishedAt: string;
  records: number;
}

// A page of the API ({PriceList: [...]}), or the bare array that `--query PriceList` prints.
function decide(path: readonly string[]): PathDecision {
  if (path.length === 0) return 'enter';
  if (path.length === 1) return path[0] === 'PriceList' ? 'enter' : path[0] === '*' ? 'capture' : 'skip';
  return path[0] === 'PriceList' ? 'capture' : 'skip';
}

function takeProduct(
  value: unknown,
  place: string,
  rows: RowCollector,
  context: { seen: Seen; options: SourceOptions },
): void {
  const record = asRecord(value);
  const { seen, options } = context;
  if (record['product'] === undefined) {
    rows.skip('not a product');
    return;
  }
  seen.records += 1;
  const version = asText(record['version']);
  seen.version = version === '' ? seen.version : version;
  const published = asText(record['publicationDate']);
  if (published > seen.publishedAt) seen.publishedAt = published;
  const verdict = judgeAwsProduct(toAwsProduct(record['product'], ''), options.region);
  if ('skip' in verdict) {
    rows.skip(verdict.skip);
    return;
  }
  const terms = asRecord(record['terms']);
  const facts = { source: 'aws-getproducts', version, place } as const;
  addOnDemandTerms(terms['OnDemand'], verdict, facts, rows);
  if (options.commitments !== false) addReservedTerms(terms['Reserved'], verdict, facts, rows);
}

/** Reads answers of the Price List API's GetProducts; each entry is a JSON text of its own, or already an object. */
export async function parseAwsGetProducts(
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  const rows = new RowCollector('aws-getproducts');
  const seen: Seen = { version: '', publishedAt: '', records: 0 };
  for (const file of files) {
    const reader = new JsonRecordReader({
      name: file.name,
      decide,
      onRecord: (_path, bytes, offset) => {
        const place = { name: file.name, offset };
        const outer = parseJson(bytes.toString('utf8'), place);
        const value = typeof outer === 'string' ? parseJson(outer, place) : outer;
        takeProduct(value, `${file.name} byte ${String(offset)}`, rows, { seen, options });
      },
    });
    for await (const chunk of file.open()) reader.write(chunk);
    reader.end();
  }
  const names = files.map(({ name }) => name).join(', ');
  if (seen.records === 0) {
    throw new PricingError(
      'WRONG_SHAPE',
      `aws-getproducts: ${names} has no PriceList entry with a product: check --source`,
    );
  }
  addDerivedAwsRows(rows, names);
  const publishedAt = seen.publishedAt === '' ? {} : { publishedAt: seen.publishedAt };
  return rows.finish(names, {
    version: seen.version === '' ? seen.publishedAt : seen.version,
    ...publishedAt,
  });
}
