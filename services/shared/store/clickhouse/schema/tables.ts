/**
 * Tables of ClickHouse, rendered for one node or for a cluster of shards and replicas. Codecs and keys were
 * chosen by measurement; see docs/adr/0003-storage.md.
 */

/** Where and how the tables are made. */
export interface TableOptions {
  /** Database. @default kubehero */
  readonly database: string;
  /** Name of the ClickHouse cluster for `ON CLUSTER` and Replicated engines; undefined on a single node. */
  readonly cluster?: string | undefined;
  /** Days that raw seconds are kept, 1 to 3650. */
  readonly rawRetentionDays: number;
  /** Days that minutes are kept, 1 to 3650. */
  readonly minuteRetentionDays: number;
  /** @default - rows stay where they are written */
  readonly cold?: ColdStorage | undefined;
}

/** A volume on another kind of disk, for rows that are seldom read. */
export interface ColdStorage {
  /** Storage policy of the server with a volume `cold` behind the one that tables have by themselves. */
  readonly policy: string;
  /** Days after which rows move there. */
  readonly afterDays: number;
}

/** Granularities of the cost tables, finest first. */
export const LEVELS = ['second', 'minute', 'hour', 'day'] as const;
export type Level = (typeof LEVELS)[number];

/** Table of a granularity. */
export const TABLE_OF: Readonly<Record<Level, string>> = {
  second: 'pod_cost_1s',
  minute: 'pod_cost_1m',
  hour: 'pod_cost_1h',
  day: 'pod_cost_1d',
};

/** The same by namespace alone: what pages that show no pod read. Seconds come with their minute's rollup. */
export const NAMESPACE_TABLE_OF: Readonly<Record<Level, string>> = {
  second: 'namespace_cost_1s',
  minute: 'namespace_cost_1m',
  hour: 'namespace_cost_1h',
  day: 'namespace_cost_1d',
};

/** Seconds of one period of a granularity. */
export const SECONDS_OF: Readonly<Record<Level, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400 };

const KEY_COLUMNS = `
  cluster UInt32 CODEC(Delta, LZ4),
  ns UInt32 CODEC(Delta, LZ4),
  id UInt32 CODEC(Delta, LZ4),
  ts DateTime('UTC') CODEC(DoubleDelta, LZ4),
  state UInt8 CODEC(LZ4)`;

const COST_COLUMNS = ['cpu_cost', 'ram_cost', 'gpu_cost', 'network_cost'] as const;
const NETWORK_COLUMNS = [
  'net_unknown',
  'net_node',
  'net_zone',
  'net_cross_tx',
  'net_cross_rx',
  'net_internet_tx',
  'net_internet_rx',
] as const;

/** Measures that a rollup sums, with the raw column that each one sums. */
export const MEASURES: readonly (readonly [rolled: string, raw: string])[] = [
  ['seconds', 'toUInt32(1)'],
  ...COST_COLUMNS.map((name) => [name, name] as const),
  ['cpu_us', 'cpu_us'],
  ['ram_byte_seconds', 'ram_bytes'],
  ['cpu_request_seconds', 'cpu_request'],
  ['ram_request_seconds', 'ram_request'],
  ['gpu_request_seconds', 'gpu_request'],
  ...NETWORK_COLUMNS.map((name) => [name, name] as const),
];

/** One IEEE product, then integers: half picounits to picounits, rounded half up, and the rest. */
function exactCost(weight: string, resource: 'cpu' | 'ram'): string {
  return `bitShiftRight(toInt64(toFloat64(${weight}) * ${resource}_rate) + 1, 1) + ${resource}_rest`;
}

/**
 * Costs of a row of a pod follow its usage: max(request, usage) at the node's rate, and a rest of a picounit or so.
 * Stored so they take next to no room; `encodePodCosts` does the same arithmetic when it works the rests out.
 */
