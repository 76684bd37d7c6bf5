import type { ColumnType, Generated } from 'kysely';

/** `bigint` column that holds seconds or counters below 2^53. */
type Second = number;
/** `numeric(38,0)`: digits when read, bigint or digits when written. */
type Picounits = ColumnType<string, string | bigint, string | bigint>;
type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
type Json<T> = ColumnType<T, string, string>;

/** Tables of the control plane; see the migrations for what each one means. */
export interface Database {
  cluster: {
    key: Generated<number>;
    id: string;
    name: string;
    cloud: Generated<string>;
    region: Generated<string>;
    labels: Json<Record<string, string>>;
    created_at: Timestamp;
    removed_at: Date | null;
  };
  node: {
    key: Generated<number>;
    cluster_key: number;
    uid: string;
    name: string;
    provider_id: Generated<string>;
    spec: Json<unknown>;
    gone_at: Second | null;
  };
  node_spec: { node_key: number; valid_from: Second; spec: Json<unknown> };
  namespace: { key: Generated<number>; cluster_key: number; name: string };
  identity: {
    key: Generated<number>;
    cluster_key: number;
    node_key: number;
    namespace_key: number | null;
    kind: string;
    pod_uid: string;
    pod: string;
    container: string;
    workload_kind: string;
    workload: string;
    labels: Json<Record<string, string>>;
    created_at: Timestamp;
  };
  asset: {
    key: Generated<number>;
    cluster_key: number;
    kind: string;
    uid: string;
    provider_id: Generated<string>;
    node_key: number | null;
    valid_from: Second;
    valid_to: Second | null;
    resources: Json<unknown>;
  };
  price_activation: {
    key: Generated<number>;
    asset_key: number;
    node_key: number;
    effective_from: Second;
    picounits_per_hour: Picounits | null;
    list_picounits_per_hour: Picounits | null;
    currency: string;
    conversion: Json<unknown> | null;
    weights: Json<unknown>;
    network_rates: Json<unknown>;
    source: string;
    sku: Generated<string>;
    explanation: Json<readonly string[]>;
    catalogue_version: number | null;
    source_version: Generated<string>;
    epoch: Second;
    created_at: Timestamp;
  };
  reprice_activation: {
    key: Generated<number>;
    reprice_key: number;
    node_key: number;
    effective_from: Second;
    effective_to: Second;
    picounits_per_hour: Picounits;
    list_picounits_per_hour: Picounits;
    currency: string;
    conversion: Json<unknown> | null;
    weights: Json<unknown>;
    network_rates: Json<unknown>;
    source: string;
    source_version: string;
    catalogue_version: number | null;
    sku: string;
    explanation: Json<readonly string[]>;
    epoch: Second;
    created_at: Timestamp;
  };
  reprice: {
    key: Generated<number>;
    cluster_keys: number[];
    node_keys: number[] | null;
    from_second: Second;
    to_second: Second;
    /** Plain decimal. */
    price_per_hour: string | null;
    dry_run: boolean;
    reason: string;
    requested_by: string;
    requested_at: Timestamp;
    status: Generated<'waiting' | 'running' | 'rolling-up' | 'done'>;
    detail: Generated<string>;
    started_at: Date | null;
    ended_at: Date | null;
    kept_nodes: Generated<number[]>;
    rows: Generated<Second>;
    minutes: Generated<number>;
    minutes_done: Generated<number>;
    done_minute: Generated<Second>;
    done_cluster: Generated<number>;
    batch: Json<unknown> | null;
  };
  reprice_sum: {
    reprice_key: number;
    kind: 'node' | 'namespace';
    cluster_key: number;
    key: number;
    rows: Second;
    before: Picounits;
    after: Picounits;
  };
  node_progress: {
    node_key: number;
    incarnation: Picounits;
    boot_id: string;
    booted_at: Second;
    source: string;
    first_second: Second;
    last_second: Second;
    heard_at: Timestamp;
  };
  node_gap: {
    node_key: number;
    from_second: Second;
    to_second: Second;
    ran: boolean;
    charged: Generated<boolean>;
    seen_at: Timestamp;
  };
  ingest_minute: {
    cluster_key: number;
    minute: Second;
    row_count: Second;
    node_seconds: Second;
    cost: Picounits;
    changes: Second;
    rolled: Second;
    mismatches: number;
    changed_at: Timestamp;
  };
  rollup_period: {
    cluster_key: number;
    level: 'hour' | 'day';
    start: Second;
    changes: Second;
    rolled: Second;
    mismatches: number;
  };
  leader_lease: { name: string; holder: string; epoch: Second; expires_at: Timestamp; address: string };
  certificate_authority: {
    name: string;
    certificate_pem: string;
    encrypted_key: Buffer;
    created_at: Timestamp;
  };
  cluster_certificate: {
    serial: string;
    cluster_key: number;
    expires_at: Timestamp;
    revoked_at: Date | null;
    created_at: Timestamp;
  };
  inventory_object: {
    cluster_key: number;
    uid: string;
    valid_from: Second;
    valid_to: Second | null;
    kind: 'node' | 'namespace' | 'owner' | 'volume' | 'service';
    namespace: string;
    name: string;
    reporter_role: string;
    reporter: string;
    record: Json<unknown>;
  };
  budget_policy: {
    uid: string;
    cluster_key: number;
    name: string;
    generation: Second;
    spec_json: string;
    armed_by: Generated<string>;
    gone_at: Date | null;
  };
  budget_spend: {
    policy_uid: string;
    cluster_key: number;
    period_starts_at: Second;
    hour: Second;
    question: string;
    cost: Picounits;
    idle: Picounits;
    stamp: Second;
  };
  budget_verdict: {
    policy_uid: string;
    cluster_key: number;
    epoch: Second;
    version: Second;
    judgement: Json<unknown>;
    message: Json<unknown>;
    changed_at: Timestamp;
  };
  budget_enforcement: {
    policy_uid: string;
    cluster_key: number;
    report: Json<unknown>;
    changed_at: Timestamp;
  };
  budget_action: {
    key: Generated<Second>;
    cluster_key: number;
    key_id: string;
    /** Digits. */
    sequence: string;
    at: string;
    policy_uid: string;
    record: Json<unknown>;
    hash: Buffer;
    fault: string | null;
    received_at: Timestamp;
  };
  budget_action_key: {
    cluster_key: number;
    key_id: string;
    /** SPKI. */
    public_key: Buffer;
    registered_by: string;
    registered_at: Timestamp;
  };
  inventory_revision: { cluster_key: number; revision: Second };
  login_token: { token_hash: Buffer; subject: string; expires_at: Timestamp; redeemed_at: Date | null };
}
