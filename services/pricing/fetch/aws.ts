import { join } from 'node:path';
import { PricingError } from '../errors.js';
import { asArray, asRecord, asText, parseJson } from '../stream/exact-json.js';
import { download, getText, type HttpContext } from './http.js';

/** Offer files that a region's prices are made from. */
export const AWS_OFFERS = ['AmazonEC2', 'AWSELB', 'AmazonEKS', 'AmazonVPC', 'AWSDataTransfer'] as const;

const MAX_INDEX_BYTES = 8 * 1024 * 1024;

/** Newest offer files of a region. */
export interface OfferVersions {
  /** Offer code to address. */
  readonly urls: ReadonlyMap<string, string>;
  /** `code@version` of each, as the catalogue keeps it. */
  readonly versions: readonly string[];
}

/** Partition of a region: China has files of its own under another path. */
function partition(region: string): string {
  return region.startsWith('cn-') ? 'cn' : 'aws';
}

/**
 * Asks for the newest version of each offer in a region. An offer that does not list the region has no prices there.
 * @throws PricingError FETCH, WRONG_SHAPE
 */
export async function findOffers(host: string, region: string, context: HttpContext): Promise<OfferVersions> {
  const urls = new Map<string, string>();
  const versions: string[] = [];
  for (const offer of AWS_OFFERS) {
    const index = `${host}/offers/v1.0/${partition(region)}/${offer}/current/region_index.json`;
    const text = await getText(index, MAX_INDEX_BYTES, context);
    const regions = asRecord(asRecord(parseJson(text, { name: index, offset: 0 }))['regions']);
    const path = asText(asRecord(regions[region])['currentVersionUrl']);
    if (path === '') continue;
    const version = /\/([0-9]{8,20})\//.exec(path)?.[1];
    if (version === undefined || !path.startsWith('/')) {
      throw new PricingError(
        'WRONG_SHAPE',
        `${index}: the file of ${region} is at '${path}', which names no version: the list has changed its form`,
      );
    }
    urls.set(offer, `${host}${path}`);
    versions.push(`${offer}@${version}`);
  }
  return { urls, versions };
}

/** Newest Savings Plan list of a region. */
export interface PlanVersion {
  readonly url: string;
  readonly version: string;
}

const MAX_REGIONS = 500;

/** Asks for the newest Savings Plan list of a region; undefined where none is sold. @throws PricingError FETCH, WRONG_SHAPE */
export async function findSavingsPlan(
  host: string,
  region: string,
  context: HttpContext,
): Promise<PlanVersion | undefined> {
  const index = `${host}/savingsPlan/v1.0/${partition(region)}/AWSComputeSavingsPlan/current/region_index.json`;
  const text = await getText(index, MAX_INDEX_BYTES, context);
  // A list here, where the index of offers has a map
  const regions = asArray(asRecord(parseJson(text, { name: index, offset: 0 }))['regions']);
  const found = regions
    .slice(0, MAX_REGIONS)
    .find((entry) => asText(asRecord(entry)['regionCode']) === region);
  if (found === undefined) return undefined;
  const path = asText(asRecord(found)['versionUrl']);
  const version = /\/([0-9]{8,20})\//.exec(path)?.[1];
  if (version !== undefined && path.startsWith('/')) return { url: `${host}${path}`, version };
  throw new PricingError(
    'WRONG_SHAPE',
    `${index}: the list of ${region} is at '${path}', which names no version: the index has changed its form`,
  );
}

/** Downloads offer files into a folder. @returns their paths */
export async function downloadOffers(
  offers: OfferVersions,
  folder: string,
  context: HttpContext,
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const [offer, url] of offers.urls) {
    const path = join(folder, `${offer}.json`);
    await download(url, path, context);
    paths.push(path);
  }
  return paths;
}
