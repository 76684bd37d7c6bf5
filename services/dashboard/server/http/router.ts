import type { IncomingMessage, ServerResponse } from 'node:http';
import { ControlPlaneError, type ControlPlaneClient } from '../control-plane-client.js';
import { MAX_VIEWERS, type LiveHub } from '../live/live-hub.js';
import { LiveViewer } from '../live/live-viewer.js';
import { readNodes } from '../queries/node-query.js';
import { explainPrice, readCatalogue, readPriceChanges, searchPrices } from '../queries/price-query.js';
import type { QueryCache } from '../queries/query-cache.js';
import type { TopReader } from '../queries/top-query.js';
import type { Login } from '../session/login.js';
import { findSessionCookie, verifySession, type Session } from '../session/session-cookie.js';
import { ARMED_PATH, armPolicy, budgetRoutes } from './budget-routes.js';
import { replyFault, replyJson, type Fault } from './reply.js';
import { tryParsePriceQuestion, tryParsePriceSearch } from './price-parameters.js';
import { tryParseLiveQuery, tryParseTopQuery } from './request-parameters.js';
import { secure } from './security-headers.js';
import type { StaticFiles } from './static-files.js';

/** What the router routes to. */
export interface RouterOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly hub: LiveHub;
  readonly top: TopReader;
  readonly cache: QueryCache;
  readonly login: Login;
  readonly files: StaticFiles;
  readonly sessionSecret: string;
  /** Renders a page. */
  readonly page: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly log: (message: string) => void;
}

type Handler = (request: IncomingMessage, response: ServerResponse, call: Call) => Promise<void>;

interface Call {
  readonly url: URL;
  readonly session: Session;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Decides who may see what: without a session there are the login page, its files and the health check, no more. */
export class Router {
  private readonly protectedRoutes: ReadonlyMap<string, Handler>;

  constructor(private readonly options: RouterOptions) {
    this.protectedRoutes = new Map<string, Handler>([
      ['/api/live', this.live.bind(this)],
      ['/api/top', this.top.bind(this)],
      ['/api/nodes', this.nodes.bind(this)],
      ['/api/prices/catalogue', this.catalogue.bind(this)],
      ['/api/prices/changes', this.priceChanges.bind(this)],
      ['/api/prices/search', this.priceSearch.bind(this)],
      ['/api/prices/explain', this.explainPrice.bind(this)],
      ...budgetRoutes(options),
    ]);
  }

  /** Answers a request; never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      secure(request, response);
      await this.route(request, response);
    } catch (error) {
      await this.fail(request, response, error);
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://dashboard.invalid');
    if (url.pathname === '/healthz') return void response.end('ok\n');
    if (url.pathname === '/api/session') return this.session(request, response);
    if (url.pathname === ARMED_PATH) return this.armed(request, response);
    if (!isRead(request)) return replyFault(request, response, NOT_FOUND);
    if (await this.options.files.serve(request, response, url.pathname)) return;
    if (isPublicPage(url.pathname)) return this.options.page(request, response);
    const session = this.currentSession(request);
    if (session === undefined) return this.turnAway(request, response, url);
    const handler = this.protectedRoutes.get(url.pathname);
    if (handler !== undefined) return handler(request, response, { url, session });
    if (url.pathname.startsWith('/api/')) return replyFault(request, response, NOT_FOUND);
    response.setHeader('Cache-Control', 'private, no-store');
    await this.options.page(request, response);
  }

  private currentSession(request: IncomingMessage): Session | undefined {
    const cookie = findSessionCookie(request.headers.cookie);
    return cookie === undefined
      ? undefined
      : verifySession(cookie, this.options.sessionSecret, Date.now() / 1000);
  }

  private async turnAway(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (url.pathname.startsWith('/api/')) return replyFault(request, response, UNAUTHENTICATED);
    response.writeHead(303, { Location: '/login', 'Cache-Control': 'no-store' });
    response.end();
  }

  private async session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') return this.options.login.open(request, response);
    if (request.method === 'DELETE') return this.options.login.close(request, response);
    await replyFault(request, response, NOT_FOUND);
  }

  private async armed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return replyFault(request, response, NOT_FOUND);
    const session = this.currentSession(request);
    if (session === undefined) return replyFault(request, response, UNAUTHENTICATED);
    await armPolicy(request, response, { client: this.options.client, session });
  }

  private async live(request: IncomingMessage, response: ServerResponse, call: Call): Promise<void> {
    const query = tryParseLiveQuery(call.url.searchParams);
    if (query === undefined) return replyFault(request, response, INVALID);
    if (this.options.hub.viewers >= MAX_VIEWERS) return replyFault(request, response, FULL);
    const viewer = new LiveViewer(response);
    viewer.open();
    const leave = this.options.hub.watch(viewer, query.by, query.where);
    const left = Math.min(call.session.expiresAtS * 1000 - Date.now(), MAX_TIMER_MS);
    const expiry = setTimeout(() => viewer.end(), left).unref();
    response.on('close', () => {
      clearTimeout(expiry);
      leave();
    });
  }

  private async top(request: IncomingMessage, response: ServerResponse, call: Call): Promise<void> {
    const query = tryParseTopQuery(call.url.searchParams);
    if (query === undefined) return replyFault(request, response, INVALID);
    await replyJson(request, response, await this.options.top.read(query));
  }

  private async nodes(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await replyJson(request, response, await readNodes(this.options.client, this.options.cache));
  }

  private async catalogue(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await replyJson(request, response, await readCatalogue(this.options.client, this.options.cache));
  }

  private async priceChanges(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await replyJson(request, response, await readPriceChanges(this.options.client, this.options.cache));
  }

  private async priceSearch(request: IncomingMessage, response: ServerResponse, call: Call): Promise<void> {
    const query = tryParsePriceSearch(call.url.searchParams);
    if (query === undefined) return replyFault(request, response, INVALID);
    await replyJson(request, response, await searchPrices(this.options.client, query));
  }

  private async explainPrice(request: IncomingMessage, response: ServerResponse, call: Call): Promise<void> {
    const question = tryParsePriceQuestion(call.url.searchParams);
    if (question === undefined) return replyFault(request, response, INVALID);
    await replyJson(request, response, await explainPrice(this.options.client, question));
  }

  private async fail(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    if (!(error instanceof ControlPlaneError)) this.options.log(`request failed: ${String(error)}`);
    if (response.headersSent) return void response.destroy();
    await replyFault(request, response, toFault(error));
  }
}

const NOT_FOUND: Fault = { status: 404, code: 'NOT_FOUND', message: 'there is nothing here' };
const INVALID: Fault = { status: 400, code: 'INVALID_REQUEST', message: 'parameters make no sense' };
const UNAUTHENTICATED: Fault = { status: 401, code: 'UNAUTHENTICATED', message: 'log in first' };
const FULL: Fault = { status: 503, code: 'TOO_MANY', message: 'too many viewers on this replica' };

function toFault(error: unknown): Fault {
  if (!(error instanceof ControlPlaneError)) {
    return { status: 500, code: 'INTERNAL', message: 'the dashboard failed: its log says why' };
  }
  const code = error.code === 'REFUSED' ? 'CONTROL_PLANE_REFUSED' : 'CONTROL_PLANE_UNAVAILABLE';
  return { status: 502, code, message: error.message };
}

function isRead(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function isPublicPage(pathname: string): boolean {
  return pathname === '/login' || pathname === '/icon.svg';
}
