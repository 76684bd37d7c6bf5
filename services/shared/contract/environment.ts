/**
 * Names of the environment variables that manifests set and that the programs' `config.ts` read.
 * A value that ends in `_FILE` is the path of a mounted file whose content is the secret or the document itself,
 * so that no secret ever stands in a process's environment. Durations are whole seconds, sizes are MiB.
 */
export const environmentNames = {
  /** `debug`, `info`, `warn` or `error`. */
  logLevel: 'KUBEHERO_LOG_LEVEL',
  /** `host:port` that the plain HTTP listener binds to. */
  httpListen: 'KUBEHERO_HTTP_LISTEN',
  /** `host:port` that the mutual-TLS gRPC listener binds to. */
  grpcListen: 'KUBEHERO_GRPC_LISTEN',
  /** Comma-separated DNS names and addresses that the gRPC server's own certificate MUST carry. */
  grpcServerNames: 'KUBEHERO_GRPC_SERVER_NAMES',
  /** Writable folder for what a program keeps between ticks; lost with the pod. */
  dataDir: 'KUBEHERO_DATA_DIR',
  /** Longest time that a stop may take, seconds. */
  drainSeconds: 'KUBEHERO_DRAIN_SECONDS',
  /** Downward API: the pod's own name, namespace, address, and the node it runs on. */
  podName: 'KUBEHERO_POD_NAME',
  podNamespace: 'KUBEHERO_POD_NAMESPACE',
  podIp: 'KUBEHERO_POD_IP',
  nodeName: 'KUBEHERO_NODE_NAME',
  /** Service without selector whose EndpointSlice the leader writes. */
  leaderService: 'KUBEHERO_LEADER_SERVICE',

  /** `postgresql://user@host:port/database?sslmode=…`, never with a password. */
  postgresUrl: 'KUBEHERO_POSTGRES_URL',
  postgresPasswordFile: 'KUBEHERO_POSTGRES_PASSWORD_FILE',
  postgresCaFile: 'KUBEHERO_POSTGRES_CA_FILE',
  /** `http(s)://host:port`, never with a password. */
  clickhouseUrl: 'KUBEHERO_CLICKHOUSE_URL',
  clickhouseUser: 'KUBEHERO_CLICKHOUSE_USER',
  clickhouseDatabase: 'KUBEHERO_CLICKHOUSE_DATABASE',
  clickhousePasswordFile: 'KUBEHERO_CLICKHOUSE_PASSWORD_FILE',
  clickhouseCaFile: 'KUBEHERO_CLICKHOUSE_CA_FILE',
  /** Name of the ClickHouse cluster for `ON CLUSTER`; absent on a single server. */
  clickhouseCluster: 'KUBEHERO_CLICKHOUSE_CLUSTER',
  /** URLs of the replicas: replicas of a shard are separated by commas, shards by semicolons. */
  clickhouseShards: 'KUBEHERO_CLICKHOUSE_SHARDS',
  /** Comma-separated `host:port` of the sentinels; absent when one server is given by `KUBEHERO_VALKEY_URL`. */
  valkeySentinels: 'KUBEHERO_VALKEY_SENTINELS',
  /** Name under which the sentinels watch the primary. */
  valkeyPrimaryName: 'KUBEHERO_VALKEY_PRIMARY_NAME',
  /** `valkey(s)://host:port`, never with a password. */
  valkeyUrl: 'KUBEHERO_VALKEY_URL',
  valkeyPasswordFile: 'KUBEHERO_VALKEY_PASSWORD_FILE',
  valkeyCaFile: 'KUBEHERO_VALKEY_CA_FILE',

  /** 32 random bytes (base64) under which the internal CA's private key is stored. */
  caKeyFile: 'KUBEHERO_CA_KEY_FILE',
  /** Bearer token of programs that call the HTTP API inside the hub (dashboard). */
  apiTokenFile: 'KUBEHERO_API_TOKEN_FILE',
  /** Days that `pod_cost_1s` keeps raw rows, and after which older tables move to the cold disk. */
  rawRetentionDays: 'KUBEHERO_RAW_RETENTION_DAYS',
  /** Seconds that the clock of a node may be ahead of the control plane's. */
  maxAheadSeconds: 'KUBEHERO_MAX_AHEAD_SECONDS',
  coldAfterDays: 'KUBEHERO_COLD_AFTER_DAYS',
  /** ClickHouse storage policy of rolled-up tables; absent without a cold disk. */
  clickhouseStoragePolicy: 'KUBEHERO_CLICKHOUSE_STORAGE_POLICY',

  /** `host:port` of the hub's mutual-TLS listener, as the edge dials it. */
  hubEndpoint: 'KUBEHERO_HUB_ENDPOINT',
  /** File whose one line is the hub's endpoint; read again when it changes, and wins over the variable. */
  hubEndpointFile: 'KUBEHERO_HUB_ENDPOINT_FILE',
  /** PEM bundle that the hub's certificate chains to; read again when it changes. */
  hubCaFile: 'KUBEHERO_HUB_CA_FILE',
  /** The cluster's certificate and key, PEM, by which collectors and operator enrol. */
  clusterCertFile: 'KUBEHERO_CLUSTER_CERT_FILE',
  clusterKeyFile: 'KUBEHERO_CLUSTER_KEY_FILE',
  /** Price of the collector's node per hour, a plain decimal; counts as its annotation kubehero.io/price-per-hour. */
  nodePrice: 'KUBEHERO_NODE_PRICE',
  /** `auto`, `bpf`, `cgroup` or `off`. */
  collectorMode: 'KUBEHERO_COLLECTOR_MODE',
  /** Where the host's cgroup2 root, and its `/proc`, are mounted in the collector's container (read only). */
  hostCgroupRoot: 'KUBEHERO_HOST_CGROUP_ROOT',
  hostProcRoot: 'KUBEHERO_HOST_PROC_ROOT',
  /** Seconds that the collector keeps until they are acknowledged. */
  collectorBufferSeconds: 'KUBEHERO_COLLECTOR_BUFFER_SECONDS',

  /** `lease` (two replicas, one active) or `off`. */
  operatorLeaderElection: 'KUBEHERO_OPERATOR_LEADER_ELECTION',
  /** Name of the `coordination.k8s.io` Lease, in the operator's own namespace. */
  operatorLeaseName: 'KUBEHERO_OPERATOR_LEASE_NAME',

  /** Comma-separated `aws`, `azure`, `gcp`, `custom`, `snapshot`. */
  pricingSources: 'KUBEHERO_PRICING_SOURCES',
  /** Folder with `custom.yaml`, or path of a snapshot, mounted read only. */
  pricingCustomFile: 'KUBEHERO_PRICING_CUSTOM_FILE',
  pricingSnapshotFile: 'KUBEHERO_PRICING_SNAPSHOT_FILE',
  /** Ed25519 public key (PEM) that a snapshot MUST be signed by. */
  pricingSnapshotKeyFile: 'KUBEHERO_PRICING_SNAPSHOT_KEY_FILE',
  /** Comma-separated regions whose prices are fetched; absent: those that nodes of the fleet are in. */
  pricingAwsRegions: 'KUBEHERO_PRICING_AWS_REGIONS',
  pricingAzureRegions: 'KUBEHERO_PRICING_AZURE_REGIONS',
  /** File with the API key for Google's catalogue. */
  pricingGcpKeyFile: 'KUBEHERO_PRICING_GCP_KEY_FILE',
  /** File with a service account's key (JSON) that may list machine types, and prices where no API key is given. */
  pricingGcpAccountFile: 'KUBEHERO_PRICING_GCP_ACCOUNT_FILE',
  /** `auto` (EC2 API where credentials are found, and the public feed), or `feed` alone. */
  pricingAwsSpot: 'KUBEHERO_PRICING_AWS_SPOT',
  /** File in the form of `~/.aws/credentials`; absent: the AWS SDK's own chain. */
  pricingAwsCredentialsFile: 'KUBEHERO_PRICING_AWS_CREDENTIALS_FILE',
  /** `on` or `off`: list rates of reservations and savings plans. */
  pricingCommitments: 'KUBEHERO_PRICING_COMMITMENTS',
  /** HTTP proxy that price lists are fetched through, and a CA bundle (PEM) that is trusted beside the system's. */
  pricingProxy: 'KUBEHERO_PRICING_PROXY',
  pricingCaFile: 'KUBEHERO_PRICING_CA_FILE',
  /** Origins of mirrors of the price lists. */
  pricingAwsUrl: 'KUBEHERO_PRICING_AWS_URL',
  pricingAwsChinaUrl: 'KUBEHERO_PRICING_AWS_CHINA_URL',
  pricingAwsSpotUrl: 'KUBEHERO_PRICING_AWS_SPOT_URL',
  pricingAzureUrl: 'KUBEHERO_PRICING_AZURE_URL',
  pricingGcpUrl: 'KUBEHERO_PRICING_GCP_URL',
  pricingGcpComputeUrl: 'KUBEHERO_PRICING_GCP_COMPUTE_URL',
  /** Origin of an interface endpoint of the EC2 API. */
  pricingAwsEc2Url: 'KUBEHERO_PRICING_AWS_EC2_URL',
  /** ISO 4217 code of the hub's reporting currency. */
  currency: 'KUBEHERO_CURRENCY',
  /** Rates into the reporting currency: `EUR=1.08,CNY=0.14`, units of the reporting currency for one unit. */
  exchangeRates: 'KUBEHERO_EXCHANGE_RATES',
  /** `cpu=0.031611,ram=0.004237,gpu=0.95`: price of a vCPU-hour, GiB-hour and GPU-hour in the reporting currency. */
  unitPrices: 'KUBEHERO_UNIT_PRICES',
  /** `cpu=7.5,ram=1,gpu=220`: ratio by which a node's price splits over a vCPU, a GiB and a GPU. */
  resourceWeights: 'KUBEHERO_RESOURCE_WEIGHTS',
  /** `crossZone=0.01,internet=0.09`: price of a GB (2^30 bytes) by class in the reporting currency. */
  networkRates: 'KUBEHERO_NETWORK_RATES',

  /** Dashboard: base URL of the control plane's HTTP port, inside the cluster. */
  controlPlaneUrl: 'KUBEHERO_CONTROL_PLANE_URL',
  /** URL under which browsers reach the dashboard. */
  publicUrl: 'KUBEHERO_PUBLIC_URL',
  /** 32 random bytes (base64) that seal session cookies; the same on every replica. */
  sessionKeyFile: 'KUBEHERO_SESSION_KEY_FILE',
} as const;

/** A name that {@link environmentNames} holds. */
export type EnvironmentName = (typeof environmentNames)[keyof typeof environmentNames];
