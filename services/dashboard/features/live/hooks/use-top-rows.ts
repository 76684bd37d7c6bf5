'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import { formatWhere } from '../model/grouping.js';
import type { TopPage, TopRow } from '../model/table-messages.js';
import type { View } from '../../view/hooks/use-view.js';

const PAGE_ROWS = 100;
const REFRESH_MS = 3000;
const SETTLE_MS = 60;

/** Rows of the table, as far as they are known. */
export interface TopRows {
  readonly currency: string;
  readonly totalRows: number;
  /** False until the first page of this view has come. */
  readonly ready: boolean;
  /** Why the last request failed; what was received stays. */
  readonly error: string | undefined;
  /** Mean over these seconds. */
  readonly window: { readonly fromS: number; readonly toS: number } | undefined;
  readonly rowAt: (index: number) => TopRow | undefined;
  readonly retry: () => void;
}

/** Which rows are in sight. */
export interface RowRange {
  readonly first: number;
  readonly last: number;
}

/** Fetches the rows in sight, and again every three seconds while the page lives. */
export function useTopRows(view: View, sight: RowRange, live: boolean): TopRows {
  const scope = toQuery(view).toString();
  const pages = useRef(new Map<number, TopPage>());
  const shownScope = useRef('');
  const [, setVersion] = useState(0);
  const [error, setError] = useState<string>();
  const first = Math.floor(sight.first / PAGE_ROWS);
  const last = Math.floor(Math.max(sight.first, sight.last) / PAGE_ROWS);

  const load = useCallback(
    async (signal: AbortSignal): Promise<void> => {
      try {
        const wanted = Array.from({ length: last - first + 1 }, (_, at) => first + at);
        const loaded = await Promise.all(wanted.map((page) => fetchPage(scope, page, signal)));
        if (shownScope.current !== scope) pages.current = new Map();
        shownScope.current = scope;
        for (const page of loaded) pages.current.set(page.offset / PAGE_ROWS, page);
        keepNear(pages.current, first, last);
        setError(undefined);
        setVersion((version) => version + 1);
      } catch (cause) {
        if (!signal.aborted) setError(cause instanceof Error ? cause.message : String(cause));
      }
    },
    [scope, first, last],
  );

  useEffect(() => {
    const stop = new AbortController();
    const refresh = (): void => {
      if (!document.hidden) void load(stop.signal);
    };
    const soon = setTimeout(refresh, shownScope.current === '' ? 0 : SETTLE_MS);
    const timer = live ? setInterval(refresh, REFRESH_MS) : undefined;
    return () => {
      clearTimeout(soon);
      clearInterval(timer);
      stop.abort();
    };
  }, [load, live]);

  const any = pages.current.get(first) ?? pages.current.values().next().value;
  return {
    currency: any?.currency ?? 'USD',
    totalRows: any?.totalRows ?? 0,
    ready: shownScope.current === scope,
    error,
    window: any && { fromS: any.fromS, toS: any.toS },
    rowAt: (index) => pages.current.get(Math.floor(index / PAGE_ROWS))?.rows[index % PAGE_ROWS],
    retry: () => void load(new AbortController().signal),
  };
}

function toQuery(view: View): URLSearchParams {
  const query = new URLSearchParams({ level: view.rows, sort: view.sort, dir: view.dir, q: view.q });
  for (const where of view.where) query.append('where', formatWhere(where));
  return query;
}

async function fetchPage(scope: string, page: number, signal: AbortSignal): Promise<TopPage> {
  const response = await fetch(`/api/top?${scope}&offset=${page * PAGE_ROWS}&limit=${PAGE_ROWS}`, { signal });
  const body = (await response.json()) as TopPage & { readonly message?: string };
  if (!response.ok) throw new Error(body.message ?? `status ${response.status}`);
  return body;
}

/** Pages far from sight are forgotten: the tab's memory does not grow with what was scrolled past. */
function keepNear(pages: Map<number, TopPage>, first: number, last: number): void {
  for (const page of pages.keys()) if (page < first - 5 || page > last + 5) pages.delete(page);
}
