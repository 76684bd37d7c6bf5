import { metricNames as metric, programs } from '@kubehero/contract';

/** One alert: when it fires, and what the person who gets it does. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** Time that the expression must hold. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  /** What to do, a few sentences; stands in the rule itself and behind its link. */
  readonly runbook: string;
}

/** Which alerts an installation needs. */
export interface AlertInput {
  readonly postgres: boolean;
  readonly postgresBackup: boolean;
  readonly clickhouse: boolean;
  readonly clickhouseBackup: boolean;
  /** Labels of the keepers' pods; absent where there are none. */
  readonly keeper: Readonly<Record<string, string>> | undefined;
  readonly valkey: boolean;
  readonly dex: boolean;
  /** The pricing engine's Deployment, which says how old prices are. */
  readonly pricing: boolean;
  readonly postgresNamespace: string;
  readonly clickhouseNamespace: string;
  readonly valkeyNamespace: string;
}

const day = 86_400;

/** Alerts about our own programs; the first four are the reference page's. */
export function programAlerts(input: AlertInput): Alert[] {
  return [...coreAlerts(), ...(input.pricing ? priceAlerts() : []), ...fleetAlerts()];
}

function coreAlerts(): Alert[] {
  return [
    {
      alert: 'KubeHeroControlPlaneDown',
      expr: `up{service="${programs.controlPlane.name}"} == 0`,
      for: '1m',
      severity: 'critical',
      summary: 'control-plane replica {{ $labels.pod }} does not answer',
      runbook:
        'Look at the pod: kubectl -n kubehero-system describe pod, then its log. One replica down costs redundancy; with both down collectors keep 60 seconds and then lose them. PostgreSQL out of reach is the usual reason for both.',
    },
    {
      alert: 'KubeHeroCollectorSilent',
      expr: `time() - ${metric.collectorLastSecond} > 60`,
      for: '0m',
      severity: 'warning',
      summary:
        'no second from node {{ $labels.node }} of cluster {{ $labels.cluster }} for more than a minute',
      runbook:
        'The buffer of 60 seconds is used up: from now on the node costs its price as unobserved. Look at the collector pod of that node, then at the way to the hub (endpoint, certificate, network policy).',
    },
    {
      alert: 'KubeHeroPolicyEvaluationSlow',
      expr: `histogram_quantile(0.99, sum by (le) (rate(${metric.operatorReconcileDuration}_bucket[5m]))) > 2`,
      for: '5m',
      severity: 'warning',
      summary: "the operator's reconcile loop takes {{ $value | humanizeDuration }}",
      runbook:
        'Budgets act late. Look at the operator for throttling (CPU limit) and at the API server for latency; count policies and pods against the sizing table.',
    },
    {
      alert: 'KubeHeroStorePoolSaturated',
      expr: `max by (store, pod) (${metric.storePoolInUse} / ${metric.storePoolSize}) > 0.9`,
      for: '5m',
      severity: 'warning',
      summary:
        '{{ $value | humanizePercentage }} of the connections of {{ $labels.pod }} to {{ $labels.store }} are in use',
      runbook:
        'Slow queries hold connections. Look at the longest-running statements of that store before giving the pool more.',
    },
    {
      alert: 'KubeHeroNoLeader',
      expr: `(sum(${metric.controlPlaneLeader}) or vector(0)) == 0`,
      for: '2m',
      severity: 'critical',
      summary: 'no control-plane replica leads',
      runbook:
        'The lease is a row in PostgreSQL: without a writable primary nobody leads. Look at the Cluster first, then at the log of both replicas.',
    },
    {
      alert: 'KubeHeroTwoLeaders',
      expr: `sum(${metric.controlPlaneLeader}) > 1`,
      for: '1m',
      severity: 'critical',
      summary: '{{ $value }} control-plane replicas believe that they lead',
      runbook:
        'Stale writes are refused by their epoch, no number is wrong. Restart the replica with the older epoch and keep its log.',
    },
  ];
}

