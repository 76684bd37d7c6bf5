import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What the server does to the next request whose path holds `match`; each is used up once per `times`. */
export interface Fault {
  readonly match: string;
  times: number;
  readonly kind: 'status' | 'truncate' | 'reset' | 'garbage';
  readonly status?: number;
  readonly retryAfter?: string;
}

/** What the server offers. */
export interface PriceWorld {
  /** Region to offer code to document; every document's version is its `version`. */
  readonly offers: Map<string, Map<string, { readonly version: string; readonly document: unknown }>>;
  spotFeed: unknown;
  /** All items; the filter picks by service and region. */
  azureItems: readonly Record<string, unknown>[];
  azurePageSize: number;
  /** Billing service to SKUs. */
  readonly gcpSkus: Map<string, readonly unknown[]>;
  gcpPageSize: number;
  gcpKey: string;
  /** Region to Savings Plan list; its version is its `version`. */
  readonly savingsPlans?: Map<string, { readonly version: string; readonly document: unknown }>;
  /** Zone to machine types, and the token that may list them; the token is given out at `/token`. */
  readonly gcpMachineTypes?: Map<string, readonly unknown[]>;
  readonly gcpToken?: string;
  /** A page chain that never ends or leads back, instead of the true one. */
  chain: 'true' | 'endless' | 'back' | 'elsewhere';
  readonly faults: Fault[];
}

/** A request as it came in. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A local server that speaks the protocols of the price services: indexes, pages, ETags, ranges, gzip, throttling. */
export class PriceServer {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;

  constructor(readonly world: PriceWorld) {
    this.#server = createServer((request, response) => {
      this.requests.push({ path: request.url ?? '', headers: request.headers });
      this.#answer(request, response);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.origin);
    const fault = this.world.faults.find(({ match, times }) => times > 0 && url.pathname.includes(match));
    if (fault !== undefined) fault.times -= 1;
    if (fault?.kind === 'status') {
      response.writeHead(
        fault.status ?? 503,
        fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter },
      );
      response.end('busy');
      return;
    }
    if (fault?.kind === 'reset') {
      request.socket.destroy();
      return;
    }
    const body = fault?.kind === 'garbage' ? '<html>maintenance</html>' : this.#body(url, request);
    if (body === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (typeof body === 'number') {
      response.writeHead(body).end('{"error":{"status":"INVALID_ARGUMENT"}}');
      return;
    }
    send(request, response, Buffer.from(body), fault?.kind === 'truncate');
  }

