import type { PriceRow } from '@kubehero/domain';
import { releaseGarbage } from '@kubehero/runtime';
import { PricingError } from '../../errors.js';
import { parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import type { ParsedSource } from '../collector.js';
import { RowCollector } from '../collector.js';
import { addDerivedAwsRows } from './derived.js';
import { readOfferCsv } from './offer-csv.js';
import { judgeAwsProduct, toAwsProduct, type AwsCandidate } from './product.js';
import { addReservedTerms } from './reserved.js';
import { addOnDemandTerms } from './terms.js';

/** What a parser is told besides its files. */
export interface SourceOptions {
  /** For files that name no region. */
  readonly region?: string | undefined;
  /** Also take list rates of reservations and savings plans, @default true */
  readonly commitments?: boolean | undefined;
  /** Products of the on-demand list by SKU, for files that name nothing else. */
  readonly products?: ReadonlyMap<string, PriceRow> | undefined;
}

const HEADER = new Set(['formatVersion', 'offerCode', 'version', 'publicationDate']);

// Exact values that only products outside the plain price carry: such a record needs no parsing.
const DROPPED = [
  '"UnusedCapacityReservation"',
  '"AllocatedCapacityReservation"',
  '"Bring your own license"',
  '"SQL Std"',
  '"SQL Web"',
  '"SQL Ent"',
  '"CapacityBlock"',
  '"Host"',
].map((text) => Buffer.from(text));

// Records that die young still reach the old generation now and then; left alone they add up to tens of MiB.
const RELEASE_EVERY_BYTES = 96 * 1024 * 1024;

function topLevel(key: string): PathDecision {
  if (key === 'products' || key === 'terms') return 'enter';
  return HEADER.has(key) ? 'capture' : 'skip';
}

class OfferReader {
  readonly header = new Map<string, string>();
  readonly #kept = new Map<string, AwsCandidate>();
  productsSeen = 0;
  termsBeforeProducts = false;

  constructor(
    private readonly file: InputFile,
    private readonly rows: RowCollector,
    private readonly options: SourceOptions,
  ) {}

  async read(): Promise<void> {
    const reader = new JsonRecordReader({
      name: this.file.name,
      decide: (path) => this.#decide(path),
      onRecord: (path, bytes, offset) => {
        this.#record(path, bytes, offset);
      },
    });
    let sinceRelease = 0;
    for await (const chunk of this.file.open()) {
      reader.write(chunk);
      sinceRelease += chunk.length;
      if (sinceRelease < RELEASE_EVERY_BYTES) continue;
      sinceRelease = 0;
      releaseGarbage();
    }
    reader.end();
  }

  #decide(path: readonly string[]): PathDecision {
    const [top = '', second = '', third = ''] = path;
    switch (path.length) {
      case 0:
        return 'enter';
      case 1:
        return topLevel(top);
      case 2:
        if (top === 'products') return 'capture';
        if (second === 'OnDemand') return this.#enterTerms();
        return second === 'Reserved' && this.options.commitments !== false ? 'enter' : 'skip';
      default:
        return this.#wants(second, third) ? 'capture' : 'skip';
    }
  }

  #wants(kind: string, sku: string): boolean {
    const candidate = this.#kept.get(sku);
    return candidate !== undefined && (kind === 'OnDemand' || candidate.resource === 'instance');
  }

  #enterTerms(): PathDecision {
    this.termsBeforeProducts ||= this.productsSeen === 0;
    return 'enter';
  }

  #record(path: readonly string[], bytes: Buffer, offset: number): void {
    const place = { name: this.file.name, offset };
    if (path.length === 1) {
      const value = parseJson(bytes.toString('utf8'), place);
      if (typeof value === 'string') this.header.set(path[0] ?? '', value);
    } else if (path.length === 2) this.#product(path[1] ?? '', bytes, place);
    else this.#terms(path, parseJson(bytes.toString('utf8'), place), offset);
  }

  #product(key: string, bytes: Buffer, place: { name: string; offset: number }): void {
    this.productsSeen += 1;
    if (DROPPED.some((text) => bytes.includes(text))) {
      this.rows.skip('reservation, capacity block, host, own licence or SQL Server');
      return;
    }
    const product = toAwsProduct(parseJson(bytes.toString('utf8'), place), key);
    const verdict = judgeAwsProduct(product, this.options.region);
    if ('skip' in verdict) this.rows.skip(verdict.skip);
    else this.#kept.set(key, verdict);
  }

  #terms([, kind, sku = '']: readonly string[], value: unknown, offset: number): void {
    const candidate = this.#kept.get(sku);
    if (candidate === undefined) return;
    const place = `${this.file.name} byte ${String(offset)}`;
    const version = this.header.get('version') ?? this.header.get('publicationDate') ?? '';
    const add = kind === 'OnDemand' ? addOnDemandTerms : addReservedTerms;
    add(value, candidate, { source: 'aws-offer', version, place }, this.rows);
  }
}

async function isCsv(file: InputFile): Promise<boolean> {
  for await (const chunk of file.open())
    return /^\uFEFF?"?(FormatVersion|SKU)"?,/.test(chunk.toString('utf8', 0, 64));
  return false;
}

async function readOffer(
  file: InputFile,
  rows: RowCollector,
  options: SourceOptions,
): Promise<ReadonlyMap<string, string>> {
  if (await isCsv(file)) return readOfferCsv(file, rows, options.region);
  const reader = new OfferReader(file, rows, options);
  await reader.read();
  if (reader.productsSeen === 0) {
    throw new PricingError(
      'WRONG_SHAPE',
      `aws-offer: ${file.name} has no products: name a region's offer file (formatVersion, products, terms)`,
    );
  }
  // The published order is products first; a file in the other order is read once more with its products known.
  if (reader.termsBeforeProducts) await reader.read();
  return reader.header;
}

/**
 * Reads AWS offer files (EC2, EKS, ELB, VPC, data transfer). One pass; memory holds the kept products only. The file
 * is read to its end so that a truncated one is refused.
 */
export async function parseAwsOffer(
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  const rows = new RowCollector('aws-offer');
  const versions: string[] = [];
  const publications: Record<string, string> = {};
  for (const file of files) {
    const header = await readOffer(file, rows, options);
    versions.push(
      `${header.get('offerCode') ?? ''}@${header.get('version') ?? header.get('publicationDate') ?? ''}`,
    );
    const published = header.get('publicationDate');
    if (published !== undefined) publications[header.get('offerCode') ?? ''] = published;
  }
  const names = files.map(({ name }) => name).join(', ');
  addDerivedAwsRows(rows, names);
  const publishedAt = Object.values(publications).sort().at(-1);
  const parsed = rows.finish(names, {
    version: versions.join(','),
    publications,
    ...(publishedAt === undefined ? {} : { publishedAt }),
  });
  return withoutForeignTraffic(parsed, options.region);
}

/**
 * A region's file lists traffic from other regions too. Their own files say it: taken from here it would make parts for
 * regions that this version of this file says nothing else about.
 */
function withoutForeignTraffic(parsed: ParsedSource, region: string | undefined): ParsedSource {
  const homes = new Set(region === undefined ? [] : [region]);
  for (const item of parsed.items)
    if (item.kind === 'price' && item.resource !== 'network') homes.add(item.region);
  if (homes.size === 0) return parsed;
  const own = parsed.items.filter((item) => item.kind !== 'price' || homes.has(item.region));
  const foreign = parsed.items.length - own.length;
  if (foreign === 0) return parsed;
  return {
    ...parsed,
    items: own,
    skipped: new Map([...parsed.skipped, ['traffic of other regions', foreign]]),
  };
}
