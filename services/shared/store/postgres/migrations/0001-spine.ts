import { sql, type Kysely } from 'kysely';

/**
 * Clusters, nodes and identities (append-only keys that ClickHouse rows refer to), price activations, what was
 * ingested, what was rolled up, the leader's lease, certificates and sessions.
 *
 * Money is `numeric(38,0)` picounits: up to 10^26 units of currency. Seconds are epoch seconds in `bigint`.
 */
const STATEMENTS = [
  `create table cluster (
    key integer generated always as identity primary key,
    id text not null unique,
    name text not null,
    cloud text not null default '',
    region text not null default '',
    labels jsonb not null default '{}',
    created_at timestamptz not null default now(),
    removed_at timestamptz)`,
  `create unique index cluster_name on cluster (name) where removed_at is null`,
  `create table node (
    key integer generated always as identity primary key,
    cluster_key integer not null references cluster (key),
    uid text not null,
    name text not null,
    provider_id text not null default '',
    spec jsonb not null,
    gone_at bigint,
    unique (cluster_key, uid))`,
  // What a node was, with validity: labels, capacity and annotations as its price and shares were worked out from.
  `create table node_spec (
    node_key integer not null references node (key),
    valid_from bigint not null,
    spec jsonb not null,
    primary key (node_key, valid_from))`,
  `create table namespace (
    key integer generated always as identity primary key,
    cluster_key integer not null references cluster (key),
    name text not null,
    unique (cluster_key, name))`,
  // One key per container of a pod on a node; kind 'node' is the node's own row (idle, unobserved).
  `create table identity (
    key integer generated always as identity primary key,
    cluster_key integer not null references cluster (key),
    node_key integer not null references node (key),
    namespace_key integer references namespace (key),
    kind text not null,
    pod_uid text not null,
    pod text not null,
    container text not null,
    workload_kind text not null,
    workload text not null,
    labels jsonb not null default '{}',
    created_at timestamptz not null default now(),
    unique (node_key, pod_uid, container, kind))`,
  `create table asset (
    key integer generated always as identity primary key,
    cluster_key integer not null references cluster (key),
    kind text not null check (kind in ('node', 'disk', 'load-balancer', 'cluster-fee', 'network')),
    uid text not null,
    provider_id text not null default '',
    node_key integer references node (key),
    valid_from bigint not null,
    valid_to bigint,
    resources jsonb not null default '{}',
    unique (cluster_key, kind, uid, valid_from))`,
  // Append-only. effective_from is the first second at this price; a later row takes over at its own.
  `create table price_activation (
    key integer generated always as identity primary key,
    asset_key integer not null references asset (key),
    node_key integer not null references node (key),
    effective_from bigint not null,
    picounits_per_hour numeric(38, 0),
    list_picounits_per_hour numeric(38, 0),
    currency text not null,
    conversion jsonb,
    weights jsonb not null,
    network_rates jsonb not null,
    source text not null,
    sku text not null default '',
    explanation jsonb not null,
    epoch bigint not null,
    created_at timestamptz not null default now(),
    unique (node_key, effective_from))`,
  `create table node_progress (
    node_key integer primary key references node (key),
    incarnation numeric(20, 0) not null,
    boot_id text not null,
    booted_at bigint not null,
    source text not null,
    first_second bigint not null,
    last_second bigint not null,
    heard_at timestamptz not null default now()) with (fillfactor = 50)`,
  // Seconds between a node's first and last that were never received. charged: written as unobserved cost.
  `create table node_gap (
    node_key integer not null references node (key),
    from_second bigint not null,
    to_second bigint not null,
    ran boolean not null,
    charged boolean not null default false,
    seen_at timestamptz not null default now(),
    primary key (node_key, from_second))`,
  `create index node_gap_due on node_gap (seen_at) where ran and not charged`,
  // What was ingested, by cluster and minute: what a rollup must add up to. changes > rolled: dirty.
  `create table ingest_minute (
    cluster_key integer not null references cluster (key),
    minute bigint not null,
    row_count bigint not null default 0,
    node_seconds bigint not null default 0,
    cost numeric(38, 0) not null default 0,
    changes bigint not null default 0,
    rolled bigint not null default 0,
    mismatches integer not null default 0,
    changed_at timestamptz not null default now(),
    primary key (cluster_key, minute)) with (fillfactor = 70)`,
  `create index ingest_minute_dirty on ingest_minute (minute) where changes > rolled`,
  // Hours and days: dirty when a period under them was rolled up (again).
  `create table rollup_period (
    cluster_key integer not null references cluster (key),
    level text not null check (level in ('hour', 'day')),
    start bigint not null,
    changes bigint not null default 0,
    rolled bigint not null default 0,
    mismatches integer not null default 0,
    primary key (cluster_key, level, start))`,
  `create index rollup_period_dirty on rollup_period (start) where changes > rolled`,
  `create table leader_lease (
    name text primary key,
    holder text not null,
    epoch bigint not null,
    expires_at timestamptz not null,
    address text not null)`,
  `create table certificate_authority (
    name text primary key,
    certificate_pem text not null,
    encrypted_key bytea not null,
    created_at timestamptz not null default now())`,
  `create table cluster_certificate (
    serial text primary key,
    cluster_key integer not null references cluster (key),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_at timestamptz not null default now())`,
  `create table login_token (
    token_hash bytea primary key,
    subject text not null,
    expires_at timestamptz not null,
    redeemed_at timestamptz)`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
