'use client';

import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { formatWhere, type Grouping, type Where } from '../model/grouping.js';
import { LiveStore, type LiveView } from './live-store.js';

/** How the page looks at the stream. */
export interface UseLiveOptions {
  readonly by: Grouping;
  readonly where: readonly Where[];
  readonly everyMs: number;
  /** True: nothing changes until it is false again. */
  readonly paused: boolean;
}

/** The live stream of a view. Closed while the tab is hidden or paused; whole again when it comes back. */
export function useLive({ by, where, everyMs, paused }: UseLiveOptions): LiveView {
  const key = where.map(formatWhere).join('\n');
  // The filters are compared by their text, so that an equal list keeps the stream.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const store = useMemo(() => new LiveStore({ by, where, everyMs }), [by, key, everyMs]);
  useEffect(() => {
    const follow = (): void => (document.hidden || paused ? store.close() : store.open());
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      store.close();
    };
  }, [store, paused]);
  return useSyncExternalStore(store.subscribe, store.current, store.current);
}
