import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
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
  throw apiErrorOf(get.what, response.statusCode ?? 0, await readAll(response, get.what));
}

/**
 * Does a GET and parses the answer.
 *
 * @throws {ApiError} by status, UNREACHABLE, UNEXPECTED (no JSON)
 */
export async function getJson(get: ApiGet): Promise<unknown> {
  const body = await readAll(await openGet(get), get.what);
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new ApiError('UNEXPECTED', `could not ${get.what}: the answer is no JSON`, { cause });
  }
}

async function send({ server, path, what, signal, idleTimeoutMs }: ApiGet): Promise<IncomingMessage> {
  const authorization = await authorize(server, what);
  const open = server.url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const request = open(new URL(path, server.url), {
      signal,
      headers: { accept: 'application/json', ...(authorization !== undefined && { authorization }) },
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
    request.end();
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
