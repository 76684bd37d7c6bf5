import { metricNames } from '@kubehero/contract';

interface Panel {
  readonly title: string;
  readonly expr: string;
  readonly unit: string;
  readonly legend: string;
}

const panels: readonly Panel[] = [
  {
    title: 'Cost per second by namespace',
    expr: `sum by (namespace) (${metricNames.podCostUsdPerSecond})`,
    unit: 'currencyUSD',
    legend: '{{namespace}}',
  },
  {
    title: 'Age of the last second by cluster',
    expr: `max by (cluster) (time() - ${metricNames.collectorLastSecond})`,
    unit: 's',
    legend: '{{cluster}}',
  },
  {
    title: 'Unobserved node-seconds of the last hour',
    expr: `sum by (cluster) (${metricNames.unobservedNodeSeconds})`,
    unit: 'none',
    legend: '{{cluster}}',
  },
  {
    title: 'Reconcile loop, 99th percentile',
    expr: `histogram_quantile(0.99, sum by (le) (rate(${metricNames.operatorReconcileDuration}_bucket[5m])))`,
    unit: 's',
    legend: 'p99',
  },
  {
    title: 'Connections in use',
    expr: `max by (store) (${metricNames.storePoolInUse} / ${metricNames.storePoolSize})`,
    unit: 'percentunit',
    legend: '{{store}}',
  },
  {
    title: 'Age of prices',
    expr: `time() - ${metricNames.pricingLastSuccess}`,
    unit: 's',
    legend: '{{source}}',
  },
];

/** A Grafana dashboard as its JSON model; the data source is chosen in Grafana. */
export function grafanaDashboard(): Record<string, unknown> {
  return {
    uid: 'kubehero',
    title: 'KubeHero',
    tags: ['kubehero'],
    schemaVersion: 39,
    timezone: 'browser',
    refresh: '15s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus' }] },
    panels: panels.map((panel, i) => ({
      id: i + 1,
      type: 'timeseries',
      title: panel.title,
      datasource: { type: 'prometheus', uid: '${datasource}' },
      gridPos: { h: 8, w: 12, x: (i % 2) * 12, y: Math.floor(i / 2) * 8 },
      fieldConfig: { defaults: { unit: panel.unit, custom: { spanNulls: false } }, overrides: [] },
      targets: [{ refId: 'A', expr: panel.expr, legendFormat: panel.legend }],
    })),
  };
}
