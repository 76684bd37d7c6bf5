import { describe, expect, it } from '@jest/globals';
import { metricNames } from '@kubehero/contract';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectsOf, repository, synthesize } from '../support/manifests/examples.js';

const objects = objectsOf(synthesize('reference'));

/** Words of PromQL that alerts and panels use, beside names of metrics. */
const words = ['by', 'or', 'sum', 'max', 'count', 'rate', 'time', 'vector', 'histogram_quantile'];

/** Metrics of others: who exports them, and the monitor of ours that scrapes them (absent: the cluster's own Prometheus does). */
const others: Readonly<Record<string, { readonly source: string; readonly monitor?: string }>> = {
  up: { source: 'Prometheus itself, for each target', monitor: 'kubehero-control-plane' },
  cnpg_pg_replication_lag: { source: 'CloudNativePG, default queries', monitor: 'kubehero-postgres' },
  cnpg_pg_database_xid_age: { source: 'CloudNativePG, default queries', monitor: 'kubehero-postgres' },
  cnpg_collector_pg_wal_archive_status: {
    source: "CloudNativePG's instance manager",
    monitor: 'kubehero-postgres',
  },
  barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp: {
    source: 'Barman Cloud plugin',
    monitor: 'kubehero-postgres',
  },
  barman_cloud_cloudnative_pg_io_last_available_backup_timestamp: {
    source: 'Barman Cloud plugin',
    monitor: 'kubehero-postgres',
  },
  ClickHouseMetrics_ReadonlyReplica: { source: 'ClickHouse, system.metrics', monitor: 'clickhouse' },
  ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay: {
    source: 'ClickHouse, system.asynchronous_metrics',
    monitor: 'clickhouse',
  },
  ClickHouseAsyncMetrics_KeeperIsLeader: { source: 'ClickHouse Keeper', monitor: 'kubehero-keeper' },
  redis_instance_info: { source: "the exporter beside Valkey's servers", monitor: 'kubehero-valkey' },
  redis_master_link_up: { source: "the exporter beside Valkey's servers", monitor: 'kubehero-valkey' },
  kubelet_volume_stats_available_bytes: { source: 'kubelet' },
  kubelet_volume_stats_capacity_bytes: { source: 'kubelet' },
  kube_cronjob_status_last_successful_time: { source: 'kube-state-metrics' },
};

/** Monitors of our programs, by the folder of the program whose metrics they scrape. */
const monitorOf: Readonly<Record<string, string>> = {
  'control-plane': 'kubehero-control-plane',
  operator: 'kubehero-operator',
  collector: 'kubehero-collector',
  pricing: 'kubehero-pricing-engine',
  dashboard: 'kubehero-dashboard',
};

/** Names of metrics in an expression: what is left of it without selectors, labels, windows, numbers and words. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\bby \([^)]*\)/g, ' ');
  const names = bare.match(/[A-Za-z_:][A-Za-z0-9_:]*/g) ?? [];
  return [...new Set(names.filter((name) => !words.includes(name)))];
}

function alerts(): { where: string; expr: string }[] {
  const rule = objects.find((o) => o.kind === 'PrometheusRule')?.['spec'] as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return rule.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ where: alert, expr })));
}

function panels(): { where: string; expr: string }[] {
  const config = objects.find((o) => o.metadata.name === 'kubehero-grafana') as unknown as {
    data: Record<string, string>;
  };
  const board = JSON.parse(config.data['kubehero.json'] ?? '{}') as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  return board.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr })));
}

/** Folder of the program whose compiled sources export a metric of the contract. */
function exporterOf(metric: string): string | undefined {
  const key = Object.entries(metricNames).find(([, name]) => name === metric)?.[0];
  return Object.keys(monitorOf).find((program) => {
    const folder = join(repository, 'services', program);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
      .some((file) => {
        const text = readFileSync(join(folder, file), 'utf8');
        return text.includes(`metricNames.${key}`) || text.includes(`# TYPE ${metric} `);
      });
  });
}

const monitors = objects.filter((o) => o.kind === 'PodMonitor').map((o) => o.metadata.name);
const used = [...alerts(), ...panels()].flatMap(({ where, expr }) =>
  metricsIn(expr).map((metric) => [where, metric] as const),
);

describe('every metric that an alert or a panel of the dashboard names', () => {
  it('is found in expressions at all', () => {
    expect(metricsIn('max by (a) (x_y{b="c d"} / z{}) > 0.9 or vector(0)')).toEqual(['x_y', 'z']);
    expect(used.length).toBeGreaterThan(25);
  });

  it.each(used)('%s: %s is exported by a program, and scraped', (_where, metric) => {
    const name = metric.replace(/_bucket$/, '');
    const foreign = others[name];
    if (foreign) {
      if (foreign.monitor !== undefined) expect(monitors).toContain(foreign.monitor);
      return;
    }
    const program = exporterOf(name);
    expect({ metric, exportedBy: program }).toEqual({ metric, exportedBy: expect.any(String) as unknown });
    expect(monitors).toContain(monitorOf[program ?? '']);
  });

  it('of others is used: the list names none that nobody reads', () => {
    const named = new Set(used.map(([, metric]) => metric));
    expect(Object.keys(others).filter((metric) => !named.has(metric))).toEqual([]);
  });
});
