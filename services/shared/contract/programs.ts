/** The programs of KubeHero: name of the workload, arguments of the `kubehero` command, user that it runs as. */
export const programs = {
  controlPlane: { name: 'kubehero-control-plane', args: ['control-plane'] },
  operator: { name: 'kubehero-operator', args: ['operator'] },
  collector: { name: 'kubehero-collector', args: ['collector'] },
  pricing: { name: 'kubehero-pricing-engine', args: ['pricing', 'refresh'] },
  /** Holds a shell-free container open for `kubectl exec … kubehero pricing import`. */
  pricingExec: { name: 'kubehero-pricing-engine', args: ['pricing', 'serve'] },
  dashboard: { name: 'kubehero-dashboard', args: [] },
  migrate: { name: 'kubehero-db-migrate', args: ['db', 'migrate'] },
  clickhouseBackup: { name: 'kubehero-clickhouse-backup', args: ['backup', 'clickhouse'] },
} as const;

/** Namespaces that an installation uses. */
export const namespaces = {
  system: 'kubehero-system',
  collector: 'kubehero-collector',
  postgres: 'cnpg-system',
  clickhouse: 'clickhouse-system',
  valkey: 'valkey',
} as const;

/** User and group that our images run as; the collector alone runs as 0. */
export const runAsUser = 65532;

/** Paths inside containers where manifests mount what programs read. Each folder is one Secret or ConfigMap. */
export const mountPaths = {
  postgres: '/etc/kubehero/postgres',
  clickhouse: '/etc/kubehero/clickhouse',
  valkey: '/etc/kubehero/valkey',
  keys: '/etc/kubehero/keys',
  api: '/etc/kubehero/api',
  session: '/etc/kubehero/session',
  /** ConfigMap `kubehero-cluster-cert`: `ca.crt` and `endpoint`. */
  clusterTrust: '/etc/kubehero/hub',
  /** Secret with the cluster's own certificate: `tls.crt` and `tls.key`. */
  clusterCert: '/etc/kubehero/cluster',
  pricing: '/etc/kubehero/pricing',
  pricingKey: '/etc/kubehero/pricing-key',
  hostCgroup: '/host/sys/fs/cgroup',
  hostProc: '/host/proc',
  data: '/var/lib/kubehero',
  tmp: '/tmp',
} as const;

/** Names of ConfigMaps, Services and Leases that programs look up. */
export const objectNames = {
  /** In the system and collector namespaces: CA bundle (`ca.crt`) and hub endpoint (`endpoint`). */
  clusterCertConfigMap: 'kubehero-cluster-cert',
  /** Service without selector; its EndpointSlice is the leader. */
  controlPlaneService: 'kubehero-control-plane',
  /** Headless, selects every control-plane pod (followers answer reads). */
  controlPlanePods: 'kubehero-control-plane-pods',
  /** EndpointSlice that the leader writes for {@link objectNames.controlPlaneService}. */
  leaderEndpointSlice: 'kubehero-control-plane-leader',
  operatorLease: 'kubehero-operator',
} as const;

/** HTTP paths that probes and scrapes call on every program. */
export const httpPaths = { live: '/healthz', ready: '/readyz', metrics: '/metrics' } as const;

/**
 * Paths of the hub's HTTP port that are reached from outside, with what is under them: each asks for a token. Probes and
 * metrics do not, and stay inside. A route of the Gateway API before 1.1 takes eight at most.
 */
export const publicApiPaths = [
  '/live',
  '/kubehero.admin.v1.ClusterService',
  '/kubehero.admin.v1.SessionService',
  '/kubehero.budget.v1.PolicyService',
  '/kubehero.pricing.v1.PricingService',
  '/kubehero.pricing.v1.RepriceService',
  '/kubehero.query.v1.CostService',
  '/kubehero.query.v1.LiveService',
] as const;

/** Common labels of everything that KubeHero deploys. */
export const labelKeys = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
  /** On a cluster's registration and on pods: which installation they belong to. */
  installation: 'kubehero.io/installation',
} as const;