function priceAlerts(): Alert[] {
  return [
    {
      alert: 'KubeHeroPricesStale',
      expr: `time() - ${metric.pricingLastSuccess} > ${day}`,
      for: '10m',
      severity: 'warning',
      summary: 'prices of {{ $labels.source }} are {{ $value | humanizeDuration }} old',
      runbook:
        'The last good prices stay in force. Look at the last Job of the CronJob kubehero-pricing-engine; an air-gapped site imports a newer snapshot.',
    },
    {
      alert: 'KubeHeroPricesQuarantined',
      expr: `${metric.pricingQuarantined} > 0`,
      for: '10m',
      severity: 'warning',
      summary: '{{ $value }} parts of a price version wait for a person',
      runbook:
        'A price list looked implausible and was kept out. Compare, then accept it with kubehero pricing refresh --accept, or wait for the provider to mend it.',
    },
  ];
}

function fleetAlerts(): Alert[] {
  return [
    {
      alert: 'KubeHeroIngestRefused',
      expr: `sum by (reason) (rate(${metric.ingestRefused}[5m])) > 0.1`,
      for: '10m',
      severity: 'warning',
      summary: 'batches are refused: {{ $labels.reason }}',
      runbook:
        'The reason names the rule. Clock skew: mend the time service of the node. Certificate of another cluster: register the cluster again.',
    },
    {
      alert: 'KubeHeroNodesUnpriced',
      expr: `${metric.unpricedNodes} > 0`,
      for: '30m',
      severity: 'warning',
      summary: '{{ $value }} nodes of cluster {{ $labels.cluster }} have no price',
      runbook:
        'Ask kubehero pricing lookup for the node: it says what was tried. Annotate the node with kubehero.io/price-per-hour or add a price sheet.',
    },
    {
      alert: 'KubeHeroClusterCertificateExpiring',
      expr: `${metric.clusterCertificateExpiry} - time() < ${14 * day}`,
      for: '1h',
      severity: 'warning',
      summary: 'the certificate of cluster {{ $labels.cluster }} ends in {{ $value | humanizeDuration }}',
      runbook:
        'Run kubehero cluster rotate for that cluster and put the new certificate into its Secret; both are good until the old one ends.',
    },
  ];
}

/** Alerts about the stores that this installation runs. */
export function storeAlerts(input: AlertInput): Alert[] {
  return [
    ...(input.postgres ? postgresAlerts(input.postgresNamespace) : []),
    ...(input.postgresBackup ? postgresBackupAlerts(input.postgresNamespace) : []),
    ...(input.clickhouse ? clickhouseAlerts(input.clickhouseNamespace) : []),
    ...(input.keeper ? [keeperAlert(input.clickhouseNamespace)] : []),
    ...(input.clickhouseBackup
      ? [
          ageAlert(
            'KubeHeroClickHouseBackupOld',
            `kube_cronjob_status_last_successful_time{cronjob="${programs.clickhouseBackup.name}"}`,
            'the last good ClickHouse backup',
            'Look at the last Job of kubehero-clickhouse-backup and at system.backups of the server that it names.',
          ),
        ]
      : []),
    ...(input.valkey ? valkeyAlerts(input.valkeyNamespace) : []),
  ];
}

function ageAlert(alert: string, name: string, what: string, runbook: string): Alert {
  return {
    alert,
    expr: `time() - ${name} > ${1.25 * day}`,
    for: '15m',
    severity: 'warning',
    summary: `${what} is {{ $value | humanizeDuration }} old`,
    runbook,
  };
}

function postgresAlerts(namespace: string): Alert[] {
  return [
    {
      alert: 'KubeHeroPostgresReplicationLag',
      expr: `cnpg_pg_replication_lag{namespace="${namespace}"} > 30`,
      for: '5m',
      severity: 'warning',
      summary: 'PostgreSQL instance {{ $labels.pod }} is {{ $value | humanizeDuration }} behind',
      runbook:
        'A slow disk or a network fault of that node. With two of three instances behind, commits wait for the synchronous standby.',
    },
    {
      alert: 'KubeHeroPostgresTransactionAge',
      expr: `cnpg_pg_database_xid_age{namespace="${namespace}"} > 300000000`,
      for: '10m',
      severity: 'warning',
      summary: 'transaction ids of database {{ $labels.datname }} are {{ $value | humanize }} old',
      runbook:
        'Autovacuum cannot keep up, mostly because of a transaction that never ends. Find it in pg_stat_activity and end it.',
    },
    {
      alert: 'KubeHeroStoreDiskFilling',
      expr: `kubelet_volume_stats_available_bytes{namespace="${namespace}"} / kubelet_volume_stats_capacity_bytes{namespace="${namespace}"} < 0.15`,
      for: '10m',
      severity: 'critical',
      summary: 'volume {{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left',
      runbook:
        'A full WAL volume stops PostgreSQL. Raise storage or walStorage and sync; check that the archive works, because unarchived WAL is kept.',
    },
  ];
}

