import type { NodeRegistry } from '../ingest/node-registry.js';

/** How well a cluster is observed now. */
export interface Observation {
  /** Second after the newest one that is stored; 0 where nothing is. */
  readonly throughS: number;
  readonly expectedNodes: number;
  /** Nodes that fell silent. */
  readonly silentNodes: number;
  /** Too much is missing for a forecast; what was spent stays a fact. */
  readonly isStale: boolean;
}

/** Collectors keep 60 s: what is silent for longer loses data. */
const SILENT_AFTER_S = 60;
/** Nodes that are silent for longer are gone, as far as anyone can tell. */
const FORGET_AFTER_S = 3600;
/** Share of silent nodes beyond which a forecast would mislead. */
const STALE_SHARE = 0.05;

const NOTHING: Observation = { throughS: 0, expectedNodes: 0, silentNodes: 0, isStale: true };

/** How well every cluster is observed, by its key. */
export function observeClusters(
  registry: Pick<NodeRegistry, 'all'>,
  nowS: number,
): (clusterKey: number) => Observation {
  const counts = new Map<number, { through: number; expected: number; silent: number }>();
  for (const { clusterKey, progress, gone } of registry.all()) {
    if (progress === undefined) continue;
    const count = counts.get(clusterKey) ?? { through: 0, expected: 0, silent: 0 };
    counts.set(clusterKey, count);
    count.through = Math.max(count.through, progress.lastSecond + 1);
    const silentS = nowS - progress.lastSecond;
    if (gone || silentS > FORGET_AFTER_S) continue;
    count.expected += 1;
    if (silentS > SILENT_AFTER_S) count.silent += 1;
  }
  return (clusterKey) => {
    const count = counts.get(clusterKey);
    if (count === undefined) return NOTHING;
    const { through: throughS, expected: expectedNodes, silent: silentNodes } = count;
    const isStale = expectedNodes === 0 || silentNodes > STALE_SHARE * expectedNodes;
    return { throughS, expectedNodes, silentNodes, isStale };
  };
}
