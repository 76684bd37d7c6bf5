import type { PriceRow } from '@kubehero/domain';
import { releaseGarbage } from '@kubehero/runtime';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueStore } from '../catalogue-store.js';
import { PricingError } from '../errors.js';
import { applyRefresh, type RefreshReport } from '../refresh.js';
import { parseSource, type ParsedSource, type SourceName, type SourceOptions } from '../sources/index.js';
import { inputFile } from '../stream/input.js';
import { downloadSpotHistory, type SpotHistoryAccess } from './aws-spot-history.js';
import { downloadOffers, findOffers, findSavingsPlan } from './aws.js';
import { fetchGoogleToken, type GoogleAccount } from './google-token.js';
import { download, type HttpContext } from './http.js';
import { azureChain, downloadPages, gcpChain, gcpMachineTypesChain } from './pages.js';

/** Where prices are asked for. Each is an origin without a path. */
export interface PriceHosts {
  readonly awsPriceList: string;
  readonly awsPriceListChina: string;
  readonly awsSpotFeed: string;
  readonly azure: string;
  readonly gcp: string;
  readonly gcpCompute: string;
}

/** The services' own addresses. */
export const PUBLIC_HOSTS: PriceHosts = {
  awsPriceList: 'https://pricing.us-east-1.amazonaws.com',
  awsPriceListChina: 'https://pricing.cn-north-1.amazonaws.com.cn',
  awsSpotFeed: 'https://website.spot.ec2.aws.a2z.com',
  azure: 'https://prices.azure.com',
  gcp: 'https://cloudbilling.googleapis.com',
  gcpCompute: 'https://compute.googleapis.com',
};

/** What is fetched: only regions that some cluster needs. */
export interface OnlineRefresh {
  readonly hosts: PriceHosts;
  readonly awsRegions: readonly string[];
  readonly azureRegions: readonly string[];
  /** Spot prices by zone from the EC2 API. Absent: only the public feed, by region, is asked. */
  readonly spotHistory?: SpotHistoryAccess;
  /** Key for Google's prices. Absent, and no account either: Google is not asked. */
  readonly gcpApiKey?: string;
  /** Service account that may list machine types, and prices where no key is given. */
  readonly gcpAccount?: GoogleAccount;
  /** Also fetch list rates of reservations and savings plans, @default true */
  readonly commitments?: boolean;
  readonly currency: string;
  readonly accept: readonly string[];
  /** Name of the person who lets them through. */
  readonly acceptedBy?: string | undefined;
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
const AZURE_LICENSES = 'Virtual Machines Licenses';

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
    yield* this.#awsWorks();
    for (const region of this.refresh.azureRegions) {
      yield { what: `azure-retail ${region}`, run: (folder) => this.#azure(region, folder) };
    }
    if (this.refresh.azureRegions.length > 0) {
      yield { what: 'azure-retail global', run: (folder) => this.#azureGlobal(folder) };
    }
    const { gcpAccount, gcpApiKey } = this.refresh;
    if (gcpAccount !== undefined) {
      yield { what: 'gcp-machine-types', run: (folder) => this.#gcpMachineTypes(gcpAccount, folder) };
    }
    if (gcpApiKey !== undefined || gcpAccount !== undefined) {
      yield { what: 'gcp-skus', run: (folder) => this.#gcp(folder) };
    }
  }

  *#awsWorks(): Generator<Work> {
    const { awsRegions, spotHistory, commitments } = this.refresh;
    for (const region of awsRegions) {
      yield { what: `aws-offer ${region}`, run: (folder) => this.#awsOffers(region, folder) };
      if (commitments !== false)
        yield { what: `aws-savings-plan ${region}`, run: (folder) => this.#savingsPlan(region, folder) };
      if (spotHistory !== undefined) {
        const run = (folder: string): Promise<RefreshReport | undefined> =>
          this.#spotHistory(region, spotHistory, folder);
        yield { what: `aws-spot-history ${region}`, run };
      }
    }
    if (awsRegions.length > 0) yield { what: 'aws-spot-feed', run: (folder) => this.#spotFeed(folder) };
  }

  #awsHost(region: string): string {
    const { awsPriceList, awsPriceListChina } = this.refresh.hosts;
    return region.startsWith('cn-') ? awsPriceListChina : awsPriceList;
  }

  /** Rates name SKUs of the on-demand list; China's list holds no savings plans. */
  async #savingsPlan(region: string, folder: string): Promise<RefreshReport | undefined> {
    const plan = await findSavingsPlan(this.#awsHost(region), region, this.context);
    if (plan === undefined) return undefined;
    const stored = await this.store.readPart(`aws-savings-plan/${region}`);
    if (stored?.facts.sourceVersion === plan.version && !this.#accepts(region)) return undefined;
    const path = join(folder, 'savings-plan.json');
    await download(plan.url, path, this.context);
    return this.#apply('aws-savings-plan', [path], { region, products: await this.#productsOf(region) });
  }

  /** A version that is known may hold what the gate kept out: where a person lets that through, it is read again. */
  #accepts(region: string): boolean {
    return this.refresh.accept.some((part) => {
      const [named = ''] = part.toLowerCase().split('/');
      return named === 'all' || named.startsWith(region); // Local Zones are in their region's files
    });
  }

  async #productsOf(region: string): Promise<ReadonlyMap<string, PriceRow>> {
    const part = await this.store.readPart(`aws-offer/${region}`);
    const rows = (part?.items ?? []).filter((item): item is PriceRow => item.kind === 'price');
    return new Map(rows.filter(({ resource }) => resource === 'instance').map((row) => [row.sku, row]));
  }

  async #spotHistory(
    region: string,
    access: SpotHistoryAccess,
    folder: string,
  ): Promise<RefreshReport | undefined> {
    const request = { region, nowMs: this.refresh.nowMs, folder };
    const paths = await downloadSpotHistory(request, access, this.context);
    return paths === undefined ? undefined : this.#apply('aws-spot-history', paths, { region });
  }

  async #gcpMachineTypes(account: GoogleAccount, folder: string): Promise<RefreshReport> {
    const token = await fetchGoogleToken(account, this.refresh.nowMs, this.context);
    const chain = gcpMachineTypesChain(this.refresh.hosts.gcpCompute, account.project, token);
    return this.#apply('gcp-machine-types', await downloadPages(chain, folder, this.context));
  }

  async #awsOffers(region: string, folder: string): Promise<RefreshReport | undefined> {
    const host = this.#awsHost(region);
    const offers = await findOffers(host, region, this.context);
    if (offers.urls.size === 0) {
      throw new PricingError(
        'FETCH',
        `${host} lists no offer for region '${region}': check the region's name`,
      );
    }
    const stored = await this.store.readPart(`aws-offer/${region}`);
    const version = offers.versions.join(',');
    if (stored?.facts.sourceVersion === version && !this.#accepts(region)) return undefined;
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
    const filters = [`(${services}) and armRegionName eq '${region}' and priceType eq 'Consumption'`];
    if (this.refresh.commitments !== false) {
      filters.push(
        `serviceName eq 'Virtual Machines' and armRegionName eq '${region}' and priceType eq 'Reservation'`,
      );
    }
    return this.#apply('azure-retail', await this.#azurePages(filters, folder));
  }

  async #azureGlobal(folder: string): Promise<RefreshReport> {
    const services = AZURE_GLOBAL_SERVICES.map((name) => `serviceName eq '${name}'`).join(' or ');
    const filters = [
      `(${services}) and armRegionName eq 'Global' and priceType eq 'Consumption'`,
      // Licences name no region at all
      `serviceName eq '${AZURE_LICENSES}' and priceType eq 'Consumption'`,
    ];
    return this.#apply('azure-retail', await this.#azurePages(filters, folder));
  }

