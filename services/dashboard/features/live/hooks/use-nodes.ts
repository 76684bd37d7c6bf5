'use client';

import { useEffect, useState } from 'react';
import type { NodeList, NodeRow } from '../model/table-messages.js';

const REFRESH_MS = 5000;

/** Nodes, and why they could not be read where they could not. */
export interface Nodes {
  readonly nodes: readonly NodeRow[] | undefined;
  readonly error: string | undefined;
  readonly retry: () => void;
}

/** All nodes, every five seconds while wanted and in sight. */
export function useNodes(wanted: boolean): Nodes {
  const [nodes, setNodes] = useState<readonly NodeRow[]>();
  const [error, setError] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!wanted) return;
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      try {
        if (document.hidden) return;
        setNodes((await fetchNodes(stop.signal)).nodes);
        setError(undefined);
      } catch (cause) {
        if (!stop.signal.aborted) setError(cause instanceof Error ? cause.message : String(cause));
      }
    };
    void read();
    const timer = setInterval(() => void read(), REFRESH_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [wanted, attempt]);
  return { nodes, error, retry: () => setAttempt((count) => count + 1) };
}

async function fetchNodes(signal: AbortSignal): Promise<NodeList> {
  const response = await fetch('/api/nodes', { signal });
  const body = (await response.json()) as NodeList & { readonly message?: string };
  if (!response.ok) throw new Error(body.message ?? `status ${response.status}`);
  return body;
}