const RAW_MEASURES = `
  cpu_rate Float64 CODEC(LZ4),
  ram_rate Float64 CODEC(LZ4),
  cpu_rest Int64 CODEC(ZSTD(1)),
  ram_rest Int64 CODEC(ZSTD(1)),
  cpu_cost Int64 ALIAS ${exactCost('greatest(cpu_us, cpu_request * 1000)', 'cpu')},
  ram_cost Int64 ALIAS ${exactCost('greatest(ram_bytes, ram_request)', 'ram')},
  gpu_cost Int64 CODEC(ZSTD(1)),
  network_cost Int64 CODEC(ZSTD(1)),
  cpu_us UInt32 CODEC(T64, ZSTD(1)),
  ram_bytes UInt64 CODEC(ZSTD(1)),
  cpu_request UInt32 CODEC(DoubleDelta, LZ4),
  ram_request UInt64 CODEC(DoubleDelta, LZ4),
  gpu_request UInt16 CODEC(ZSTD(1)),
  ${NETWORK_COLUMNS.map((name) => `${name} UInt64 CODEC(ZSTD(1))`).join(',\n  ')}`;

const ROLLED_MEASURES = `
  seconds UInt32 CODEC(ZSTD(1)),
  ${MEASURES.slice(1)
    .map(([name]) => `${name} ${name.endsWith('cost') ? 'Int64' : 'UInt64'} CODEC(ZSTD(1))`)
    .join(',\n  ')}`;

/** As the rolled measures, but sums over a namespace of any size. */
const NAMESPACE_MEASURES = `
  seconds UInt64 CODEC(ZSTD(1)),
  ${MEASURES.slice(1)
    .map(([name]) => `${name} ${name.endsWith('cost') ? 'Int128' : 'UInt128'} CODEC(ZSTD(1))`)
    .join(',\n  ')}`;

/** Statements that make what is missing, in order; each can be repeated. */
export function renderTables(options: TableOptions): string[] {
  const { database } = options;
  return [
    `CREATE DATABASE IF NOT EXISTS ${database}${onCluster(options)}`,
    rawTable(options),
    rollupTable(options, 'minute', 'toStartOfHour(ts)', 'toYYYYMMDD(ts)'),
    rollupTable(options, 'hour', 'toStartOfDay(ts)', 'toYYYYMM(ts)'),
    rollupTable(options, 'day', undefined, 'toYYYYMM(ts)'),
    namespaceTable(options, 'second', 'toYYYYMMDD(ts)'),
    namespaceTable(options, 'minute', 'toYYYYMMDD(ts)'),
    namespaceTable(options, 'hour', 'toYYYYMM(ts)'),
    namespaceTable(options, 'day', 'toYYYYMM(ts)'),
    identityTable(options),
    ...(options.cluster === undefined ? [] : ALL_TABLES.map((table) => distributedTable(options, table))),
    ...(options.cold === undefined ? [] : ALL_TABLES.map((table) => storagePolicy(options, table))),
    ...ALL_TABLES.flatMap((table) => lifetime(options, table)),
  ];
}

const ALL_TABLES = [...Object.values(TABLE_OF), ...Object.values(NAMESPACE_TABLE_OF)];

function storagePolicy(options: TableOptions, table: string): string {
  return `${alter(options, table)} MODIFY SETTING storage_policy = '${options.cold?.policy ?? 'default'}'`;
}

/** When rows move to the cold volume and when they go; hours and days stay for ever. */
function lifetime(options: TableOptions, table: string): string[] {
  const { cold } = options;
  const days = retentionOf(options, table);
  const rules = [
    ...(cold === undefined || cold.afterDays >= days
      ? []
      : [`ts + INTERVAL ${cold.afterDays} DAY TO VOLUME 'cold'`]),
    ...(days === Infinity ? [] : [`ts + INTERVAL ${days} DAY`]),
  ];
  return rules.length === 0 ? [] : [`${alter(options, table)} MODIFY TTL ${rules.join(', ')}`];
}

function retentionOf(options: TableOptions, table: string): number {
  const seconds: string[] = [TABLE_OF.second, NAMESPACE_TABLE_OF.second];
  if (seconds.includes(table)) return options.rawRetentionDays;
  const minutes: string[] = [TABLE_OF.minute, NAMESPACE_TABLE_OF.minute];
  return minutes.includes(table) ? options.minuteRetentionDays : Infinity;
}

function alter(options: TableOptions, table: string): string {
  return `ALTER TABLE ${options.database}.${localName(options, table)}${onCluster(options)}`;
}

