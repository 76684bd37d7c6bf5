import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a handler knows beside Node's own request and response. */
export interface HttpContext {
  /** The request's path and query; its host is not the caller's and means nothing. */
  readonly url: URL;
  /** Aborts when the client is gone or the server has begun to stop: long responses MUST end then. */
  readonly signal: AbortSignal;
}

/** Answers a request. Rejecting with an {@link HttpError} answers with its status. */
export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  context: HttpContext,
) => Promise<void> | void;

/** A method and a path, and who may call it. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Exact path, or a prefix ending in `/*`. */
  readonly path: string;
  readonly handler: HttpHandler;
  /** False answers 401 before the handler runs. @default - everyone may */
  readonly guard?: (request: IncomingMessage) => boolean;
}

/** A refusal with an HTTP status. */
export class HttpError extends Error {
  /** Always `HTTP_ERROR`; the status tells. */
  readonly code = 'HTTP_ERROR';
  constructor(
    readonly status: number,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'HttpError';
  }
}

/** Finds the route of a request: exact paths first, then the longest prefix. */
export class HttpRouter {
  readonly #exact = new Map<string, Map<string, HttpRoute>>();
  readonly #prefixes: HttpRoute[] = [];

  /** Adds a route. @throws Error where method and path are taken */
  add(route: HttpRoute): void {
    if (route.path.endsWith('/*')) {
      this.#prefixes.push(route);
      this.#prefixes.sort((a, b) => b.path.length - a.path.length);
      return;
    }
    const methods = this.#exact.get(route.path) ?? new Map<string, HttpRoute>();
    if (methods.has(route.method)) throw new Error(`route ${route.method} ${route.path} is there twice`);
    methods.set(route.method, route);
    this.#exact.set(route.path, methods);
  }

  /** @throws HttpError 404, or 405 where the path is known and the method is not */
  find(method: string, path: string): HttpRoute {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const methods = this.#exact.get(path);
    const exact = methods?.get(wanted);
    if (exact !== undefined) return exact;
    const prefix = this.#prefixes.find(
      (route) => route.method === wanted && path.startsWith(route.path.slice(0, -1)),
    );
    if (prefix !== undefined) return prefix;
    if (methods !== undefined) throw new HttpError(405, `method ${method} is not allowed on ${path}`);
    throw new HttpError(404, `there is nothing at ${path}`);
  }
}
