import { sql, type Kysely } from 'kysely';

/**
 * Corrections of the past: who had stored seconds priced again, why, how far it is, what it changed; and the prices that
 * hold for those seconds since. The key of a reprice is the generation of the rows that it writes.
 */
const STATEMENTS = [
  // node_keys: null for all. done_minute, done_cluster: the last minute that is written. batch: minutes in work, with what
  // they cost before; written ahead of their rows, so that a leader who takes over knows it.
  `create table reprice (
    key integer generated always as identity primary key,
    cluster_keys integer[] not null,
    node_keys integer[],
    from_second bigint not null,
    to_second bigint not null,
    price_per_hour text,
    dry_run boolean not null,
    reason text not null,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    status text not null default 'waiting' check (status in ('waiting', 'running', 'rolling-up', 'done')),
    detail text not null default '',
    started_at timestamptz,
    ended_at timestamptz,
    kept_nodes integer[] not null default '{}',
    rows bigint not null default 0,
    minutes integer not null default 0,
    minutes_done integer not null default 0,
    done_minute bigint not null default -1,
    done_cluster integer not null default 0,
    batch jsonb)`,
  `create index reprice_open on reprice (key) where status <> 'done'`,
  // What the window cost before and after, by node and by namespace; a namespace of 0 stands for the nodes' own rows.
  `create table reprice_sum (
    reprice_key integer not null references reprice (key),
    kind text not null check (kind in ('node', 'namespace')),
    cluster_key integer not null,
    key integer not null,
    rows bigint not null,
    before numeric(38, 0) not null,
    after numeric(38, 0) not null,
    primary key (reprice_key, kind, cluster_key, key)) with (fillfactor = 70)`,
  // As price_activation, whose numbers it shares: rows name a price by them. It holds from effective_from up to
  // effective_to, whatever is pinned for that time otherwise; the latest reprice counts.
  `create table reprice_activation (
    key integer primary key default nextval(pg_get_serial_sequence('price_activation', 'key')),
    reprice_key integer not null references reprice (key),
    node_key integer not null references node (key),
    effective_from bigint not null,
    effective_to bigint not null,
    picounits_per_hour numeric(38, 0) not null,
    list_picounits_per_hour numeric(38, 0) not null,
    currency text not null,
    conversion jsonb,
    weights jsonb not null,
    network_rates jsonb not null,
    source text not null,
    source_version text not null,
    catalogue_version integer,
    sku text not null,
    explanation jsonb not null,
    epoch bigint not null,
    created_at timestamptz not null default now(),
    unique (reprice_key, node_key, effective_from))`,
  `create index reprice_activation_node on reprice_activation (node_key)`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