  async #azurePages(filters: readonly string[], folder: string): Promise<readonly string[]> {
    const paths: string[] = [];
    for (const filter of filters) {
      const chain = azureChain(this.refresh.hosts.azure, filter, this.refresh.currency);
      const own = await mkdtemp(join(folder, 'filter-'));
      paths.push(...(await downloadPages(chain, own, this.context)));
    }
    return paths;
  }

  /** A key is enough for prices; a service account's token does as well. */
  async #gcpHeaders(): Promise<Readonly<Record<string, string>>> {
    const { gcpApiKey, gcpAccount, nowMs } = this.refresh;
    if (gcpApiKey !== undefined || gcpAccount === undefined) return { 'x-goog-api-key': gcpApiKey ?? '' };
    return { authorization: `Bearer ${await fetchGoogleToken(gcpAccount, nowMs, this.context)}` };
  }

  async #gcp(folder: string): Promise<RefreshReport> {
    const paths: string[] = [];
    const headers = await this.#gcpHeaders();
    for (const service of GCP_SERVICES) {
      const { currency } = this.refresh;
      const chain = gcpChain(this.refresh.hosts.gcp, service, { currency, headers });
      paths.push(...(await downloadPages(chain, await mkdtemp(join(folder, 'service-')), this.context)));
    }
    return this.#apply('gcp-skus', paths);
  }

  async #apply(
    source: SourceName,
    paths: readonly string[],
    options: Pick<SourceOptions, 'region' | 'products'> = {},
  ): Promise<RefreshReport> {
    const { commitments } = this.refresh;
    const parsed = await parseSource(source, paths.map(inputFile), { ...options, commitments });
    releaseGarbage();
    const { nowMs, accept, acceptedBy } = this.refresh;
    return applyRefresh(this.store, this.#checked(source, parsed), {
      source,
      asOfMs: nowMs,
      nowMs,
      mode: 'replace',
      accept,
      acceptedBy,
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
