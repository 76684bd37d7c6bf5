import { expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectsOf, repository, synthesize } from '../support/manifests/examples.js';
import { describeWith } from '../support/requirements.js';
import { findTool, toolRequirement } from '../support/tools/find-tool.js';

interface Series {
  readonly series: string;
  readonly values: string;
}

/** When an alert fires: series that make it fire from the start and end well after 3 hours; one that never does. */
interface AlertCase {
  readonly alert: string;
  /** Bad until minute 180, good after. */
  readonly bad: readonly Series[];
  readonly good: readonly Series[];
  readonly labels: Readonly<Record<string, string>>;
  /** False where a query over time lags behind. */
  readonly resolvesAt?: string;
}

const always = (value: number): string => `${value}x600`;
const until180 = (bad: number, good: number): string => `${bad}x180 ${good}x420`;

/** One series that is bad, then good. */
function gauge(
  alert: string,
  name: string,
  values: readonly [bad: number, good: number],
  labels: Record<string, string>,
): AlertCase {
  const series = `${name}{${Object.entries(labels)
    .map(([k, v]) => `${k}="${v}"`)
    .join(',')}}`;
  return {
    alert,
    labels,
    bad: [{ series, values: until180(...values) }],
    good: [{ series, values: always(values[1]) }],
  };
}

/** A timestamp: stands still at the start of time, then follows the clock. */
function timestamp(alert: string, name: string, labels: Record<string, string>, offset = 0): AlertCase {
  const series = `${name}{${Object.entries(labels)
    .map(([k, v]) => `${k}="${v}"`)
    .join(',')}}`;
  return {
    alert,
    labels,
    bad: [{ series, values: `${offset}x3000 180060+60x3000` }],
    good: [{ series, values: '0+60x6000' }],
    resolvesAt: '3060m',
  };
}

const pg = { namespace: 'cnpg-system', pod: 'kubehero-postgres-1' };
const ch = { namespace: 'clickhouse-system', pod: 'chi-kubehero-kubehero-0-0-0' };
const bucket = (le: string, step: number): Series => ({
  series: `kubehero_operator_reconcile_duration_seconds_bucket{le="${le}"}`,
  values: `0+${step}x600`,
});

