import { httpPaths } from '@kubehero/contract';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Component } from '../lifecycle/lifecycle.js';
import { toListenError } from './listen-error.js';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';
import { formatHostPort, type HostPort } from '../settings/setting.js';
import { HttpError, HttpRouter, type HttpRoute } from './router.js';

/** Whether a program can do its work; the text says why not. */
export type Readiness = () => { readonly ready: boolean; readonly detail?: string };

/** What an {@link HttpServer} needs. */
export interface HttpServerOptions {
  readonly listen: HostPort;
  readonly logger: Logger;
  /** Flag that changes the address; named when the port is taken. @default '--http' */
  readonly listenFlag?: string;
  /** Serves `/metrics`. @default - none */
  readonly metrics?: Metrics;
  /** Answers `/readyz`. @default - always ready */
  readonly readiness?: Readiness;
  /** Longest time to receive a whole request. @default 30000 */
  readonly requestTimeoutMs?: number;
  /** Open connections at most. @default 2000 */
  readonly maxConnections?: number;
}

const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_CONNECTIONS = 2_000;
const MAX_HEADER_BYTES = 16_384;
const ORIGIN = 'http://localhost';

/**
 * A small HTTP server with `/healthz`, `/readyz`, `/metrics` and the routes that are added. Stopping it ends long
 * responses by their signal, answers what is under way and closes; what is left at the deadline is cut.
 */
export class HttpServer implements Component {
  readonly name = 'http server';
  readonly #options: HttpServerOptions;
  readonly #router = new HttpRouter();
  /** One for each request under way; not AbortSignal.any, which keeps dependents of a long-lived signal alive. */
  readonly #active = new Set<AbortController>();
  #stopping = false;
  #server: Server | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#addOwnRoutes();
  }

  /** Adds a route; MAY be called while the server runs. @throws Error where it is taken */
  route(route: HttpRoute): void {
    this.#router.add(route);
  }

  /** The address that the server listens on. @throws Error before {@link start} */
  get address(): HostPort {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (address === null || address === undefined) throw new Error('the http server does not listen');
    return { host: address.address, port: address.port };
  }

  /** Base URL for callers on this machine: every interface is shown as the loopback address. */
  get url(): string {
    const { host, port } = this.address;
    const dialled = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    return `http://${formatHostPort({ host: dialled, port })}`;
  }

  /** Listens. @throws UserError `PORT_IN_USE`, `ADDRESS_UNAVAILABLE` or `PORT_FORBIDDEN` */
  async start(): Promise<void> {
    const server = createServer(
      {
        requestTimeout: this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (request, response) => void this.#answer(request, response),
    );
    server.maxConnections = this.#options.maxConnections ?? MAX_CONNECTIONS;
    const { listen } = this.#options;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        reject(toListenError(error, listen, this.#options.listenFlag ?? '--http'));
      });
      server.listen(listen.port, listen.host, resolve);
    });
    server.on('error', (error) => {
      this.#options.logger.error('http server failed', { error });
    });
    this.#server = server;
  }

  /** Drains and closes; at the signal's abort open connections are cut. */
  async stop(signal?: AbortSignal): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#stopping = true;
    for (const controller of this.#active) controller.abort();
    const cut = (): void => {
      server.closeAllConnections();
    };
    signal?.addEventListener('abort', cut, { once: true });
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeIdleConnections();
      if (signal?.aborted === true) cut();
    });
    signal?.removeEventListener('abort', cut);
    this.#server = undefined;
  }

  #addOwnRoutes(): void {
    this.route({
      method: 'GET',
      path: httpPaths.live,
      handler: (_, response) => {
        sendText(response, 200, 'ok');
      },
    });
    this.route({
      method: 'GET',
      path: httpPaths.ready,
      handler: (_, response) => {
        const state = this.#stopping
          ? { ready: false, detail: 'stopping' }
          : (this.#options.readiness?.() ?? { ready: true });
        sendText(response, state.ready ? 200 : 503, state.detail ?? (state.ready ? 'ok' : 'not ready'));
      },
    });
    const { metrics } = this.#options;
    if (metrics === undefined) return;
    this.route({
      method: 'GET',
      path: httpPaths.metrics,
      handler: async (_, response) => {
        const page = await metrics.expose();
        response.writeHead(200, { 'content-type': page.contentType }).end(page.body);
      },
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    this.#active.add(controller);
    response.once('close', () => {
      this.#active.delete(controller);
      controller.abort();
      // The connection is kept for a next request, which a stopping server does not want.
      if (this.#stopping) setImmediate(() => this.#server?.closeIdleConnections());
    });
    try {
      // The request's own Host header must not decide what a URL means here.
      const target = request.url ?? '/';
      if (!URL.canParse(target, ORIGIN)) throw new HttpError(400, 'the request has no valid path');
      const url = new URL(target, ORIGIN);
      const route = this.#router.find(request.method ?? 'GET', url.pathname);
      if (route.guard?.(request) === false) {
        response.setHeader('www-authenticate', 'Bearer');
        throw new HttpError(401, 'a valid bearer token is required');
      }
      if (this.#stopping) controller.abort();
      await route.handler(request, response, { url, signal: controller.signal });
    } catch (error) {
      this.#refuse(request, response, error);
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const refusal = error instanceof HttpError ? error : new HttpError(500, 'internal error');
    if (refusal !== error && !response.destroyed) {
      this.#options.logger.error('request failed', { method: request.method, path: request.url, error });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // What was not read of the body would be taken for the next request on this connection.
    if (!request.complete) response.setHeader('connection', 'close');
    response
      .writeHead(refusal.status, { 'content-type': 'application/json' })
      .end(`${JSON.stringify({ message: refusal.message })}\n`);
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${text}\n`);
}
