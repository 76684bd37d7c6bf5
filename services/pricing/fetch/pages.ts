import { join } from 'node:path';
import { PricingError } from '../errors.js';
import { asText, parseJson } from '../stream/exact-json.js';
import { inputFile } from '../stream/input.js';
import { JsonRecordReader } from '../stream/json-records.js';
import { download, withoutQuery, type HttpContext } from './http.js';

const MAX_PAGES = 500;

/** A chain of pages: where it starts, and how a page leads to the next. */
export interface PageChain {
  readonly first: string;
  /** Member of a page that leads on; empty or null at the end. */
  readonly nextMember: string;
  /** Member that holds the records. */
  readonly records: string;
  /** Member that says how many records the page holds, if the service says so. */
  readonly countMember?: string;
  readonly toUrl: (next: string) => string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface PageFacts {
  readonly next: string;
  readonly records: number;
}

async function factsOf(path: string, chain: PageChain): Promise<PageFacts> {
  let next = '';
  let sawNext = false;
  let count = '';
  let records = 0;
  const reader = new JsonRecordReader({
    name: path,
    decide: (keys) => {
      if (keys.length === 0) return 'enter';
      if (keys.length === 1 && keys[0] === chain.records) return 'enter';
      if (keys.length === 2 && keys[0] === chain.records) records += 1;
      return keys.length === 1 && (keys[0] === chain.nextMember || keys[0] === chain.countMember)
        ? 'capture'
        : 'skip';
    },
    onRecord: (keys, bytes, offset) => {
      const text = asText(parseJson(bytes.toString('utf8'), { name: path, offset }));
      if (keys[0] === chain.countMember) count = text;
      else {
        next = text;
        sawNext = true;
      }
    },
  });
  for await (const chunk of inputFile(path).open()) reader.write(chunk);
  reader.end();
  if (!sawNext && chain.countMember !== undefined) {
    throw new PricingError(
      'WRONG_SHAPE',
      `${path}: the page does not say whether another follows: the service has changed its form`,
    );
  }
  if (count !== '' && count !== String(records)) {
    throw new PricingError(
      'TRUNCATED',
      `${path}: the page holds ${String(records)} of ${count} records: fetch it again`,
    );
  }
  return { next, records };
}

/**
 * Downloads a chain of pages to its end. A chain that repeats itself, leaves its host or does not end is refused: a
 * part of a list must never stand for the whole. @throws PricingError FETCH, TRUNCATED, WRONG_SHAPE
 */
export async function downloadPages(
  chain: PageChain,
  folder: string,
  context: HttpContext,
): Promise<readonly string[]> {
  const seen = new Set<string>();
  const paths: string[] = [];
  const { origin } = new URL(chain.first);
  let url = chain.first;
  for (;;) {
    if (seen.has(url))
      throw new PricingError(
        'FETCH',
        `${withoutQuery(chain.first)}: page ${String(seen.size)} leads back to an earlier one: the last good prices stay, try again later`,
      );
    if (seen.size >= MAX_PAGES)
      throw new PricingError(
        'FETCH',
        `${withoutQuery(chain.first)}: more than ${String(MAX_PAGES)} pages: the last good prices stay`,
      );
    seen.add(url);
    const path = join(folder, `page-${String(seen.size)}.json`);
    await download(url, path, context, chain.headers);
    paths.push(path);
    const { next } = await factsOf(path, chain);
    if (next === '') return paths;
    url = chain.toUrl(next);
    if (new URL(url).origin !== origin) {
      throw new PricingError(
        'FETCH',
        `${withoutQuery(chain.first)}: page ${String(seen.size)} leads to another host ${new URL(url).origin}: the last good prices stay`,
      );
    }
  }
}

/** Pages of the Azure retail prices for a service in a region. */
export function azureChain(host: string, filter: string, currency: string): PageChain {
  const query = new URLSearchParams({
    'api-version': '2023-01-01-preview',
    currencyCode: `'${currency}'`,
    $filter: filter,
  });
  return {
    first: `${host}/api/retail/prices?${query.toString()}`,
    nextMember: 'NextPageLink',
    records: 'Items',
    countMember: 'Count',
    toUrl: (next) => next,
  };
}

/** Pages of all machine types of a Google project, over its zones; the token travels in a header. */
export function gcpMachineTypesChain(host: string, project: string, accessToken: string): PageChain {
  const page = (token: string): string => {
    const query = new URLSearchParams({
      maxResults: '500',
      returnPartialSuccess: 'false',
      ...(token === '' ? {} : { pageToken: token }),
    });
    return `${host}/compute/v1/projects/${project}/aggregated/machineTypes?${query.toString()}`;
  };
  return {
    first: page(''),
    nextMember: 'nextPageToken',
    records: 'items',
    toUrl: page,
    headers: { authorization: `Bearer ${accessToken}` },
  };
}

/** Pages of the Cloud Billing Catalog for a service; the key or token travels in a header. */
export function gcpChain(
  host: string,
  service: string,
  options: { readonly currency: string; readonly headers: Readonly<Record<string, string>> },
): PageChain {
  const page = (token: string): string => {
    const query = new URLSearchParams({
      currencyCode: options.currency,
      pageSize: '5000',
      ...(token === '' ? {} : { pageToken: token }),
    });
    return `${host}/v1/services/${service}/skus?${query.toString()}`;
  };
  return {
    first: page(''),
    nextMember: 'nextPageToken',
    records: 'skus',
    toUrl: page,
    headers: options.headers,
  };
}
