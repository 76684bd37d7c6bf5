/** How `kubehero secrets create` makes a value that is missing. */
export type SecretValue =
  | { readonly kind: 'random'; readonly bytes: number; readonly encoding: 'base64' | 'alphanumeric' }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'sha256-hex'; readonly of: string }
  | { readonly kind: 'ca-certificate'; readonly of: string }
  /** For the DNS names of Services in the Secret's first namespace; `*.` before one stands for the pods behind it. */
  | { readonly kind: 'certificate'; readonly ca: string; readonly services: readonly string[] }
  | { readonly kind: 'certificate-key'; readonly ca: string }
  | { readonly kind: 'given'; readonly by: string };

/** One Secret that manifests name and never contain. The same values stand in each of its namespaces. */
export interface SecretSpec {
  readonly name: string;
  /** The product that it belongs to; an installation whose one stands elsewhere brings its own Secret. */
  readonly of: 'kubehero' | 'postgres' | 'clickhouse' | 'valkey' | 'dex';
  /** Keys of {@link namespaces} in `programs.ts`. */
  readonly namespaces: readonly ('system' | 'collector' | 'postgres' | 'clickhouse' | 'valkey')[];
  readonly type: 'Opaque' | 'kubernetes.io/basic-auth' | 'kubernetes.io/tls';
  readonly keys: Readonly<Record<string, SecretValue>>;
  /** Labels beside the common ones: CloudNativePG takes a changed Secret at once where it carries its label. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What it is for, one sentence. */
  readonly purpose: string;
}

const reloaded = { 'cnpg.io/reload': 'true' } as const;
const password: SecretValue = { kind: 'random', bytes: 32, encoding: 'alphanumeric' };

/** Every Secret of a hub that deploys all of its stores; an external store brings its own. */
export const secretCatalogue = {
  postgresApp: {
    name: 'kubehero-postgres-app',
    of: 'postgres',
    labels: reloaded,
    namespaces: ['postgres', 'system'],
    type: 'kubernetes.io/basic-auth',
    keys: { username: { kind: 'literal', value: 'kubehero' }, password },
    purpose: 'owner of the PostgreSQL database kubehero',
  },
  postgresDex: {
    name: 'kubehero-postgres-dex',
    of: 'dex',
    labels: reloaded,
    namespaces: ['postgres', 'system'],
    type: 'kubernetes.io/basic-auth',
    keys: { username: { kind: 'literal', value: 'dex' }, password },
    purpose: 'owner of the PostgreSQL database dex',
  },
  postgresCa: {
    name: 'kubehero-postgres-ca',
    of: 'postgres',
    labels: reloaded,
    namespaces: ['postgres', 'system'],
    type: 'Opaque',
    keys: { 'ca.crt': { kind: 'ca-certificate', of: 'postgres' } },
    purpose: 'what the certificate of PostgreSQL chains to',
  },
  postgresServer: {
    name: 'kubehero-postgres-server',
    of: 'postgres',
    labels: reloaded,
    namespaces: ['postgres'],
    type: 'kubernetes.io/tls',
    keys: {
      'tls.crt': {
        kind: 'certificate',
        ca: 'postgres',
        services: ['kubehero-postgres-rw', 'kubehero-postgres-r', 'kubehero-postgres-ro'],
      },
      'tls.key': { kind: 'certificate-key', ca: 'postgres' },
    },
    purpose: 'certificate of the PostgreSQL servers',
  },
  clickhouse: {
    name: 'kubehero-clickhouse',
    of: 'clickhouse',
    namespaces: ['clickhouse', 'system'],
    type: 'Opaque',
    keys: {
      password,
      'password-sha256-hex': { kind: 'sha256-hex', of: 'password' },
      'interserver-secret': password,
    },
    purpose: 'user kubehero of ClickHouse, and the secret that its servers share',
  },
  clickhouseCa: {
    name: 'kubehero-clickhouse-ca',
    of: 'clickhouse',
    namespaces: ['system'],
    type: 'Opaque',
    keys: { 'ca.crt': { kind: 'ca-certificate', of: 'clickhouse' } },
    purpose: 'what the certificate of ClickHouse chains to, where it is encrypted',
  },
  clickhouseServer: {
    name: 'kubehero-clickhouse-server',
    of: 'clickhouse',
    namespaces: ['clickhouse'],
    type: 'kubernetes.io/tls',
    keys: {
      'ca.crt': { kind: 'ca-certificate', of: 'clickhouse' },
      'tls.crt': { kind: 'certificate', ca: 'clickhouse', services: ['*', '*.kubehero-keeper'] },
      'tls.key': { kind: 'certificate-key', ca: 'clickhouse' },
    },
    purpose: 'certificate of the ClickHouse servers and keepers, where they are encrypted',
  },
  valkeyCa: {
    name: 'kubehero-valkey-ca',
    of: 'valkey',
    namespaces: ['system'],
    type: 'Opaque',
    keys: { 'ca.crt': { kind: 'ca-certificate', of: 'valkey' } },
    purpose: 'what the certificate of Valkey chains to, where it is encrypted',
  },
  valkeyServer: {
    name: 'kubehero-valkey-server',
    of: 'valkey',
    namespaces: ['valkey'],
    type: 'kubernetes.io/tls',
    keys: {
      'ca.crt': { kind: 'ca-certificate', of: 'valkey' },
      'tls.crt': {
        kind: 'certificate',
        ca: 'valkey',
        services: ['*.kubehero-valkey', '*.kubehero-valkey-sentinel'],
      },
      'tls.key': { kind: 'certificate-key', ca: 'valkey' },
    },
    purpose: 'certificate of the Valkey servers and sentinels, where they are encrypted',
  },
  valkey: {
    name: 'kubehero-valkey',
    of: 'valkey',
    namespaces: ['valkey', 'system'],
    type: 'Opaque',
    keys: { password },
    purpose: 'password of Valkey and of its sentinels',
  },
  controlPlaneKeys: {
    name: 'kubehero-control-plane-keys',
    of: 'kubehero',
    namespaces: ['system'],
    type: 'Opaque',
    keys: {
      'ca-key': { kind: 'random', bytes: 32, encoding: 'base64' },
    },
    purpose: "encrypts the internal CA's private key; a backup without it restores nothing",
  },
  api: {
    name: 'kubehero-api',
    of: 'kubehero',
    namespaces: ['system'],
    type: 'Opaque',
    keys: { token: password },
    purpose: 'bearer token by which the dashboard calls the control plane',
  },
  dashboard: {
    name: 'kubehero-dashboard',
    of: 'kubehero',
    namespaces: ['system'],
    type: 'Opaque',
    keys: {
      'session-key': { kind: 'random', bytes: 32, encoding: 'base64' },
      'oidc-client-secret': password,
    },
    purpose: 'seals session cookies; client secret of the dashboard in Dex',
  },
  clusterCertificate: {
    name: 'kubehero-cluster-certificate',
    of: 'kubehero',
    namespaces: ['system', 'collector'],
    type: 'kubernetes.io/tls',
    keys: {
      'tls.crt': { kind: 'given', by: 'kubehero cluster add' },
      'tls.key': { kind: 'given', by: 'kubehero cluster add' },
    },
    purpose: "the cluster's certificate, by which its collectors and operator enrol",
  },
} as const satisfies Readonly<Record<string, SecretSpec>>;
