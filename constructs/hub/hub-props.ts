import type { ComponentProps } from '../core/component.js';
import type { ImageLock } from '../core/images.js';
import type { KubernetesVersion, OperatorVersions } from '../core/versions.js';
import type { SiteNamespaces } from '../core/site.js';
import type { MonitoringProps } from '../monitoring/monitoring.js';
import type { ImageVerificationProps } from '../policy/image-verification.js';
import type { DnsProps } from '../policy/network-policies.js';
import type { ClickHouseProps } from '../stores/clickhouse.js';
import type { DexProps } from '../stores/dex.js';
import type { PostgresProps } from '../stores/postgres.js';
import type { S3Location } from '../stores/s3.js';
import type { ValkeyProps } from '../stores/valkey.js';
import type { CollectorMode } from './collector.js';
import type { ExposureProps } from './exposure.js';
import type { PricingProps } from './pricing-engine.js';

/** What hub and edge have in common. */
export interface InstallationProps {
  /** Images by digest; see `kubehero images lock`. */
  readonly images: ImageLock;
  /** @default '1.36' */
  readonly kubernetesVersion?: KubernetesVersion;
  /** Nodes that report here, over all clusters (edge: of this cluster). Sizes everything. @default 1000 (edge: 100) */
  readonly nodes?: number;
  /** @default - see {@link SiteNamespaces}: kubehero-system, kubehero-collector, cnpg-system, clickhouse-system, valkey */
  readonly namespaces?: Partial<SiteNamespaces>;
  /** @default 'cluster.local' */
  readonly clusterDomain?: string;
  /** Secrets of type `kubernetes.io/dockerconfigjson`, by name, in every namespace. */
  readonly imagePullSecrets?: readonly string[];
  /** Settings of all components, under their own ones. */
  readonly defaults?: ComponentProps;
  /** Addresses of the API server's endpoints, for the network policies. @default - the private ranges */
  readonly apiServerCidrs?: readonly string[];
  readonly dns?: DnsProps;
  /** @default true */
  readonly networkPolicies?: boolean;
  /** A ResourceQuota of the computed size in each namespace that holds pods of KubeHero alone. @default false */
  readonly quotas?: boolean;
  readonly imageVerification?: ImageVerificationProps;
  /** How the collector measures. @default 'auto' */
  readonly collectorMode?: CollectorMode;
  readonly monitoring?: MonitoringProps;
  /** False where another app of the same cluster owns namespaces and priority classes. @default true */
  readonly foundation?: boolean;
}

/** Names of the hub's components, keys of `components`. */
export type HubComponent =
  | 'controlPlane'
  | 'operator'
  | 'collector'
  | 'pricing'
  | 'dashboard'
  | 'dex'
  | 'postgres'
  | 'clickhouse'
  | 'keeper'
  | 'valkey'
  | 'sentinel'
  | 'clickhouseBackup';

/** Every {@link HubComponent}, for those who write props without types. */
export const hubComponents: readonly string[] = [
  'controlPlane',
  'operator',
  'collector',
  'pricing',
  'dashboard',
  'dex',
  'postgres',
  'clickhouse',
  'keeper',
  'valkey',
  'sentinel',
  'clickhouseBackup',
] satisfies HubComponent[];

/** An amount for each resource, plain decimals such as '0.031611'. */
export interface ResourceAmounts {
  /** Of a vCPU. */
  readonly cpu: string;
  /** Of a GiB of memory. */
  readonly ram: string;
  /** Of a GPU. */
  readonly gpu: string;
}

/** Prices of traffic per GB (2^30 bytes), plain decimals such as '0.01'. */
export interface NetworkRates {
  /** To and from another zone, each. */
  readonly crossZone: string;
  /** Sent to the internet. */
  readonly internet: string;
}

/** Input of {@link KubeHeroHub}. */
export interface KubeHeroHubProps extends InstallationProps {
  /** Domain under which the hub is reached: `kubehero.<domain>`, `api.`, `dex.` and `ingress.` before it. */
  readonly domain: string;
  readonly exposure: ExposureProps;
  /** Sign-in. */
  readonly dex: DexProps;
  /** False: one replica of everything, for a small cluster. @default true */
  readonly highAvailability?: boolean;
  /** @default 30 */
  readonly podsPerNode?: number;
  readonly postgres?: PostgresProps;
  readonly clickhouse?: ClickHouseProps;
  readonly valkey?: ValkeyProps;
  readonly pricing?: PricingProps;
  /** Bucket of the backups of the stores that this hub deploys; the stores get their own folder in it. */
  readonly backup?: S3Location & {
    /** Days that PostgreSQL's backups are kept; ClickHouse's go by a lifecycle rule of the bucket. @default 30 */
    readonly retentionDays?: number;
    readonly postgresMethod?: 'plugin' | 'in-tree';
  };
  /** PEM certificates that the hub's gRPC certificate chains to, as `kubehero cluster add` prints them. @default - the ConfigMap exists */
  readonly caBundle?: string;
  /** Days that every second of every pod is kept. @default 30 */
  readonly rawRetentionDays?: number;
  /** @default 'USD' */
  readonly currency?: string;
  /** Rates into that currency by code, as plain decimals: `{ EUR: '1.08' }`. @default - prices in other currencies are not used */
  readonly exchangeRates?: Readonly<Record<string, string>>;
  /** Price of a vCPU-hour, a GiB-hour and a GPU-hour in that currency, for nodes that nothing else prices. @default - 0.031611, 0.004237 and 0.95 USD, converted by `exchangeRates.USD` */
  readonly unitPrices?: ResourceAmounts;
  /** Ratio by which a node's price splits over a vCPU, a GiB and a GPU. @default - the ratio of the unit prices */
  readonly resourceWeights?: ResourceAmounts;
  /** Price of a GB (2^30 bytes) of traffic in that currency. @default - 0.01 and 0.09 USD, converted by `exchangeRates.USD` */
  readonly networkRates?: NetworkRates;
  /** Class of all volumes. @default - the cluster's own */
  readonly storageClassName?: string;
  readonly operators?: OperatorVersions;
  readonly components?: Partial<Record<HubComponent, ComponentProps>>;
}

/** Host names of a hub. */
export function hostsOf(domain: string): { dashboard: string; api: string; dex: string; grpc: string } {
  return {
    dashboard: `kubehero.${domain}`,
    api: `api.${domain}`,
    dex: `dex.${domain}`,
    grpc: `ingress.${domain}`,
  };
}
