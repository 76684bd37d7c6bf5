import { PricingError } from '../errors.js';
import type { InputFile } from '../stream/input.js';
import type { SourceOptions } from './aws/offer.js';
import type { ParsedSource } from './collector.js';

/** Names that `--source` takes. */
export const SOURCE_NAMES = [
  'aws-offer',
  'aws-getproducts',
  'aws-spot-history',
  'aws-spot-feed',
  'aws-savings-plan',
  'azure-retail',
  'gcp-skus',
  'gcp-machine-types',
  'custom',
] as const;

/** One of {@link SOURCE_NAMES}. */
export type SourceName = (typeof SOURCE_NAMES)[number];

type Parser = (files: readonly InputFile[], options: SourceOptions) => Promise<ParsedSource>;

// A parser is loaded when it is needed: reading an offer file does not pay for the YAML reader.
const PARSERS: Readonly<Record<SourceName, () => Promise<Parser>>> = {
  'aws-offer': async () => (await import('./aws/offer.js')).parseAwsOffer,
  'aws-getproducts': async () => (await import('./aws/getproducts.js')).parseAwsGetProducts,
  'aws-spot-history': async () => (await import('./aws/spot-history.js')).parseAwsSpotHistory,
  'aws-spot-feed': async () => (await import('./aws/spot-feed.js')).parseAwsSpotFeed,
  'aws-savings-plan': async () => (await import('./aws/savings-plan.js')).parseAwsSavingsPlan,
  'azure-retail': async () => (await import('./azure/retail.js')).parseAzureRetail,
  'gcp-skus': async () => (await import('./gcp/skus.js')).parseGcpSkus,
  'gcp-machine-types': async () => (await import('./gcp/machine-types.js')).parseGcpMachineTypes,
  custom: async () => (await import('./custom/sheet.js')).parseCustomSheets,
};

/** Reads what files of one source say. Memory is bounded by what is kept, not by the files. @throws PricingError */
export async function parseSource(
  source: SourceName,
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  const parser = await PARSERS[source]();
  try {
    return await parser(files, options);
  } catch (error) {
    throw naming(error, source);
  }
}

/** The readers of JSON and gzip know their file; which source it was read as is known here. */
function naming(error: unknown, source: SourceName): unknown {
  if (!(error instanceof PricingError) || error.message.startsWith(`${source}: `)) return error;
  return new PricingError(error.code, `${source}: ${error.message}`, { cause: error.cause });
}

export type { ParsedSource } from './collector.js';
export type { SourceOptions } from './aws/offer.js';
