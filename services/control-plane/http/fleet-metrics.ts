import { metricNames } from '@kubehero/contract';
import type { Metrics } from '@kubehero/runtime';
import type { ClickHouseEngine } from '@kubehero/store-clickhouse';
import { poolUsage, type Database, type Kysely } from '@kubehero/store-postgres';
import type { NodeRegistry, NodeState } from '../ingest/node-registry.js';
import type { NameDirectory } from '../query/names.js';

/** What the metrics are read from. */
export interface FleetMetricsOptions {
  readonly metrics: Metrics;
  readonly registry: NodeRegistry;
  readonly names: NameDirectory;
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly isLeading: () => boolean;
  readonly nowS: () => number;
}

const HOUR_S = 3600;

/**
 * What alerts are made from: who leads, who reports, what is not priced or not observed, and how full the stores'
 * connections are. What is known of nodes is known to the leader: a follower has no such series. A node that said
 * farewell, or fell silent a day ago, has none either.
 */
export function exportFleetMetrics(options: FleetMetricsOptions): void {
  const { metrics, isLeading } = options;
  metrics.gauge(
    { name: metricNames.controlPlaneLeader, help: '1 on the leader, 0 on a follower' },
    (gauge) => {
      gauge.set(isLeading() ? 1 : 0);
    },
  );
  exportNodes(options);
  exportClusters(options);
  exportPools(options);
}

function exportNodes({ metrics, names, ...options }: FleetMetricsOptions): void {
  metrics.gauge(
    {
      name: metricNames.collectorLastSecond,
      help: 'Epoch second of the newest sealed second that is stored of a node',
      labels: ['cluster', 'node'],
    },
    async (gauge) => {
      const known = await names.read();
      gauge.reset();
      for (const { progress, name, clusterKey } of reporting(options)) {
        const cluster = known.clusters.get(clusterKey);
        if (cluster !== undefined) gauge.set({ cluster, node: name }, progress?.lastSecond ?? 0);
      }
    },
  );
}

function exportClusters({ metrics, names, nowS, ...options }: FleetMetricsOptions): void {
  const perCluster = (
    name: `kubehero_${string}`,
    help: string,
    valueOf: (node: NodeState, at: number) => number,
  ): void => {
    metrics.gauge({ name, help, labels: ['cluster'] }, async (gauge) => {
      const known = await names.read();
      gauge.reset();
      for (const node of reporting({ ...options, nowS })) {
        const cluster = known.clusters.get(node.clusterKey);
        if (cluster !== undefined) gauge.inc({ cluster }, valueOf(node, nowS()));
      }
    });
  };
  perCluster(metricNames.unpricedNodes, 'Nodes without a price', (node, at) =>
    node.prices.isEmpty || node.prices.at(at, node.capacity).price !== undefined ? 0 : 1,
  );
  perCluster(
    metricNames.unobservedNodeSeconds,
    'Node-seconds of the last hour that were never received',
    (node, at) => node.gaps.countWithin({ from: at - HOUR_S, to: at }),
  );
}

function exportPools({ metrics, db, clickhouse }: FleetMetricsOptions): void {
  const usages = { postgres: () => poolUsage(db), clickhouse: () => clickhouse.usage() };
  const perStore = (name: `kubehero_${string}`, help: string, field: 'inUse' | 'size'): void => {
    metrics.gauge({ name, help, labels: ['store'] }, (gauge) => {
      for (const [store, usage] of Object.entries(usages)) gauge.set({ store }, usage()[field]);
    });
  };
  perStore(metricNames.storePoolInUse, "Connections of a store's pool that are in use", 'inUse');
  perStore(metricNames.storePoolSize, "Connections that a store's pool may have", 'size');
}

function reporting({
  registry,
  isLeading,
  nowS,
}: Pick<FleetMetricsOptions, 'registry' | 'isLeading' | 'nowS'>): NodeState[] {
  if (!isLeading()) return [];
  const oldest = nowS() - 24 * HOUR_S;
  return [...registry.all()].filter(({ gone, progress }) => !gone && (progress?.lastSecond ?? 0) > oldest);
}
