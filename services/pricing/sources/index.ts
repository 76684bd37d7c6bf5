import type { InputFile } from '../stream/input.js';
import { parseAwsGetProducts } from './aws/getproducts.js';
import { parseAwsOffer, type SourceOptions } from './aws/offer.js';
import { parseAwsSpotFeed } from './aws/spot-feed.js';
import { parseAwsSpotHistory } from './aws/spot-history.js';
import { parseAzureRetail } from './azure/retail.js';
import type { ParsedSource } from './collector.js';
import { parseCustomSheets } from './custom/sheet.js';
import { parseGcpMachineTypes } from './gcp/machine-types.js';
import { parseGcpSkus } from './gcp/skus.js';

/** Names that `--source` takes. */
export const SOURCE_NAMES = [
  'aws-offer',
  'aws-getproducts',
  'aws-spot-history',
  'aws-spot-feed',
  'azure-retail',
  'gcp-skus',
  'gcp-machine-types',
  'custom',
] as const;

/** One of {@link SOURCE_NAMES}. */
export type SourceName = (typeof SOURCE_NAMES)[number];

type Parser = (files: readonly InputFile[], options: SourceOptions) => Promise<ParsedSource>;

const PARSERS: Readonly<Record<SourceName, Parser>> = {
  'aws-offer': parseAwsOffer,
  'aws-getproducts': parseAwsGetProducts,
  'aws-spot-history': parseAwsSpotHistory,
  'aws-spot-feed': parseAwsSpotFeed,
  'azure-retail': parseAzureRetail,
  'gcp-skus': parseGcpSkus,
  'gcp-machine-types': parseGcpMachineTypes,
  custom: parseCustomSheets,
};

/** Reads what files of one source say. Memory is bounded by what is kept, not by the files. @throws PricingError */
export function parseSource(
  source: SourceName,
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  return PARSERS[source](files, options);
}

export type { ParsedSource } from './collector.js';
export type { SourceOptions } from './aws/offer.js';
