import { sql, type Kysely, type Selectable } from 'kysely';
import type { Database } from '../schema.js';

/** What is to be priced again, and why. */
export interface RepriceRequest {
  readonly clusterKeys: readonly number[];
  /** Undefined: all nodes. */
  readonly nodeKeys: readonly number[] | undefined;
  readonly from: number;
  readonly to: number;
  /** Plain decimal; undefined: as the catalogue says. */
  readonly pricePerHour: string | undefined;
  readonly dryRun: boolean;
  readonly reason: string;
  readonly requestedBy: string;
}

/** A minute of a cluster. */
export interface ClusterMinute {
  readonly clusterKey: number;
  /** Epoch second of its start. */
  readonly minute: number;
}

/** What some rows cost before or after, of a node or of a namespace (0: the nodes' own rows). Picounits. */
export interface RepriceSum {
  readonly kind: 'node' | 'namespace';
  readonly clusterKey: number;
  readonly key: number;
  readonly rows: number;
  readonly cost: bigint;
}

/** Minutes in work, with what they cost before. */
export interface RepriceBatch {
  readonly minutes: readonly ClusterMinute[];
  /** Nodes that are read at once, where a minute is too large to be read whole. */
  readonly nodeGroups: readonly (readonly number[])[] | undefined;
  readonly before: readonly RepriceSum[];
  /** How many reads, minute by minute and group by group, are in `before`. */
  readonly reads: number;
}

/** A correction of the past and how far it is. */
export interface RepriceRow extends RepriceRequest {
  /** Also the generation of the rows that it writes. */
  readonly key: number;
  readonly requestedAt: Date;
  readonly status: 'waiting' | 'running' | 'rolling-up' | 'done';
  /** What it waits for; empty where it gets on. */
  readonly detail: string;
  readonly endedAt: Date | undefined;
  /** Nodes that have no price now, and therefore keep the one that they had for all or a part of the window. */
  readonly keptNodes: readonly number[];
  /** Rows that were priced again. */
  readonly rows: number;
  readonly minutes: number;
  readonly minutesDone: number;
  /** The last minute that is written. */
  readonly done: ClusterMinute;
  readonly batch: RepriceBatch | undefined;
}

/** What a window cost before and after. */
export interface RepriceTotal extends Omit<RepriceSum, 'cost'> {
  readonly before: bigint;
  readonly after: bigint;
}

/** A minute of the ledger of ingest. */
export interface LedgerMinute extends ClusterMinute {
  readonly rows: number;
}

/** Asks for a reprice; durable when it resolves, carried out by the leader. */
export async function addReprice(db: Kysely<Database>, request: RepriceRequest): Promise<number> {
  const { key } = await db
    .insertInto('reprice')
    .values({
      cluster_keys: [...request.clusterKeys],
      node_keys: request.nodeKeys === undefined ? null : [...request.nodeKeys],
      from_second: request.from,
      to_second: request.to,
      price_per_hour: request.pricePerHour ?? null,
      dry_run: request.dryRun,
      reason: request.reason,
      requested_by: request.requestedBy,
    })
    .returning('key')
    .executeTakeFirstOrThrow();
  return key;
}

/** A reprice, undefined where there is none of that key. */
export async function tryFindReprice(db: Kysely<Database>, key: number): Promise<RepriceRow | undefined> {
  const row = await db.selectFrom('reprice').selectAll().where('key', '=', key).executeTakeFirst();
  return row === undefined ? undefined : toReprice(row);
}

/** The newest reprices. */
export async function listReprices(db: Kysely<Database>, limit: number): Promise<readonly RepriceRow[]> {
  const rows = await db.selectFrom('reprice').selectAll().orderBy('key', 'desc').limit(limit).execute();
  return rows.map(toReprice);
}

/** The oldest reprice that is not done: one is carried out at a time. */
export async function tryFindOpenReprice(db: Kysely<Database>): Promise<RepriceRow | undefined> {
  const row = await db
    .selectFrom('reprice')
    .selectAll()
    .where('status', '<>', 'done')
    .orderBy('key')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : toReprice(row);
}

/** What a reprice changed so far, by node and namespace. */
export async function listRepriceSums(db: Kysely<Database>, key: number): Promise<readonly RepriceTotal[]> {
  const rows = await db
    .selectFrom('reprice_sum')
    .selectAll()
    .where('reprice_key', '=', key)
    .orderBy('kind')
    .orderBy('cluster_key')
    .orderBy('key')
    .execute();
  return rows.map((row) => ({
    kind: row.kind,
    clusterKey: row.cluster_key,
    key: row.key,
    rows: row.rows,
    before: BigInt(row.before),
    after: BigInt(row.after),
  }));
}

