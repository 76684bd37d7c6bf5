import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { withDeadline } from '@kubehero/runtime';
import { ApiError, apiErrorOf } from './api-error.js';
import type { ApiServer } from './api-server.js';

/** A GET on the API. */
export interface ApiGet {
  readonly server: ApiServer;
  /** Path and query. */
  readonly path: string;
  /** For messages: "list pods". */
  readonly what: string;
  readonly signal: AbortSignal;
  /** An answer that is silent for so long is given up. */
  readonly idleTimeoutMs: number;
}

/**
 * Opens a GET and returns the answer's body as a stream.
 *
 * @throws {ApiError} by status, UNREACHABLE
 */
export async function openGet(get: ApiGet): Promise<IncomingMessage> {
  const response = await send(get);
  if (response.statusCode === 200) return response;
  throw await failureOf(get.what, response);
}

/** A call that changes something. */
export interface ApiWrite extends Omit<ApiGet, 'idleTimeoutMs'> {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default 'application/json' */
  readonly contentType?:
    | 'application/json'
    | 'application/merge-patch+json'
    | 'application/strategic-merge-patch+json'
    | 'application/apply-patch+yaml';
  /** The whole call is given up after so long. A write that was given up may have been done. */
  readonly timeoutMs: number;
}

/**
 * Changes something and parses the answer: the object as the server stored it.
 *
 * @throws {ApiError} by status, UNREACHABLE, UNEXPECTED (no JSON)
 */
export async function writeJson(write: ApiWrite): Promise<unknown> {
  const { what, server } = write;
  try {
    // Not AbortSignal.any: a signal that lives as long as the program would remember every call
    return await withDeadline('it', write, (signal) => writeUntil({ ...write, signal }));
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ApiError('UNREACHABLE', `could not ${what} at ${server.url.host}: ${reason}`, { cause });
  }
}

async function writeUntil(write: ApiWrite): Promise<unknown> {
  const { what } = write;
  const response = await send({ ...write, idleTimeoutMs: write.timeoutMs });
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw await failureOf(what, response);
  return parse(await readAll(response, what), what);
}

async function failureOf(what: string, response: IncomingMessage): Promise<ApiError> {
  const body = await readAll(response, what);
  const retryAfter = response.headers['retry-after'];
  return apiErrorOf(what, { status: response.statusCode ?? 0, body, retryAfter });
}

/**
 * Does a GET and parses the answer.
 *
 * @throws {ApiError} by status, UNREACHABLE, UNEXPECTED (no JSON)
 */
export async function getJson(get: ApiGet): Promise<unknown> {
  return parse(await readAll(await openGet(get), get.what), get.what);
}

function parse(body: string, what: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new ApiError('UNEXPECTED', `could not ${what}: the answer is no JSON`, { cause });
  }
}

type Sent = ApiGet & Partial<Pick<ApiWrite, 'method' | 'body' | 'contentType'>>;

async function send(call: Sent): Promise<IncomingMessage> {
  const { server, path, what, signal, idleTimeoutMs } = call;
  const authorization = await authorize(server, what);
  const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
  const open = server.url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const request = open(new URL(path, server.url), {
      signal,
      method: call.method ?? 'GET',
      headers: {
        accept: 'application/json',
        ...(authorization !== undefined && { authorization }),
        ...(body !== undefined && {
          'content-type': call.contentType ?? 'application/json',
          'content-length': body.length,
        }),
      },
      ...(server.ca !== undefined && { ca: server.ca }),
      ...(server.cert !== undefined && { cert: server.cert }),
      ...(server.key !== undefined && { key: server.key }),
      ...(server.insecure === true && { rejectUnauthorized: false }),
    });
    request.setTimeout(idleTimeoutMs, () => {
      request.destroy(new Error(`no data for ${idleTimeoutMs / 1000} s`));
    });
    request.on('response', resolve);
    request.on('error', (cause) => {
      reject(
        new ApiError('UNREACHABLE', `could not ${what} at ${server.url.host}: ${cause.message}`, { cause }),
      );
    });
    request.end(body);
  });
}

async function authorize(server: ApiServer, what: string): Promise<string | undefined> {
  try {
    return await server.authorization();
  } catch (cause) {
    throw new ApiError('UNREACHABLE', `could not ${what}: no credentials to show to ${server.url.host}`, {
      cause,
    });
  }
}

async function readAll(response: IncomingMessage, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (cause) {
    throw new ApiError('UNREACHABLE', `could not ${what}: the answer was cut`, { cause });
  }
  return Buffer.concat(chunks).toString('utf8');
}
