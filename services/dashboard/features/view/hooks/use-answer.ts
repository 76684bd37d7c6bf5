'use client';

import { useEffect, useState } from 'react';

/** What was read, and why it could not be where it could not. */
export interface Answer<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly retry: () => void;
}

interface Read<T> {
  readonly url: string;
  readonly value: T | undefined;
  readonly error: string | undefined;
}

/**
 * What an address of the dashboard answers, read again every `everyMs` while in sight; the answer to an address
 * before stays until the new one is there.
 *
 * @param url - undefined: nothing is asked
 * @param everyMs - 0: read once
 */
export function useAnswer<T>(url: string | undefined, everyMs = 0): Answer<T> {
  const [read, setRead] = useState<Read<T>>({ url: '', value: undefined, error: undefined });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (url === undefined) return;
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        if (document.hidden) return;
        const value = await fetchJson<T>(url, stop.signal);
        setRead({ url, value, error: undefined });
      } catch (cause) {
        if (stop.signal.aborted) return;
        const error = cause instanceof Error ? cause.message : String(cause);
        setRead((before) => ({ url, value: before.url === url ? before.value : undefined, error }));
      }
    };
    void ask();
    const timer = everyMs === 0 ? undefined : setInterval(() => void ask(), everyMs);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [url, everyMs, attempt]);
  const { value, error } = read;
  return { value: url === undefined ? undefined : value, error, retry: () => setAttempt((at) => at + 1) };
}

async function fetchJson<T>(url: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(url, { signal });
  const body = (await response.json()) as T & { readonly message?: string };
  if (!response.ok) throw new Error(body.message ?? `status ${response.status}`);
  return body;
}
