import type { LiveModel } from '../live/live-model.js';
import type { NameDirectory } from '../query/names.js';

/** What the exposition is made from. */
export interface CostMetricsOptions {
  readonly live: LiveModel;
  readonly names: NameDirectory;
  readonly nowS: () => number;
}

const SETTLED_S = 3;
const PICO = 1e12;
const HEADER = [
  '# HELP kubehero_pod_cost_usd_per_second What a pod cost in the newest whole second, all resources.',
  '# TYPE kubehero_pod_cost_usd_per_second gauge',
].join('\n');

/**
 * `kubehero_pod_cost_usd_per_second` in the Prometheus text format. A pod of a node that did not report its second
 * has no sample: a missing collector is a missing series, never a zero.
 */
export async function renderCostMetrics({ live, names, nowS }: CostMetricsOptions): Promise<string> {
  const bucket = live.tryFind(nowS() - SETTLED_S);
  if (bucket === undefined || bucket.rows === 0) return `${HEADER}\n`;
  const known = await names.read();
  const sums = new Map<string, number>();
  for (let row = 0; row < bucket.rows; row += 1) {
    const identity = live.identity(bucket.id[row] ?? 0);
    if (identity === undefined) continue;
    const labels = [
      ['cluster', known.clusters.get(identity.clusterKey)],
      ['namespace', known.namespaces.get(identity.namespaceKey ?? 0)],
      ['workload', identity.workload],
      ['pod', identity.pod],
      ['node', known.nodes.get(identity.nodeKey)],
    ]
      .map(([name, value]) => `${name}="${escapeLabel(value ?? '')}"`)
      .join(',');
    sums.set(labels, (sums.get(labels) ?? 0) + (bucket.cost[row] ?? 0));
  }
  const lines = [...sums].map(
    ([labels, cost]) => `kubehero_pod_cost_usd_per_second{${labels}} ${cost / PICO}`,
  );
  return `${[HEADER, ...lines].join('\n')}\n`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