/** Tables that hold rows, with their database: what a backup of one shard takes. */
export function storedTables(options: Pick<TableOptions, 'database' | 'cluster'>): string[] {
  return [...ALL_TABLES.map((table) => localName(options, table)), 'identity'].map(
    (table) => `${options.database}.${table}`,
  );
}

/** On a cluster the plain name is the Distributed table and the rows lie in the local one. */
function localName(options: Pick<TableOptions, 'cluster'>, table: string): string {
  return options.cluster === undefined ? table : `${table}_local`;
}

function onCluster(options: TableOptions): string {
  return options.cluster === undefined ? '' : ` ON CLUSTER '${options.cluster}'`;
}

function engine(options: TableOptions): string {
  return options.cluster === undefined
    ? 'ReplacingMergeTree(v)'
    : "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', v)";
}

/**
 * One row per identity and second. The minute in the key lets a rollup read only its own minute, the namespace
 * after it makes pages of one namespace fast; hourly partitions make expiry a dropped partition.
 */
function rawTable(options: TableOptions): string {
  return `CREATE TABLE IF NOT EXISTS ${options.database}.${localName(options, TABLE_OF.second)}${onCluster(options)} (${KEY_COLUMNS},
  bucket DateTime('UTC') MATERIALIZED toStartOfMinute(ts) CODEC(DoubleDelta, LZ4),
  activation UInt32 CODEC(DoubleDelta, LZ4),
  v UInt32 CODEC(LZ4),${RAW_MEASURES}
) ENGINE = ${engine(options)} PARTITION BY toStartOfHour(ts) ORDER BY (cluster, bucket, ns, id, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1`;
}

/** State is part of the key: a node's minute may hold observed and unobserved seconds. */
function rollupTable(
  options: TableOptions,
  level: Level,
  bucket: string | undefined,
  partition: string,
): string {
  const bucketColumn =
    bucket === undefined ? '' : `\n  bucket DateTime('UTC') MATERIALIZED ${bucket} CODEC(DoubleDelta, LZ4),`;
  const key = bucket === undefined ? 'cluster, ns, id, ts, state' : 'cluster, bucket, ns, id, ts, state';
  return `CREATE TABLE IF NOT EXISTS ${options.database}.${localName(options, TABLE_OF[level])}${onCluster(options)} (${KEY_COLUMNS},${bucketColumn}
  v UInt64 CODEC(LZ4),${ROLLED_MEASURES}
) ENGINE = ${engine(options)} PARTITION BY ${partition} ORDER BY (${key})
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1`;
}

/** Time comes first in the key after the cluster: there are few namespaces, and windows are what is asked for. */
function namespaceTable(options: TableOptions, level: Level, partition: string): string {
  return `CREATE TABLE IF NOT EXISTS ${options.database}.${localName(options, NAMESPACE_TABLE_OF[level])}${onCluster(options)} (
  cluster UInt32 CODEC(Delta, LZ4),
  ns UInt32 CODEC(Delta, LZ4),
  ts DateTime('UTC') CODEC(DoubleDelta, LZ4),
  state UInt8 CODEC(LZ4),
  v UInt64 CODEC(LZ4),${NAMESPACE_MEASURES}
) ENGINE = ${engine(options)} PARTITION BY ${partition} ORDER BY (cluster, ts, ns, state)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1`;
}

/** Copy of PostgreSQL's identities for joins; PostgreSQL assigns the keys. On a cluster every shard holds all. */
function identityTable(options: TableOptions): string {
  const replicated =
    options.cluster === undefined
      ? 'ReplacingMergeTree'
      : "ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}')";
  return `CREATE TABLE IF NOT EXISTS ${options.database}.identity${onCluster(options)} (
  key UInt32, cluster UInt32, node UInt32, ns UInt32, kind LowCardinality(String), pod_uid String, pod String,
  container String, workload_kind LowCardinality(String), workload String, labels Map(LowCardinality(String), String)
) ENGINE = ${replicated} ORDER BY key SETTINGS fsync_after_insert = 1`;
}

function distributedTable(options: TableOptions, table: string): string {
  const { database } = options;
  const cluster = options.cluster ?? '';
  return `CREATE TABLE IF NOT EXISTS ${database}.${table}${onCluster(options)} AS ${database}.${localName(options, table)}
ENGINE = Distributed('${cluster}', '${database}', '${localName(options, table)}')`;
}
