import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type { HttpContext } from './http.js';

/** How price lists are reached. */
export interface NetworkOptions {
  /** HTTP proxy; https goes through it by CONNECT. */
  readonly proxy?: string | undefined;
  /** CA bundle (PEM) that is trusted beside the usual authorities. */
  readonly caFile?: string | undefined;
}

/** A `fetch` that goes by these options, and what ends its connections. */
export interface Network {
  readonly fetch: HttpContext['fetch'];
  readonly close: () => Promise<void>;
}

/** @throws the file's error where the CA bundle cannot be read */
export async function openNetwork({ proxy, caFile }: NetworkOptions): Promise<Network> {
  if (proxy === undefined && caFile === undefined) return { fetch, close: () => Promise.resolve() };
  const { Agent, ProxyAgent, fetch: dispatchedFetch } = await import('undici');
  const tls = caFile === undefined ? {} : { ca: [...rootCertificates, await readFile(caFile, 'utf8')] };
  const dispatcher =
    proxy === undefined
      ? new Agent({ connect: tls })
      : new ProxyAgent({ uri: proxy, requestTls: tls, proxyTls: tls });
  return {
    // The same standard as the built-in one, but types of its own
    fetch: (url, init) =>
      dispatchedFetch(url, { ...(init as object), dispatcher }) as unknown as Promise<Response>,
    close: () => dispatcher.close(),
  };
}
