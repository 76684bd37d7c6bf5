/** Images by the role that they have, those that operators start included; the version is what this release was written against. */
export const imageRoles = {
  kubehero: 'ghcr.io/kubehero/kubehero:0.1.0',
  dashboard: 'ghcr.io/kubehero/dashboard:0.1.0',
  dex: 'ghcr.io/dexidp/dex:v2.45.1',
  valkey: 'docker.io/valkey/valkey:8.1.4',
  valkeyExporter: 'docker.io/oliver006/redis_exporter:v1.80.1',
  clickhouse: 'docker.io/clickhouse/clickhouse-server:25.8.12.129',
  clickhouseKeeper: 'docker.io/clickhouse/clickhouse-keeper:25.8.12.129',
  postgres: 'ghcr.io/cloudnative-pg/postgresql:18.4-minimal-trixie',
  cloudNativePg: 'ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0',
  barmanPlugin: 'ghcr.io/cloudnative-pg/plugin-barman-cloud:v0.14.0',
  barmanSidecar: 'ghcr.io/cloudnative-pg/plugin-barman-cloud-sidecar:v0.14.0',
  clickhouseOperator: 'docker.io/altinity/clickhouse-operator:0.27.3',
  clickhouseOperatorMetrics: 'docker.io/altinity/metrics-exporter:0.27.3',
} as const;

/** A role that {@link imageRoles} holds. */
export type ImageRole = keyof typeof imageRoles;

/** One locked image. */
export interface LockedImage {
  /** Registry and repository, without tag or digest. */
  readonly repository: string;
  readonly tag: string;
  /** Digest of the manifest or index, `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Digest by platform (`linux/amd64`), where the tag names an index. */
  readonly platforms?: Readonly<Record<string, string>>;
}

/** Content of a lock file, which `kubehero images lock` writes and the constructs read. */
export interface ImageLockDocument {
  readonly version: 1;
  readonly images: Readonly<Record<string, LockedImage>>;
}