/** Notes that a reprice has its prices and begins; from its start where it is a dry run. */
export async function beginReprice(
  db: Kysely<Database>,
  key: number,
  keptNodes: readonly number[],
): Promise<void> {
  await sql`delete from reprice_sum where reprice_key = ${key}`.execute(db);
  await sql`update reprice r set status = 'running', detail = '', started_at = coalesce(started_at, now()),
      kept_nodes = ${keptNodes}::int[], rows = 0, minutes_done = 0, done_minute = -1, done_cluster = 0, batch = null,
      minutes = (select count(*) from ingest_minute m where m.cluster_key = any(r.cluster_keys)
        and m.minute > r.from_second - 60 and m.minute < r.to_second)
    where key = ${key}`.execute(db);
}

/** Minutes of the window that come next, in order. */
export async function listRepriceMinutes(
  db: Kysely<Database>,
  { clusterKeys, from, to, done }: RepriceRow,
  limit: number,
): Promise<readonly LedgerMinute[]> {
  const { rows } = await sql<{ cluster_key: number; minute: number; row_count: number }>`
    select cluster_key, minute, row_count from ingest_minute
    where cluster_key = any(${clusterKeys}::int[]) and minute > ${from - 60} and minute < ${to}
      and (minute, cluster_key) > (${done.minute}::bigint, ${done.clusterKey}::int)
    order by minute, cluster_key limit ${limit}`.execute(db);
  return rows.map((row) => ({ clusterKey: row.cluster_key, minute: row.minute, rows: row.row_count }));
}

/** The ledger of minutes as it is now. */
export async function listLedger(
  db: Kysely<Database>,
  minutes: readonly ClusterMinute[],
): Promise<readonly LedgerMinute[]> {
  const { rows } = await sql<{ cluster_key: number; minute: number; row_count: number }>`
    select m.cluster_key, m.minute, m.row_count from ingest_minute m
    join jsonb_to_recordset(${JSON.stringify(minutes)}::jsonb) as r("clusterKey" int, minute bigint)
      on m.cluster_key = r."clusterKey" and m.minute = r.minute`.execute(db);
  return rows.map((row) => ({ clusterKey: row.cluster_key, minute: row.minute, rows: row.row_count }));
}

/** Notes minutes that are about to be written, with what they cost before. */
export async function saveRepriceBatch(
  db: Kysely<Database>,
  key: number,
  batch: RepriceBatch,
): Promise<void> {
  const before = batch.before.map((sum) => ({ ...sum, cost: sum.cost.toString() }));
  await sql`update reprice set detail = '', batch = ${JSON.stringify({ ...batch, before })}::jsonb
    where key = ${key}`.execute(db);
}

/** Adds what a batch changed, and goes on behind it. */
export async function finishRepriceBatch(
  db: Kysely<Database>,
  key: number,
  finished: Pick<RepriceBatch, 'minutes' | 'before'> & {
    readonly after: readonly RepriceSum[];
    readonly rows: number;
  },
): Promise<void> {
  const { minutes, before, after, rows } = finished;
  const last = minutes.at(-1);
  if (last === undefined) return;
  const sums = [
    ...before.map(({ cost, ...sum }) => ({ ...sum, rows: 0, before: cost.toString(), after: '0' })),
    ...after.map(({ cost, ...sum }) => ({ ...sum, before: '0', after: cost.toString() })),
  ];
  await sql`
    insert into reprice_sum as s (reprice_key, kind, cluster_key, key, rows, before, after)
    select ${key}, r.kind, r."clusterKey", r.key, sum(r.rows), sum(r.before), sum(r.after)
    from jsonb_to_recordset(${JSON.stringify(sums)}::jsonb) as r(kind text, "clusterKey" int, key int, rows bigint,
      before numeric, after numeric)
    group by r.kind, r."clusterKey", r.key
    on conflict (reprice_key, kind, cluster_key, key) do update set rows = s.rows + excluded.rows,
      before = s.before + excluded.before, after = s.after + excluded.after`.execute(db);
  await sql`update reprice set batch = null, detail = '', rows = rows + ${rows}, minutes_done = minutes_done + ${minutes.length},
      done_minute = ${last.minute}, done_cluster = ${last.clusterKey}
    where key = ${key}`.execute(db);
}

/** Says what a reprice waits for. */
export async function setRepriceStatus(
  db: Kysely<Database>,
  key: number,
  { status, detail }: Pick<RepriceRow, 'status' | 'detail'>,
): Promise<void> {
  await sql`update reprice set status = ${status}, detail = ${detail},
      ended_at = case when ${status} = 'done' then now() else null end
    where key = ${key} and (status, detail) is distinct from (${status}, ${detail})`.execute(db);
}

