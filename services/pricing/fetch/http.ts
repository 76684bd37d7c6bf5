import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PricingError } from '../errors.js';

/** What a request needs of the world; tests bring their own clock. */
export interface HttpContext {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1, for the spread of retries. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Tries before giving up, @default 6 */
  readonly attempts?: number;
  /** Longest wait that a server may ask for, @default 120 000 */
  readonly maxRetryAfterMs?: number;
  /** Time to the first byte of an answer, @default 30 000 */
  readonly timeoutMs?: number;
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/** A URL without its query, which may hold a key. */
export function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** Waiting time that a server asks for, in milliseconds; undefined when it asks for none. See RFC 9110, 10.2.3. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

interface Failure {
  readonly reason: string;
  readonly retry: boolean;
  readonly waitMs?: number | undefined;
  readonly cause?: unknown;
}

function pauseMs(attempt: number, failure: Failure, context: HttpContext): number {
  const asked = failure.waitMs;
  if (asked !== undefined) return Math.min(asked, context.maxRetryAfterMs ?? 120_000);
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + context.random() / 2);
}

async function once(
  url: string,
  headers: Readonly<Record<string, string>>,
  context: HttpContext,
): Promise<Response | Failure> {
  const timer = new AbortController();
  const timeout = setTimeout(() => {
    timer.abort(new Error('no answer in time'));
  }, context.timeoutMs ?? 30_000);
  try {
    const signal = AbortSignal.any([context.signal, timer.signal]);
    const response = await context.fetch(url, { headers, signal, redirect: 'follow' });
    if (response.ok || response.status === 304) return response;
    await response.body?.cancel();
    const retry = response.status === 408 || response.status === 429 || response.status >= 500;
    const waitMs = retryAfterMs(response.headers.get('retry-after'), Date.now());
    return { reason: `answered ${String(response.status)}`, retry, waitMs };
  } catch (cause) {
    context.signal.throwIfAborted();
    return { reason: 'did not answer', retry: true, cause };
  } finally {
    clearTimeout(timeout);
  }
}

async function retried<T>(
  url: string,
  context: HttpContext,
  attempt: () => Promise<T | Failure>,
): Promise<T> {
  const attempts = context.attempts ?? 6;
  let failure: Failure = { reason: 'was not asked', retry: false };
  for (let count = 0; count < attempts; count += 1) {
    const result = await attempt();
    if (!isFailure(result)) return result;
    failure = result;
    if (!failure.retry) break;
    if (count + 1 < attempts) await context.sleep(pauseMs(count, failure, context), context.signal);
  }
  const tries = failure.retry ? ` after ${String(attempts)} tries` : '';
  throw new PricingError(
    'FETCH',
    `${withoutQuery(url)} ${failure.reason}${tries}: the last good prices stay; check the network, the proxy and the key, or import a snapshot`,
    { cause: failure.cause },
  );
}

function isFailure(result: unknown): result is Failure {
  return typeof result === 'object' && result !== null && 'reason' in result && 'retry' in result;
}

/** A GET with back-off on 408, 429, 5xx and broken connections; honours Retry-After. @throws PricingError FETCH */
export async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  context: HttpContext,
): Promise<Response> {
  return retried(url, context, () => once(url, headers, context));
}

/** Text of an answer of at most `maxBytes`. @throws PricingError FETCH, TOO_LARGE */
export async function getText(url: string, maxBytes: number, context: HttpContext): Promise<string> {
  return retried(url, context, async () => {
    const response = await once(url, {}, context);
    if (isFailure(response)) return response;
    try {
      const text = await response.text();
      if (text.length <= maxBytes) return text;
    } catch (cause) {
      return { reason: 'broke off its answer', retry: true, cause };
    }
    throw new PricingError(
      'TOO_LARGE',
      `${withoutQuery(url)} is larger than ${String(maxBytes)} bytes: this is not what was asked for`,
    );
  });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

interface Part {
  readonly path: string;
  etag: string;
}

async function continueDownload(
  url: string,
  part: Part,
  headers: Readonly<Record<string, string>>,
  context: HttpContext,
): Promise<'done' | Failure> {
  const have = part.etag === '' ? 0 : await sizeOf(part.path);
  const range = have === 0 ? {} : { range: `bytes=${String(have)}-`, 'if-range': part.etag };
  const response = await once(url, { ...headers, ...range }, context);
  if (isFailure(response)) return response;
  return receive(response, part, have, context);
}

async function writeBody(
  response: Response,
  path: string,
  append: boolean,
  context: HttpContext,
): Promise<Failure | undefined> {
  try {
    if (response.body === null) throw new Error('no body');
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    await pipeline(body, createWriteStream(path, { flags: append ? 'a' : 'w' }), { signal: context.signal });
    return undefined;
  } catch (cause) {
    context.signal.throwIfAborted();
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') {
      return { reason: 'broke off its answer', retry: true, cause };
    }
    const message = `no space for ${path}: free space and refresh again, the last good prices stay`;
    throw new PricingError('DISK', message, { cause });
  }
}

async function receive(
  response: Response,
  part: Part,
  have: number,
  context: HttpContext,
): Promise<'done' | Failure> {
  const resumed = response.status === 206;
  // A compressed answer counts other bytes than the file's: it cannot be continued, only asked for again.
  const encoded = response.headers.get('content-encoding') !== null;
  part.etag = encoded ? '' : (response.headers.get('etag') ?? '');
  const length = Number(response.headers.get('content-length') ?? 'NaN');
  const broken = await writeBody(response, part.path, resumed, context);
  if (broken !== undefined) return broken;
  const expected = (resumed ? have : 0) + length;
  if (encoded || Number.isNaN(length) || (await sizeOf(part.path)) === expected) return 'done';
  return { reason: 'sent fewer bytes than it said', retry: true };
}

/**
 * Downloads to a file; a broken transfer goes on where it stopped if the server can. What is left of a failed
 * download is removed. @throws PricingError FETCH, DISK
 */
export async function download(
  url: string,
  path: string,
  context: HttpContext,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const part: Part = { path, etag: '' };
  try {
    await retried(url, context, () => continueDownload(url, part, headers, context));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
