import type { IncomingMessage, ServerResponse } from 'node:http';
import type protobuf from 'protobufjs';
import { defaultProtocol, type Protocol } from '../definitions/protocol.js';
import { RpcError, toRpcError, type ErrorCodes } from '../errors.js';
import type { CallContext } from '../server/call-context.js';
import type { Implementation, UnaryHandler } from '../server/implementation.js';
import type { RpcLogger } from '../server/rpc-server.js';
import { encodeConnectBody, readConnectBody } from './connect-body.js';
import { toHttpStatus } from './connect-errors.js';
import { messageFromJson, messageToJson } from './json-codec.js';

/** A route for a small HTTP server; what it gives the handler beside Node's objects. */
export interface ConnectRoute {
  readonly method: 'POST';
  /** `/<package>.<Service>/<Method>`. */
  readonly path: string;
  readonly handler: (
    request: IncomingMessage,
    response: ServerResponse,
    context: { readonly signal: AbortSignal },
  ) => Promise<void>;
}

/** What {@link connectRoutes} needs. */
export interface ConnectOptions {
  /** True where the request shows a token that is accepted. */
  readonly authorize: (request: IncomingMessage) => boolean;
  readonly logger: RpcLogger;
  /** Codes of domain errors. @default - those of `@kubehero/domain` alone */
  readonly errorCodes?: ErrorCodes;
  /** Largest request, also after decompression. @default 1 MiB */
  readonly maxRequestBytes?: number;
  /** Longest time that a call may take, whatever its caller asks for. @default 60000 */
  readonly maxTimeoutMs?: number;
  /** @default - the package's own files */
  readonly protocol?: Protocol;
}

interface Endpoint {
  readonly service: string;
  readonly method: string;
  readonly requestType: protobuf.Type;
  readonly responseType: protobuf.Type;
  readonly handler: UnaryHandler;
}

const MAX_REQUEST_BYTES = 1024 * 1024;
const MAX_TIMEOUT_MS = 60_000;
const PROTOCOL_VERSION = '1';

/**
 * The unary methods of services as the Connect protocol (https://connectrpc.com/docs/protocol, unary POST with
 * JSON), for browsers, curl and the command line. Streaming methods are on the gRPC port alone.
 */
export function connectRoutes(
  services: readonly Implementation[],
  options: ConnectOptions,
): readonly ConnectRoute[] {
  const root = (options.protocol ?? defaultProtocol()).root;
  return services.flatMap((service) => {
    const { typeName, methods } = service.descriptor;
    const reflected = root.lookupService(typeName);
    return Object.entries(methods)
      .filter(([, { kind }]) => kind === 'unary')
      .map(([method]) => {
        const { resolvedRequestType, resolvedResponseType } = reflected.methods[method] ?? {};
        if (!resolvedRequestType || !resolvedResponseType)
          throw new Error(`${typeName} has no method ${method}`);
        return toRoute(
          {
            service: typeName,
            method,
            requestType: resolvedRequestType,
            responseType: resolvedResponseType,
            handler: service.handlers[method] as UnaryHandler,
          },
          options,
        );
      });
  });
}

function toRoute(endpoint: Endpoint, options: ConnectOptions): ConnectRoute {
  return {
    method: 'POST',
    path: `/${endpoint.service}/${endpoint.method}`,
    handler: async (request, response, { signal }) => {
      try {
        const answer = await answerCall(endpoint, options, { request, signal });
        const { bytes, headers } = await encodeConnectBody(request, answer);
        response.writeHead(200, { ...headers, 'cache-control': 'no-store' }).end(bytes);
      } catch (error) {
        sendError(request, response, mapError(endpoint, options, error));
      }
    },
  };
}

async function answerCall(
  endpoint: Endpoint,
  options: ConnectOptions,
  call: { readonly request: IncomingMessage; readonly signal: AbortSignal },
): ReturnType<typeof readConnectBody> {
  const { request } = call;
  if (!options.authorize(request)) {
    throw new RpcError(
      'unauthenticated',
      'a valid bearer token is required: give it in the authorization header',
    );
  }
  checkHeaders(request);
  const timeoutMs = Math.min(readTimeout(request), options.maxTimeoutMs ?? MAX_TIMEOUT_MS);
  const json = await readConnectBody(request, options.maxRequestBytes ?? MAX_REQUEST_BYTES);
  const message = messageFromJson(endpoint.requestType, json, { unknownFields: 'refuse' });
  const answer = await runWithin(timeoutMs, call.signal, (signal) => {
    const { service, method } = endpoint;
    const deadlineAt = new Date(Date.now() + timeoutMs);
    const context: CallContext = { caller: { kind: 'token' }, service, method, signal, deadlineAt };
    return endpoint.handler(message, context);
  });
  return messageToJson(endpoint.responseType, answer as Record<string, unknown>);
}

/** A refusal that has an HTTP status of its own instead of an rpc code (a content type that nobody speaks). */
class UnsupportedMediaTypeError extends Error {}

function checkHeaders(request: IncomingMessage): void {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new UnsupportedMediaTypeError();
  const version = request.headers['connect-protocol-version'];
  if (version !== undefined && version !== PROTOCOL_VERSION) {
    throw new RpcError(
      'invalid_argument',
      `connect-protocol-version is '${String(version)}': give ${PROTOCOL_VERSION}`,
    );
  }
}

function readTimeout(request: IncomingMessage): number {
  const text = request.headers['connect-timeout-ms'];
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (typeof text === 'string' && /^\d{1,10}$/.test(text)) return Number(text);
  throw new RpcError('invalid_argument', `connect-timeout-ms is '${String(text)}': give up to 10 digits`);
}

async function runWithin<T>(
  timeoutMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let fail: (error: RpcError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = (error): void => {
      controller.abort(error);
      reject(error);
    };
  });
  const timer = setTimeout(() => {
    fail(new RpcError('deadline_exceeded', `the call took longer than ${timeoutMs} ms`));
  }, timeoutMs);
  const onAbort = (): void => {
    fail(new RpcError('unavailable', 'the caller went away or the server is stopping'));
  };
  if (outer.aborted) onAbort();
  outer.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), failed]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', onAbort);
  }
}

function mapError(
  endpoint: Endpoint,
  options: ConnectOptions,
  error: unknown,
): RpcError | UnsupportedMediaTypeError {
  if (error instanceof UnsupportedMediaTypeError) return error;
  const mapped = toRpcError(error, options.errorCodes);
  if (mapped.code === 'internal') {
    const { service, method } = endpoint;
    options.logger.error('call failed', { service, method, error });
  }
  return mapped;
}

function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: RpcError | UnsupportedMediaTypeError,
): void {
  if (response.destroyed) return;
  // What was not read of the body would be taken for the next request on this connection.
  if (!request.complete) response.setHeader('connection', 'close');
  if (error instanceof UnsupportedMediaTypeError) {
    response.writeHead(415, { 'accept-post': 'application/json' }).end();
    return;
  }
  if (error.code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer');
  response
    .writeHead(toHttpStatus(error.code), { 'content-type': 'application/json' })
    .end(JSON.stringify({ code: error.code, message: error.message }));
}