const cases: readonly AlertCase[] = [
  gauge('KubeHeroControlPlaneDown', 'up', [0, 1], {
    pod: 'kubehero-control-plane-a',
    service: 'kubehero-control-plane',
  }),
  timestamp('KubeHeroCollectorSilent', 'kubehero_collector_last_second_timestamp_seconds', {
    cluster: 'prod',
    node: 'n1',
  }),
  {
    alert: 'KubeHeroPolicyEvaluationSlow',
    labels: {},
    bad: [
      { series: 'kubehero_operator_reconcile_duration_seconds_bucket{le="2"}', values: '0+0x180 0+60x420' },
      {
        series: 'kubehero_operator_reconcile_duration_seconds_bucket{le="4"}',
        values: '0+60x180 10800+60x420',
      },
      {
        series: 'kubehero_operator_reconcile_duration_seconds_bucket{le="+Inf"}',
        values: '0+60x180 10800+60x420',
      },
    ],
    good: [bucket('2', 60), bucket('4', 60), bucket('+Inf', 60)],
    resolvesAt: '300m',
  },
  {
    alert: 'KubeHeroStorePoolSaturated',
    labels: { pod: 'a', store: 'postgres' },
    bad: [
      { series: 'kubehero_store_pool_in_use{pod="a",store="postgres"}', values: until180(19, 5) },
      { series: 'kubehero_store_pool_size{pod="a",store="postgres"}', values: always(20) },
    ],
    good: [
      { series: 'kubehero_store_pool_in_use{pod="a",store="postgres"}', values: always(5) },
      { series: 'kubehero_store_pool_size{pod="a",store="postgres"}', values: always(20) },
    ],
  },
  gauge('KubeHeroNoLeader', 'kubehero_control_plane_leader', [0, 1], {}),
  gauge('KubeHeroTwoLeaders', 'kubehero_control_plane_leader', [2, 1], {}),
  timestamp('KubeHeroPricesStale', 'kubehero_pricing_last_success_timestamp_seconds', { source: 'aws' }),
  gauge('KubeHeroPricesQuarantined', 'kubehero_pricing_quarantined_parts', [2, 0], { job: 'pricing' }),
  {
    alert: 'KubeHeroIngestRefused',
    labels: { reason: 'clock_skew' },
    bad: [{ series: 'kubehero_ingest_refused_total{reason="clock_skew"}', values: '0+60x180 10800+0x420' }],
    good: [{ series: 'kubehero_ingest_refused_total{reason="clock_skew"}', values: '0+1x600' }],
    resolvesAt: '240m',
  },
  gauge('KubeHeroNodesUnpriced', 'kubehero_unpriced_nodes', [3, 0], { cluster: 'prod' }),
  {
    alert: 'KubeHeroClusterCertificateExpiring',
    labels: { cluster: 'prod' },
    bad: [
      {
        series: 'kubehero_cluster_certificate_expiry_timestamp_seconds{cluster="prod"}',
        values: until180(1_000_000, 100_000_000),
      },
    ],
    good: [
      {
        series: 'kubehero_cluster_certificate_expiry_timestamp_seconds{cluster="prod"}',
        values: always(100_000_000),
      },
    ],
  },
  gauge('KubeHeroPostgresReplicationLag', 'cnpg_pg_replication_lag', [45, 0], pg),
  gauge('KubeHeroPostgresTransactionAge', 'cnpg_pg_database_xid_age', [400_000_000, 1000], {
    ...pg,
    datname: 'kubehero',
  }),
  {
    alert: 'KubeHeroStoreDiskFilling',
    labels: { namespace: 'cnpg-system', persistentvolumeclaim: 'kubehero-postgres-1-wal' },
    bad: [
      {
        series:
          'kubelet_volume_stats_available_bytes{namespace="cnpg-system",persistentvolumeclaim="kubehero-postgres-1-wal"}',
        values: until180(10, 80),
      },
      {
        series:
          'kubelet_volume_stats_capacity_bytes{namespace="cnpg-system",persistentvolumeclaim="kubehero-postgres-1-wal"}',
        values: always(100),
      },
    ],
    good: [
      {
        series:
          'kubelet_volume_stats_available_bytes{namespace="cnpg-system",persistentvolumeclaim="kubehero-postgres-1-wal"}',
        values: always(80),
      },
      {
        series:
          'kubelet_volume_stats_capacity_bytes{namespace="cnpg-system",persistentvolumeclaim="kubehero-postgres-1-wal"}',
        values: always(100),
      },
    ],
  },
  gauge('KubeHeroPostgresWalArchiveOld', 'cnpg_collector_pg_wal_archive_status', [20, 0], {
    ...pg,
    value: 'ready',
  }),
  {
    alert: 'KubeHeroPostgresBackupFailed',
    labels: pg,
    bad: [
      {
        series: `barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp{namespace="${pg.namespace}",pod="${pg.pod}"}`,
        values: always(500),
      },
      {
        series: `barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="${pg.namespace}",pod="${pg.pod}"}`,
        values: until180(100, 900),
      },
    ],
    good: [
      {
        series: `barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp{namespace="${pg.namespace}",pod="${pg.pod}"}`,
        values: always(0),
      },
      {
        series: `barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="${pg.namespace}",pod="${pg.pod}"}`,
        values: always(900),
      },
    ],
  },
  gauge('KubeHeroClickHouseReadOnlyTables', 'ClickHouseMetrics_ReadonlyReplica', [4, 0], ch),
  gauge('KubeHeroClickHouseReplicaDelayed', 'ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay', [900, 1], ch),
  {
    ...gauge('KubeHeroKeeperNoLeader', 'ClickHouseAsyncMetrics_KeeperIsLeader', [0, 1], {
      ...ch,
      pod: 'kubehero-keeper-0',
    }),
    labels: {},
  },
  timestamp('KubeHeroClickHouseBackupOld', 'kube_cronjob_status_last_successful_time', {
    cronjob: 'kubehero-clickhouse-backup',
  }),
  {
    alert: 'KubeHeroValkeyPrimaries',
    labels: {},
    bad: [
      { series: 'redis_instance_info{namespace="valkey",pod="v-0",role="master"}', values: '1x600' },
      { series: 'redis_instance_info{namespace="valkey",pod="v-1",role="master"}', values: '1x180 stale' },
    ],
    good: [{ series: 'redis_instance_info{namespace="valkey",pod="v-0",role="master"}', values: '1x600' }],
  },
  gauge('KubeHeroValkeyReplicaLinkDown', 'redis_master_link_up', [0, 1], {
    namespace: 'valkey',
    pod: 'kubehero-valkey-1',
  }),
];

