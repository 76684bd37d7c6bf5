import { releaseGarbage } from '@kubehero/runtime';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueStore } from '../catalogue-store.js';
import { PricingError } from '../errors.js';
import { applyRefresh, type RefreshReport } from '../refresh.js';
import { parseSource, type ParsedSource, type SourceName } from '../sources/index.js';
import { inputFile } from '../stream/input.js';
import { downloadOffers, findOffers } from './aws.js';
import { download, type HttpContext } from './http.js';
import { azureChain, downloadPages, gcpChain } from './pages.js';

/** Where prices are asked for. Each is an origin without a path. */
export interface PriceHosts {
  readonly awsPriceList: string;
  readonly awsPriceListChina: string;
  readonly awsSpotFeed: string;
  readonly azure: string;
  readonly gcp: string;
}

/** The services' own addresses. */
export const PUBLIC_HOSTS: PriceHosts = {
  awsPriceList: 'https://pricing.us-east-1.amazonaws.com',
  awsPriceListChina: 'https://pricing.cn-north-1.amazonaws.com.cn',
  awsSpotFeed: 'https://website.spot.ec2.aws.a2z.com',
  azure: 'https://prices.azure.com',
  gcp: 'https://cloudbilling.googleapis.com',
};

/** What is fetched: only regions that some cluster needs. */
export interface OnlineRefresh {
  readonly hosts: PriceHosts;
  readonly awsRegions: readonly string[];
  readonly azureRegions: readonly string[];
  /** Absent: Google's prices are not asked for. */
  readonly gcpApiKey?: string;
  readonly currency: string;
  readonly accept: readonly string[];
  readonly nowMs: number;
  /** Folder for downloads; what is put there is removed again. */
  readonly workFolder: string;
}

/** What became of one source and region; one that fails stops no other. */
export type OnlineOutcome =
  | { readonly what: string; readonly outcome: 'refreshed'; readonly report: RefreshReport }
  | { readonly what: string; readonly outcome: 'unchanged' }
  | { readonly what: string; readonly outcome: 'failed'; readonly error: PricingError };

const GCP_SERVICES = ['6F81-5844-456A', 'CCD8-9BF1-090E'] as const;
const AZURE_SERVICES = ['Virtual Machines', 'Storage', 'Azure Kubernetes Service', 'Bandwidth'] as const;
const AZURE_GLOBAL_SERVICES = ['Load Balancer'] as const;

interface Work {
  readonly what: string;
  readonly run: (folder: string) => Promise<RefreshReport | undefined>;
}

class OnlineRun {
  constructor(
    private readonly store: CatalogueStore,
    private readonly refresh: OnlineRefresh,
    private readonly context: HttpContext,
  ) {}