function postgresBackupAlerts(namespace: string): Alert[] {
  return [
    {
      alert: 'KubeHeroPostgresWalArchiveOld',
      expr: `cnpg_collector_pg_wal_archive_status{namespace="${namespace}",value="ready"} > 10`,
      for: '10m',
      severity: 'critical',
      summary: '{{ $value }} WAL files of {{ $labels.pod }} wait to be archived',
      runbook:
        'The promise of five minutes is broken and the WAL volume fills. Look at the sidecar plugin-barman-cloud of the primary: bucket, credentials, network policy.',
    },
    {
      alert: 'KubeHeroPostgresBackupFailed',
      expr: `barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp{namespace="${namespace}"} > barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="${namespace}"}`,
      for: '15m',
      severity: 'warning',
      summary: 'the last base backup of PostgreSQL failed',
      runbook:
        'kubectl -n cnpg-system get backups shows the error. The archive goes on; a restore starts from the last good base backup and takes longer.',
    },
  ];
}

function clickhouseAlerts(namespace: string): Alert[] {
  return [
    {
      alert: 'KubeHeroClickHouseReadOnlyTables',
      expr: `ClickHouseMetrics_ReadonlyReplica{namespace="${namespace}"} > 0`,
      for: '5m',
      severity: 'critical',
      summary: '{{ $value }} tables of {{ $labels.pod }} are read only',
      runbook:
        'The server lost its keeper. When a majority of keepers is Ready and tables stay read only, run SYSTEM RESTORE REPLICA for them.',
    },
    {
      alert: 'KubeHeroClickHouseReplicaDelayed',
      expr: `ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay{namespace="${namespace}"} > 300`,
      for: '10m',
      severity: 'warning',
      summary: 'replica {{ $labels.pod }} is {{ $value | humanizeDuration }} behind',
      runbook:
        'Reads are sent to the other replica. Look at system.replication_queue for the oldest entry and its last exception.',
    },
  ];
}

function keeperAlert(namespace: string): Alert {
  return {
    alert: 'KubeHeroKeeperNoLeader',
    expr: `max(ClickHouseAsyncMetrics_KeeperIsLeader{namespace="${namespace}"}) == 0`,
    for: '2m',
    severity: 'critical',
    summary: 'ClickHouse Keeper has no leader',
    runbook:
      'Two of three keepers must be up and reach each other on port 9444. Inserts stop until then, nothing is lost before the collectors have kept 60 seconds.',
  };
}

function valkeyAlerts(namespace: string): Alert[] {
  return [
    {
      alert: 'KubeHeroValkeyPrimaries',
      expr: `count(redis_instance_info{namespace="${namespace}",role="master"}) != 1`,
      for: '2m',
      severity: 'warning',
      summary: '{{ $value }} Valkey servers believe that they are the primary',
      runbook:
        'Ask a sentinel: valkey-cli -p 26379 SENTINEL CKQUORUM kubehero. Live numbers pause meanwhile; nothing durable lives in Valkey.',
    },
    {
      alert: 'KubeHeroValkeyReplicaLinkDown',
      expr: `redis_master_link_up{namespace="${namespace}"} == 0`,
      for: '5m',
      severity: 'warning',
      summary: 'Valkey replica {{ $labels.pod }} has lost its primary',
      runbook:
        'Look at name resolution and network policies between the Valkey pods; then restart that replica.',
    },
  ];
}
