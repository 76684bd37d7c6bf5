import {
  formatDecimal,
  isPositiveDecimal,
  regionOfZone,
  tryParseDecimal,
  type PricedOs,
  type PriceRow,
} from '@kubehero/domain';
import { PricingError } from '../../errors.js';
import { asRecord, asText, parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import { RowCollector, type ParsedSource } from '../collector.js';
import type { SourceOptions } from './offer.js';
import { entryOf } from '../table.js';

const PRODUCTS: Readonly<Record<string, PricedOs>> = {
  'Linux/UNIX': 'linux',
  Windows: 'windows',
  'Red Hat Enterprise Linux': 'rhel',
  'SUSE Linux': 'suse',
};

interface SpotPrice {
  readonly zone: string;
  readonly instanceType: string;
  readonly product: string;
  readonly price: string;
  readonly timestamp: string;
}

/** Zone of a Local or Wavelength Zone is a price region of its own, as in the on-demand list. */
function priceRegion(region: string, zone: string): string {
  const local = /^([a-z]{2}(?:-[a-z]+)+-\d-[a-z]+-\d+)[a-z]$/.exec(zone)?.[1];
  return local ?? /^([a-z]{2}(?:-[a-z]+)+-\d-wl\d)-/.exec(zone)?.[1] ?? region;
}

function regionFor(spot: SpotPrice, options: SourceOptions, place: string): string | undefined {
  const told = regionOfZone('aws', spot.zone);
  const { region } = options;
  if (region !== undefined && !spot.zone.startsWith(region)) {
    throw new PricingError(
      'WRONG_SHAPE',
      `aws-spot-history: ${place}: zone '${spot.zone}' is not in region ${region}: give the region that the history was asked for`,
    );
  }
  return region ?? (told === '' ? undefined : told);
}

function addSpot(spot: SpotPrice, place: string, rows: RowCollector, options: SourceOptions): void {
  const os = entryOf(PRODUCTS, spot.product.replace(/ \(Amazon VPC\)$/, ''));
  if (os === undefined) return rows.skip('other product');
  const price = tryParseDecimal(spot.price);
  if (price === undefined || !isPositiveDecimal(price)) return rows.skip('price is no positive amount');
  if (Number.isNaN(Date.parse(spot.timestamp))) return rows.skip('no timestamp');
  if (spot.zone === '' || spot.instanceType === '') return rows.skip('no zone or instance type');
  const region = regionFor(spot, options, place);
  if (region === undefined) return rows.skip('no known region');
  const row: PriceRow = {
    kind: 'price',
    provider: 'aws',
    region: priceRegion(region, spot.zone),
    zone: spot.zone,
    resource: 'instance',
    name: spot.instanceType,
    os,
    purchaseModel: 'spot',
    unit: 'hour',
    currency: region.startsWith('cn-') ? 'CNY' : 'USD',
    price: formatDecimal(price),
    effectiveFrom: new Date(spot.timestamp).toISOString(),
    source: 'aws-spot-history',
    sourceVersion: new Date(spot.timestamp).toISOString(),
    sku: `${spot.instanceType}/${spot.zone}/${spot.product}`,
    family: spot.instanceType.split('.')[0] ?? '',
  };
  addOrPreferVpc(row, place, rows);
}

/** Classic and VPC products of one instant name the same machine; the VPC price is the one that is paid today. */
function addOrPreferVpc(row: PriceRow, place: string, rows: RowCollector): void {
  const known = rows.known(row);
  if (known === undefined || known.sku === row.sku || known.price === row.price) rows.row(row, place);
  else if (row.sku.endsWith('(Amazon VPC)')) rows.replace(row);
}

function fromJson(value: unknown): SpotPrice {
  const record = asRecord(value);
  return {
    zone: asText(record['AvailabilityZone']),
    instanceType: asText(record['InstanceType']),
    product: asText(record['ProductDescription']),
    price: asText(record['SpotPrice']),
    timestamp: asText(record['Timestamp']),
  };
}

function decide(path: readonly string[]): PathDecision {
  if (path.length === 0) return 'enter';
  if (path.length === 1)
    return path[0] === 'SpotPriceHistory' ? 'enter' : path[0] === '*' ? 'capture' : 'skip';
  return path[0] === 'SpotPriceHistory' && path.length === 2 ? 'capture' : 'skip';
}

const XML_FIELDS = {
  zone: 'availabilityZone',
  instanceType: 'instanceType',
  product: 'productDescription',
  price: 'spotPrice',
  timestamp: 'timestamp',
} as const;
const MAX_XML_ITEM = 64 * 1024;

function xmlField(item: string, tag: string): string {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(item)?.[1]?.trim() ?? '';
}

/** The EC2 API speaks XML on the wire: a flat list of `<item>`; nothing else of the document is read. */
class XmlItems {
  #rest = '';
  #closed = false;

  write(chunk: Buffer, take: (spot: SpotPrice) => void, name: string): void {
    this.#rest += chunk.toString('latin1');
    for (let end = this.#rest.indexOf('</item>'); end >= 0; end = this.#rest.indexOf('</item>')) {
      const item = this.#rest.slice(this.#rest.lastIndexOf('<item>', end), end);
      this.#rest = this.#rest.slice(end + 7);
      take({
        zone: xmlField(item, XML_FIELDS.zone),
        instanceType: xmlField(item, XML_FIELDS.instanceType),
        product: xmlField(item, XML_FIELDS.product),
        price: xmlField(item, XML_FIELDS.price),
        timestamp: xmlField(item, XML_FIELDS.timestamp),
      });
    }
    this.#closed ||= this.#rest.includes('</DescribeSpotPriceHistoryResponse>');
    if (this.#rest.length > MAX_XML_ITEM && !this.#closed) {
      throw new PricingError(
        'TOO_LARGE',
        `${name}: an item is larger than ${String(MAX_XML_ITEM)} bytes: this is no spot price history`,
      );
    }
  }

  end(name: string): void {
    if (!this.#closed)
      throw new PricingError(
        'TRUNCATED',
        `${name} ends before </DescribeSpotPriceHistoryResponse>: fetch it again`,
      );
  }
}

async function readFile(file: InputFile, take: (spot: SpotPrice, place: string) => void): Promise<void> {
  let json: JsonRecordReader | undefined;
  let xml: XmlItems | undefined;
  for await (const chunk of file.open()) {
    if (json === undefined && xml === undefined) {
      if (/^\uFEFF?\s*<(\?xml|DescribeSpotPriceHistoryResponse)/.test(chunk.toString('utf8', 0, 200)))
        xml = new XmlItems();
      else json = jsonReader(file, take);
    }
    json?.write(chunk);
    xml?.write(
      chunk,
      (spot) => {
        take(spot, file.name);
      },
      file.name,
    );
  }
  if (json === undefined && xml === undefined)
    throw new PricingError('TRUNCATED', `${file.name} is empty: fetch it again`);
  json?.end();
  xml?.end(file.name);
}

function jsonReader(file: InputFile, take: (spot: SpotPrice, place: string) => void): JsonRecordReader {
  return new JsonRecordReader({
    name: file.name,
    decide,
    onRecord: (_path, bytes, offset) => {
      const value = parseJson(bytes.toString('utf8'), { name: file.name, offset });
      take(fromJson(value), `${file.name} byte ${String(offset)}`);
    },
  });
}

/**
 * Reads DescribeSpotPriceHistory (JSON of the CLI and SDKs, or the API's XML). Prices are per zone, and every
 * instant is kept as a row of its own, so that the past can be asked for.
 */
export async function parseAwsSpotHistory(
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  const rows = new RowCollector('aws-spot-history');
  for (const file of files) {
    await readFile(file, (spot, place) => {
      addSpot(spot, place, rows, options);
    });
  }
  const names = files.map(({ name }) => name).join(', ');
  let newest = '';
  for (const row of rows.rows()) if ((row.effectiveFrom ?? '') > newest) newest = row.effectiveFrom ?? '';
  return rows.finish(names, { version: newest, ...(newest === '' ? {} : { publishedAt: newest }) });
}