/** Replaces the ledger of minutes by what they hold now, and has them rolled up again. */
export async function replaceLedger(
  db: Kysely<Database>,
  minutes: readonly (ClusterMinute & {
    readonly rows: number;
    readonly nodeSeconds: number;
    readonly cost: bigint;
  })[],
): Promise<void> {
  const payload = JSON.stringify(minutes.map((entry) => ({ ...entry, cost: entry.cost.toString() })));
  await sql`
    update ingest_minute m set row_count = r.rows, node_seconds = r."nodeSeconds", cost = r.cost,
      changes = m.changes + 1, changed_at = now()
    from jsonb_to_recordset(${payload}::jsonb) as r("clusterKey" int, minute bigint, rows bigint, "nodeSeconds" bigint, cost numeric)
    where m.cluster_key = r."clusterKey" and m.minute = r.minute`.execute(db);
}

/**
 * What of a window waits to be rolled up: closed minutes, with their rows, and closed hours and days.
 *
 * @param closedS - periods that end by then are closed
 */
export async function countDirty(
  db: Kysely<Database>,
  { clusterKeys, from, to }: Pick<RepriceRow, 'clusterKeys' | 'from' | 'to'>,
  closedS: number,
): Promise<{ readonly minutes: number; readonly rows: number; readonly periods: number }> {
  const { rows } = await sql<{ minutes: number; rows: number; periods: number }>`
    select m.minutes, m.rows, p.periods from
      (select count(*)::int as minutes, coalesce(sum(row_count), 0)::bigint as rows from ingest_minute
        where changes > rolled and cluster_key = any(${clusterKeys}::int[]) and minute > ${from - 60} and minute < ${to}) m,
      (select count(*)::int as periods from rollup_period where changes > rolled and cluster_key = any(${clusterKeys}::int[])
        and start > ${from}::bigint - case level when 'hour' then 3600 else 86400 end and start < ${to}
        and start + case level when 'hour' then 3600 else 86400 end <= ${closedS}::bigint) p`.execute(db);
  return rows[0] ?? { minutes: 0, rows: 0, periods: 0 };
}

/** What nodes were, by node and time: specs as their collectors told them. */
export async function listNodeSpecs(
  db: Kysely<Database>,
  nodeKeys: readonly number[],
): Promise<readonly { readonly nodeKey: number; readonly validFrom: number; readonly spec: unknown }[]> {
  const rows = await db
    .selectFrom('node_spec')
    .selectAll()
    .where(sql<boolean>`node_key = any(${nodeKeys}::int[])`)
    .orderBy('node_key')
    .orderBy('valid_from')
    .execute();
  return rows.map((row) => ({ nodeKey: row.node_key, validFrom: row.valid_from, spec: row.spec }));
}

/** Whose some rows are, and their order among those of a node. */
export async function listIdentityOrder(
  db: Kysely<Database>,
  keys: readonly number[],
): Promise<
  readonly {
    readonly key: number;
    readonly nodeKey: number;
    readonly kind: string;
    readonly podUid: string;
    readonly container: string;
  }[]
> {
  const rows = await db
    .selectFrom('identity')
    .select(['key', 'node_key', 'kind', 'pod_uid', 'container'])
    .where(sql<boolean>`key = any(${keys}::int[])`)
    .execute();
  return rows.map((row) => ({
    key: row.key,
    nodeKey: row.node_key,
    kind: row.kind,
    podUid: row.pod_uid,
    container: row.container,
  }));
}

function toReprice(row: Selectable<Database['reprice']>): RepriceRow {
  return {
    key: row.key,
    clusterKeys: row.cluster_keys,
    nodeKeys: row.node_keys ?? undefined,
    from: row.from_second,
    to: row.to_second,
    pricePerHour: row.price_per_hour ?? undefined,
    dryRun: row.dry_run,
    reason: row.reason,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    status: row.status,
    detail: row.detail,
    endedAt: row.ended_at ?? undefined,
    keptNodes: row.kept_nodes,
    rows: row.rows,
    minutes: row.minutes,
    minutesDone: row.minutes_done,
    done: { minute: row.done_minute, clusterKey: row.done_cluster },
    batch: row.batch === null ? undefined : toBatch(row.batch),
  };
}

function toBatch(stored: unknown): RepriceBatch {
  const { before, ...batch } = stored as Omit<RepriceBatch, 'before'> & {
    before: readonly (Omit<RepriceSum, 'cost'> & { readonly cost: string })[];
  };
  return { ...batch, before: before.map((sum) => ({ ...sum, cost: BigInt(sum.cost) })) };
}