interface Rule {
  readonly alert: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

const spec = objectsOf(synthesize('reference')).find((object) => object.kind === 'PrometheusRule')?.[
  'spec'
] as { groups: { name: string; rules: Rule[] }[] };
const rules = spec.groups.flatMap((group) => group.rules);

function promtool(
  args: readonly string[],
  files: Record<string, unknown>,
): { status: number | null; text: string } {
  const dir = mkdtempSync(join(tmpdir(), 'kubehero-rules-'));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(dir, name), JSON.stringify(content));
    const result = spawnSync(findTool('promtool'), args, { cwd: dir, encoding: 'utf8' });
    return { status: result.status, text: `${result.stdout}${result.stderr}` };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The alert's name alone is compared: `ALERTS` carries no annotations. */
function alertTest(item: AlertCase): unknown[] {
  const labels = {
    severity: rules.find((rule) => rule.alert === item.alert)?.labels['severity'],
    component: 'kubehero',
    ...item.labels,
  };
  const text = (state: string): string =>
    `ALERTS{${Object.entries({ alertname: item.alert, alertstate: state, ...labels })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${k}="${v}"`)
      .join(', ')}}`;
  const query = (at: string, firing: boolean): unknown => ({
    expr: `ALERTS{alertname="${item.alert}",alertstate="firing"}`,
    eval_time: at,
    exp_samples: firing ? [{ labels: text('firing'), value: 1 }] : [],
  });
  const firesAt = item.resolvesAt === '3060m' ? '2900m' : '120m';
  const quietAt = item.resolvesAt === '3060m' ? ['1m', '2900m'] : ['1m', '120m'];
  return [
    {
      interval: '1m',
      input_series: item.bad,
      promql_expr_test: [query(firesAt, true), query(item.resolvesAt ?? '200m', false)],
    },
    { interval: '1m', input_series: item.good, promql_expr_test: quietAt.map((at) => query(at, false)) },
  ];
}

describeWith([toolRequirement('promtool')], 'the alerts', () => {
  it('pass promtool check rules', () => {
    const result = promtool(['check', 'rules', 'rules.json'], { 'rules.json': spec });
    expect(result).toMatchObject({ status: 0 });
    expect(result.text).toContain(`SUCCESS: ${rules.length} rules found`);
  });

  it('are all tried here', () => {
    expect(cases.map((item) => item.alert).sort()).toEqual(rules.map((rule) => rule.alert).sort());
  });

  it.each(cases.map((item) => [item.alert, item] as const))(
    '%s fires, stays quiet and resolves',
    (_name, item) => {
      const result = promtool(['test', 'rules', 'test.json'], {
        'rules.json': spec,
        'test.json': { rule_files: ['rules.json'], evaluation_interval: '1m', tests: alertTest(item) },
      });
      expect(result).toEqual({ status: 0, text: expect.stringContaining('SUCCESS') as unknown });
    },
  );

  it('say what to do: a summary, a text and a link each', () => {
    for (const { alert, annotations } of rules) {
      expect({ alert, link: annotations['runbook_url'] }).toEqual({
        alert,
        link: expect.stringMatching(new RegExp(`#${alert.toLowerCase()}$`)) as unknown,
      });
      expect((annotations['description'] ?? '').length).toBeGreaterThan(40);
    }
  });
});

it('every alert has its section, with the same text, where its link leads', () => {
  const page = readFileSync(join(repository, 'docs/runbooks.md'), 'utf8');
  for (const { alert, annotations } of rules) {
    expect(page).toContain(`## ${alert}\n`);
    expect(page).toContain(annotations['description'] ?? 'no text');
  }
});