  *works(): Generator<Work> {
    for (const region of this.refresh.awsRegions) {
      yield { what: `aws-offer ${region}`, run: (folder) => this.#awsOffers(region, folder) };
    }
    if (this.refresh.awsRegions.length > 0)
      yield { what: 'aws-spot-feed', run: (folder) => this.#spotFeed(folder) };
    for (const region of this.refresh.azureRegions) {
      yield { what: `azure-retail ${region}`, run: (folder) => this.#azure(region, folder) };
    }
    if (this.refresh.azureRegions.length > 0) {
      yield { what: 'azure-retail global', run: (folder) => this.#azureGlobal(folder) };
    }
    const key = this.refresh.gcpApiKey;
    if (key !== undefined) yield { what: 'gcp-skus', run: (folder) => this.#gcp(key, folder) };
  }

  async #awsOffers(region: string, folder: string): Promise<RefreshReport | undefined> {
    const { awsPriceList, awsPriceListChina } = this.refresh.hosts;
    const host = region.startsWith('cn-') ? awsPriceListChina : awsPriceList;
    const offers = await findOffers(host, region, this.context);
    if (offers.urls.size === 0) {
      throw new PricingError(
        'FETCH',
        `${host} lists no offer for region '${region}': check the region's name`,
      );
    }
    const stored = await this.store.readPart(`aws-offer/${region}`);
    if (stored?.facts.sourceVersion === offers.versions.join(',')) return undefined;
    const paths = await downloadOffers(offers, folder, this.context);
    return this.#apply('aws-offer', paths, { region });
  }

  async #spotFeed(folder: string): Promise<RefreshReport> {
    const path = join(folder, 'spot.json');
    await download(`${this.refresh.hosts.awsSpotFeed}/spot.json`, path, this.context);
    return this.#apply('aws-spot-feed', [path]);
  }

  async #azure(region: string, folder: string): Promise<RefreshReport> {
    const services = AZURE_SERVICES.map((name) => `serviceName eq '${name}'`).join(' or ');
    const filter = `(${services}) and armRegionName eq '${region}' and priceType eq 'Consumption'`;
    const chain = azureChain(this.refresh.hosts.azure, filter, this.refresh.currency);
    return this.#apply('azure-retail', await downloadPages(chain, folder, this.context));
  }

  async #azureGlobal(folder: string): Promise<RefreshReport> {
    const services = AZURE_GLOBAL_SERVICES.map((name) => `serviceName eq '${name}'`).join(' or ');
    const filter = `(${services}) and armRegionName eq 'Global' and priceType eq 'Consumption'`;
    const chain = azureChain(this.refresh.hosts.azure, filter, this.refresh.currency);
    return this.#apply('azure-retail', await downloadPages(chain, folder, this.context));
  }

  async #gcp(key: string, folder: string): Promise<RefreshReport> {
    const paths: string[] = [];
    for (const service of GCP_SERVICES) {
      const chain = gcpChain(this.refresh.hosts.gcp, service, { currency: this.refresh.currency, key });
      paths.push(...(await downloadPages(chain, await mkdtemp(join(folder, 'service-')), this.context)));
    }
    return this.#apply('gcp-skus', paths);
  }

  async #apply(
    source: SourceName,
    paths: readonly string[],
    options: { readonly region?: string } = {},
  ): Promise<RefreshReport> {
    const parsed = await parseSource(source, paths.map(inputFile), options);
    releaseGarbage();
    const { nowMs, accept } = this.refresh;
    return applyRefresh(this.store, this.#checked(source, parsed), {
      source,
      asOfMs: nowMs,
      nowMs,
      mode: 'replace',
      accept,
    });
  }

  /** An answer in another currency than the one that was asked for is not the answer. */
  #checked(source: SourceName, parsed: ParsedSource): ParsedSource {
    if (source !== 'azure-retail' && source !== 'gcp-skus') return parsed;
    const foreign = parsed.items.find(
      (item) => item.kind === 'price' && item.currency !== this.refresh.currency,
    );
    if (foreign?.kind !== 'price') return parsed;
    throw new PricingError(
      'WRONG_CURRENCY',
      `${source} answered in ${foreign.currency} where ${this.refresh.currency} was asked for: the last good prices stay, check the account's currency`,
    );
  }
}

/** Told when a step begins: how many are done, of how many, and what begins; at the end `done` equals `total`. */
export type OnStep = (done: number, total: number, what: string) => void;

/**
 * Fetches prices from the services and takes each answer into the catalogue by itself: what fails is reported, and
 * the last good prices of that part stay.
 */
export async function refreshOnline(
  store: CatalogueStore,
  refresh: OnlineRefresh,
  context: HttpContext,
  onStep?: OnStep,
): Promise<readonly OnlineOutcome[]> {
  const outcomes: OnlineOutcome[] = [];
  const works = [...new OnlineRun(store, refresh, context).works()];
  for (const { what, run } of works) {
    onStep?.(outcomes.length, works.length, what);
    const folder = await mkdtemp(join(refresh.workFolder, 'kubehero-prices-'));
    try {
      const report = await run(folder);
      outcomes.push(
        report === undefined ? { what, outcome: 'unchanged' } : { what, outcome: 'refreshed', report },
      );
    } catch (error) {
      if (!(error instanceof PricingError)) throw error;
      outcomes.push({ what, outcome: 'failed', error });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  onStep?.(works.length, works.length, 'done');
  return outcomes;
}
