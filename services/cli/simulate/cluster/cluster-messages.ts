import { sleep } from '@kubehero/runtime';
import type { NodeColumns } from '../generator.js';
import type { PendingMessage } from '../send-queue.js';
import type { ClusterFleet } from './cluster-fleet.js';
import type { ClusterMirror } from './cluster-mirror.js';

/** What a cluster's seconds added up to. */
export interface ClusterTotals {
  nodeSeconds: number;
  podSeconds: number;
  costPicodollars: bigint;
}

/** Which seconds are sealed, and when. */
export interface ClusterSpan {
  readonly startS: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Rows and nodes in one message at most. */
const MAX_ROWS = 5_000;
const MAX_NODES = 1_000;

function* chunk(columns: readonly NodeColumns[]): Generator<readonly NodeColumns[]> {
  let part: NodeColumns[] = [];
  let rows = 0;
  for (const column of columns) {
    if (part.length > 0 && (rows + column.rows > MAX_ROWS || part.length >= MAX_NODES)) {
      yield part;
      part = [];
      rows = 0;
    }
    part.push(column);
    rows += column.rows;
  }
  if (part.length > 0) yield part;
}

/** Seals each second of a cluster when it has passed, and makes its messages; adds up what it holds in `totals`. */
export async function* makeClusterMessages(
  cluster: { readonly fleet: ClusterFleet; readonly mirror: ClusterMirror },
  span: ClusterSpan,
  totals: ClusterTotals,
): AsyncGenerator<PendingMessage, undefined> {
  const { fleet, mirror } = cluster;
  for (let second = span.startS; second < span.startS + span.seconds; second += 1) {
    await sleep(Math.max(0, (second + 1) * 1000 - span.now()), span.signal);
    span.signal.throwIfAborted();
    const sealed = fleet.seal(second, mirror.nodes(), mirror.pods());
    totals.nodeSeconds += sealed.columns.length;
    totals.podSeconds += sealed.pods;
    totals.costPicodollars += sealed.costPicodollars;
    for (const columns of chunk(sealed.columns)) {
      const rows = columns.reduce((sum, column) => sum + Math.max(1, column.rows), 0);
      yield { pass: 0, columns, nodeSeconds: columns.length, rows, sequence: 0 };
    }
  }
  return undefined;
}