  #body(url: URL, request: IncomingMessage): string | number | undefined {
    const { pathname } = url;
    if (pathname.startsWith('/offers/')) return this.#offer(pathname);
    if (pathname.startsWith('/savingsPlan/')) return this.#savingsPlan(pathname);
    if (pathname === '/spot.json') return JSON.stringify(this.world.spotFeed);
    if (pathname === '/api/retail/prices') return this.#azure(url);
    return this.#google(url, request);
  }

  #google(url: URL, request: IncomingMessage): string | number | undefined {
    const { pathname } = url;
    if (pathname === '/token') {
      return JSON.stringify({ access_token: this.world.gcpToken, token_type: 'Bearer', expires_in: 3599 });
    }
    if (/^\/compute\/v1\/projects\/[^/]+\/aggregated\/machineTypes$/.test(pathname)) {
      const authorized = request.headers.authorization === `Bearer ${this.world.gcpToken ?? ''}`;
      return authorized ? this.#machineTypes(url) : 401;
    }
    const service = /^\/v1\/services\/([^/]+)\/skus$/.exec(pathname)?.[1];
    if (service === undefined) return undefined;
    const { gcpKey, gcpToken } = this.world;
    const allowed =
      request.headers['x-goog-api-key'] === gcpKey ||
      (gcpToken !== undefined && request.headers.authorization === `Bearer ${gcpToken}`);
    return allowed ? this.#gcp(service, url) : 400;
  }

  #offer(pathname: string): string | undefined {
    const index = /^\/offers\/v1\.0\/(?:aws|cn)\/([^/]+)\/current\/region_index\.json$/.exec(pathname);
    if (index !== null) {
      const regions = [...this.world.offers].flatMap(([region, offers]) => {
        const offer = offers.get(index[1] ?? '');
        const currentVersionUrl = `/offers/v1.0/aws/${index[1] ?? ''}/${offer?.version ?? ''}/${region}/index.json`;
        return offer === undefined ? [] : [[region, { regionCode: region, currentVersionUrl }] as const];
      });
      return JSON.stringify({ formatVersion: 'v1.0', regions: Object.fromEntries(regions) });
    }
    const file = /^\/offers\/v1\.0\/aws\/([^/]+)\/([^/]+)\/([^/]+)\/index\.json$/.exec(pathname);
    const offer = this.world.offers.get(file?.[3] ?? '')?.get(file?.[1] ?? '');
    return offer?.version === file?.[2] ? JSON.stringify(offer?.document) : undefined;
  }

  #savingsPlan(pathname: string): string | undefined {
    const plans = this.world.savingsPlans ?? new Map<string, { version: string; document: unknown }>();
    const base = '/savingsPlan/v1.0/aws/AWSComputeSavingsPlan';
    if (pathname === `${base}/current/region_index.json`) {
      const regions = [...plans].map(([regionCode, { version }]) => ({
        regionCode,
        versionUrl: `${base}/${version}/${regionCode}/index.json`,
      }));
      return JSON.stringify({ disclaimer: '', publicationDate: '2026-11-01T00:00:00Z', regions });
    }
    const [version, region = ''] = pathname.slice(base.length + 1).split('/');
    const plan = plans.get(region);
    return plan?.version === version ? JSON.stringify(plan?.document) : undefined;
  }

  /** One zone a page. */
  #machineTypes(url: URL): string {
    const zones = [...(this.world.gcpMachineTypes ?? [])];
    const at = Number(url.searchParams.get('pageToken') ?? '0');
    const [zone, machineTypes] = zones[at] ?? ['', []];
    return JSON.stringify({
      kind: 'compute#machineTypeAggregatedList',
      items: {
        [`zones/${zone}`]: { machineTypes },
        'regions/us-central1': { warning: { code: 'NO_RESULTS_ON_PAGE', message: 'constructed' } },
      },
      ...(at + 1 < zones.length ? { nextPageToken: String(at + 1) } : {}),
    });
  }

  #azure(url: URL): string {
    const filter = url.searchParams.get('$filter') ?? '';
    const services = [...filter.matchAll(/serviceName eq '([^']+)'/g)].map((match) => match[1]);
    const region = /armRegionName eq '([^']+)'/.exec(filter)?.[1] ?? '';
    const type = /priceType eq '([^']+)'/.exec(filter)?.[1] ?? '';
    const items = this.world.azureItems.filter(
      (item) =>
        services.includes(String(item['serviceName'])) &&
        String(item['armRegionName']) === region &&
        item['type'] === type,
    );
    const skip = Number(url.searchParams.get('$skip') ?? '0');
    const page = items.slice(skip, skip + this.world.azurePageSize);
    const next = this.#next(url, skip, items.length);
    return JSON.stringify({
      BillingCurrency: 'USD',
      CustomerEntityId: 'Default',
      CustomerEntityType: 'Retail',
      Items: page,
      NextPageLink: next,
      Count: page.length,
    });
  }

  #next(url: URL, skip: number, total: number): string | null {
    const to = new URL(url);
    if (this.world.chain === 'elsewhere') return 'http://127.0.0.1:1/api/retail/prices';
    if (this.world.chain === 'back') return url.toString();
    if (this.world.chain === 'true' && skip + this.world.azurePageSize >= total) return null;
    to.searchParams.set('$skip', String(skip + this.world.azurePageSize));
    return to.toString();
  }

  #gcp(service: string, url: URL): string {
    const skus = this.world.gcpSkus.get(service) ?? [];
    const at = Number(url.searchParams.get('pageToken') ?? '0');
    const next = at + this.world.gcpPageSize < skus.length ? String(at + this.world.gcpPageSize) : '';
    return JSON.stringify({ skus: skus.slice(at, at + this.world.gcpPageSize), nextPageToken: next });
  }
}

const BREAK_AFTER_MS = 250;

function send(request: IncomingMessage, response: ServerResponse, body: Buffer, truncate: boolean): void {
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  const from = resumedAt(request, etag);
  const plain = body.subarray(from);
  const gzip =
    /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && body.length > 1024 && body.length < 4096;
  const content = gzip ? gzipSync(plain) : plain;
  response.writeHead(from > 0 ? 206 : 200, {
    'content-type': 'application/json',
    'content-length': content.length,
    etag,
    ...(gzip ? { 'content-encoding': 'gzip' } : { 'accept-ranges': 'bytes' }),
    ...(from > 0
      ? { 'content-range': `bytes ${String(from)}-${String(body.length - 1)}/${String(body.length)}` }
      : {}),
  });
  if (!truncate) {
    response.end(content);
    return;
  }
  response.write(content.subarray(0, Math.floor(content.length / 2)), () => {
    // What was written must reach the client before the line goes dead.
    setTimeout(() => response.socket?.destroy(), BREAK_AFTER_MS);
  });
}

/** First byte that a client still wants of the file that it has begun; 0 where it wants all. */
function resumedAt(request: IncomingMessage, etag: string): number {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  return range !== null && request.headers['if-range'] === etag ? Number(range[1]) : 0;
}
