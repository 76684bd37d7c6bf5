import {
  formatDecimal,
  isPositiveDecimal,
  tryParseDecimal,
  type PricedOs,
  type PriceRow,
} from '@kubehero/domain';
import { PricingError } from '../../errors.js';
import { asArray, asRecord, asText, parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import { RowCollector, type ParsedSource } from '../collector.js';
import { regionOfFeedName } from './regions.js';
import { entryOf } from '../table.js';

const SYSTEMS: Readonly<Record<string, PricedOs>> = { linux: 'linux', mswin: 'windows' };

interface Feed {
  vers: string;
  rate: string;
}

function decide(path: readonly string[]): PathDecision {
  if (path.length === 0) return 'enter';
  if (path.length === 1) return path[0] === 'config' ? 'enter' : path[0] === 'vers' ? 'capture' : 'skip';
  if (path[0] !== 'config') return 'skip';
  if (path.length === 2) return path[1] === 'regions' ? 'enter' : path[1] === 'rate' ? 'capture' : 'skip';
  return path[1] === 'regions' ? 'capture' : 'skip';
}

function addColumn(
  column: unknown,
  facts: { region: string; type: string; version: string; place: string },
  rows: RowCollector,
): void {
  const record = asRecord(column);
  const os = entryOf(SYSTEMS, asText(record['name']));
  if (os === undefined) return rows.skip('other operating system');
  for (const [currency, amount] of Object.entries(asRecord(record['prices']))) {
    const price = tryParseDecimal(asText(amount));
    if (price === undefined || !isPositiveDecimal(price)) {
      rows.skip('no price in the feed');
      continue;
    }
    const row: PriceRow = {
      kind: 'price',
      provider: 'aws',
      region: facts.region,
      resource: 'instance',
      name: facts.type,
      os,
      purchaseModel: 'spot',
      unit: 'hour',
      currency,
      price: formatDecimal(price),
      source: 'aws-spot-feed',
      sourceVersion: facts.version,
      sku: `${facts.type}/${facts.region}/${os}/spot-feed`,
      family: facts.type.split('.')[0] ?? '',
    };
    rows.row(row, facts.place);
  }
}

function addRegion(value: unknown, version: string, place: string, rows: RowCollector): void {
  const record = asRecord(value);
  const region = regionOfFeedName(asText(record['region']));
  if (region === undefined) return rows.skip('unknown region name');
  for (const family of asArray(record['instanceTypes'])) {
    for (const entry of asArray(asRecord(family)['sizes'])) {
      const size = asRecord(entry);
      const type = asText(size['size']);
      if (type === '') continue;
      for (const column of asArray(size['valueColumns']))
        addColumn(column, { region, type, version, place }, rows);
    }
  }
}

async function readFeed(file: InputFile, rows: RowCollector): Promise<Feed> {
  const feed: Feed = { vers: '', rate: '' };
  const reader = new JsonRecordReader({
    name: file.name,
    decide,
    onRecord: (path, bytes, offset) => {
      const value = parseJson(bytes.toString('utf8'), { name: file.name, offset });
      if (path[0] === 'vers') feed.vers = asText(value);
      else if (path[1] === 'rate') feed.rate = asText(value);
      else addRegion(value, feed.vers, `${file.name} byte ${String(offset)}`, rows);
    },
  });
  let first = true;
  for await (const chunk of file.open()) {
    if (first) refuseFrozenFeed(chunk, file.name);
    first = false;
    reader.write(chunk);
  }
  reader.end();
  return feed;
}

function refuseFrozenFeed(chunk: Buffer, name: string): void {
  if (!/^\s*(?:\/\*[\s\S]*?\*\/\s*)?callback\s*\(/.test(chunk.toString('utf8', 0, 2000))) return;
  throw new PricingError(
    'WRONG_SHAPE',
    `aws-spot-feed: ${name} is the old spot.js, which stopped changing in May 2024: use spot.json of the pricing page`,
  );
}

/** Reads the public spot feed (spot.json): one price per region, without zones; `N/A*` means that there is none. */
export async function parseAwsSpotFeed(files: readonly InputFile[]): Promise<ParsedSource> {
  const rows = new RowCollector('aws-spot-feed');
  const versions: string[] = [];
  for (const file of files) {
    const feed = await readFeed(file, rows);
    if (feed.rate !== '' && feed.rate !== 'perhr') {
      throw new PricingError(
        'WRONG_SHAPE',
        `aws-spot-feed: ${file.name} has rate '${feed.rate}' where 'perhr' is known: prices would be wrong`,
      );
    }
    versions.push(feed.vers);
  }
  return rows.finish(files.map(({ name }) => name).join(', '), { version: versions.join(',') });
}
