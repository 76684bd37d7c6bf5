import { sql, type Kysely, type Selectable } from 'kysely';
import type { Database } from '../schema.js';

/** A registered cluster. */
export interface ClusterRow {
  readonly key: number;
  readonly id: string;
  readonly name: string;
  readonly cloud: string;
  readonly region: string;
}

/** A node with the key that cost rows refer to. */
export interface NodeRow {
  readonly key: number;
  readonly clusterKey: number;
  readonly uid: string;
  readonly name: string;
  /** It said farewell and did not come back. */
  readonly gone: boolean;
}

/** Whose cost a row is; immutable but for the labels. */
export interface IdentityRecord {
  readonly kind: 'node' | 'container' | 'pod-overhead' | 'host';
  readonly namespaceKey: number | null;
  readonly podUid: string;
  readonly pod: string;
  readonly container: string;
  readonly workloadKind: string;
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An identity with its key. */
export interface IdentityRow extends IdentityRecord {
  readonly key: number;
  readonly clusterKey: number;
  readonly nodeKey: number;
}

/** Registers a cluster, or returns the registered one with this id. */
export async function addCluster(
  db: Kysely<Database>,
  cluster: Omit<ClusterRow, 'key'> & { readonly labels?: Readonly<Record<string, string>> },
): Promise<ClusterRow> {
  await db
    .insertInto('cluster')
    .values({
      id: cluster.id,
      name: cluster.name,
      cloud: cluster.cloud,
      region: cluster.region,
      labels: JSON.stringify(cluster.labels ?? {}),
      removed_at: null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return await db
    .selectFrom('cluster')
    .select(['key', 'id', 'name', 'cloud', 'region'])
    .where('id', '=', cluster.id)
    .executeTakeFirstOrThrow();
}

/** Adds labels to a cluster's registration; those of the same keys are replaced. */
export async function labelCluster(
  db: Kysely<Database>,
  id: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await sql`update cluster set labels = labels || ${JSON.stringify(labels)}::jsonb where id = ${id}`.execute(
    db,
  );
}

/** All clusters, removed ones included: cost of the past keeps its names. */
export async function listClusters(
  db: Kysely<Database>,
): Promise<readonly (ClusterRow & { removed: boolean })[]> {
  const rows = await db
    .selectFrom('cluster')
    .select(['key', 'id', 'name', 'cloud', 'region', 'removed_at'])
    .orderBy('key')
    .execute();
  return rows.map(({ removed_at: removedAt, ...cluster }) => ({ ...cluster, removed: removedAt !== null }));
}

/** The newest registration under a name that was not removed. */
export async function tryFindClusterByName(
  db: Kysely<Database>,
  name: string,
): Promise<ClusterRow | undefined> {
  return await db
    .selectFrom('cluster')
    .select(['key', 'id', 'name', 'cloud', 'region'])
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
}

/** All nodes. */
export async function listNodes(db: Kysely<Database>): Promise<readonly NodeRow[]> {
  const rows = await db.selectFrom('node').select(['key', 'cluster_key', 'uid', 'name', 'gone_at']).execute();
  return rows.map((row) => ({
    key: row.key,
    clusterKey: row.cluster_key,
    uid: row.uid,
    name: row.name,
    gone: row.gone_at !== null,
  }));
}

/**
 * Registers a node or refreshes its name and spec; its key never changes.
 *
 * @param node - `spec` is JSON text; `validFrom` the second from which the spec holds
 */
export async function upsertNode(
  db: Kysely<Database>,
  node: {
    clusterKey: number;
    uid: string;
    name: string;
    providerId: string;
    spec: unknown;
    validFrom: number;
  },
): Promise<NodeRow> {
  const { spec } = node;
  const { rows } = await sql<{ key: number }>`
    insert into node (cluster_key, uid, name, provider_id, spec)
    values (${node.clusterKey}, ${node.uid}, ${node.name}, ${node.providerId}, ${spec})
    on conflict (cluster_key, uid) do update
      set name = excluded.name, provider_id = excluded.provider_id, spec = excluded.spec, gone_at = null
    returning key`.execute(db);
  const key = rows[0]?.key ?? 0;
  await sql`insert into node_spec (node_key, valid_from, spec) values (${key}, ${node.validFrom}, ${spec})
    on conflict (node_key, valid_from) do nothing`.execute(db);
  return { key, clusterKey: node.clusterKey, uid: node.uid, name: node.name, gone: false };
}

/** Notes that nodes run no more. */
export async function markNodesGone(db: Kysely<Database>, keys: readonly number[]): Promise<void> {
  await sql`update node set gone_at = extract(epoch from now())::bigint where key = any(${keys}::int[])`.execute(
    db,
  );
}

/** Keys of namespaces by name, made where they are missing; in one order, so that two writers cannot wait for each other. */
export async function upsertNamespaces(
  db: Kysely<Database>,
  clusterKey: number,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  await sql`insert into namespace (cluster_key, name) select ${clusterKey}, n from unnest(${names}::text[]) n order by n
    on conflict (cluster_key, name) do nothing`.execute(db);
  const rows = await db
    .selectFrom('namespace')
    .select(['key', 'name'])
    .where('cluster_key', '=', clusterKey)
    .where('name', 'in', names.length === 0 ? [''] : [...names])
    .execute();
  return new Map(rows.map((row) => [row.name, row.key]));
}

/** All namespaces of all clusters. */
export async function listNamespaces(
  db: Kysely<Database>,
): Promise<readonly { key: number; clusterKey: number; name: string }[]> {
  const rows = await db.selectFrom('namespace').select(['key', 'cluster_key', 'name']).execute();
  return rows.map((row) => ({ key: row.key, clusterKey: row.cluster_key, name: row.name }));
}

/**
 * Keys of identities, made where they are missing; one round trip for any number.
 *
 * @returns the rows in the order of `records`
 */
export async function upsertIdentities(
  db: Kysely<Database>,
  node: Pick<NodeRow, 'key' | 'clusterKey'>,
  records: readonly IdentityRecord[],
): Promise<readonly IdentityRow[]> {
  if (records.length === 0) return [];
  const payload = JSON.stringify(records);
  await sql`
    insert into identity (cluster_key, node_key, namespace_key, kind, pod_uid, pod, container, workload_kind, workload, labels)
    select ${node.clusterKey}, ${node.key}, r."namespaceKey", r.kind, r."podUid", r.pod, r.container, r."workloadKind", r.workload, r.labels
    from jsonb_to_recordset(${payload}::jsonb) as r("namespaceKey" int, kind text, "podUid" text, pod text, container text,
      "workloadKind" text, workload text, labels jsonb)
    on conflict (node_key, pod_uid, container, kind) do nothing`.execute(db);
  const { rows } = await sql<{ key: number; at: number }>`
    select i.key, r.at::int as at
    from rows from (jsonb_to_recordset(${payload}::jsonb) as ("podUid" text, container text, kind text))
      with ordinality as r("podUid", container, kind, at)
    join identity i on i.node_key = ${node.key} and i.pod_uid = r."podUid" and i.container = r.container and i.kind = r.kind
    order by r.at`.execute(db);
  return rows.map(({ key, at }) => {
    const record = records[at - 1];
    if (record === undefined)
      throw new RangeError(`postgresql answered for record ${at} of ${records.length}`);
    return { ...record, key, clusterKey: node.clusterKey, nodeKey: node.key };
  });
}

/** Identities with keys above a bound in rising order, for copying them to ClickHouse. */
export async function listIdentities(
  db: Kysely<Database>,
  aboveKey: number,
  limit: number,
): Promise<readonly IdentityRow[]> {
  const rows = await db
    .selectFrom('identity')
    .selectAll()
    .where('key', '>', aboveKey)
    .orderBy('key')
    .limit(limit)
    .execute();
  return rows.map(toIdentityRow);
}

/** Identities by their keys, in no order; unknown keys are left out. */
export async function findIdentities(
  db: Kysely<Database>,
  keys: readonly number[],
): Promise<readonly IdentityRow[]> {
  const rows = await db
    .selectFrom('identity')
    .selectAll()
    .where(sql<boolean>`key = any(${keys}::int[])`)
    .execute();
  return rows.map(toIdentityRow);
}

function toIdentityRow(row: Selectable<Database['identity']>): IdentityRow {
  return {
    key: row.key,
    clusterKey: row.cluster_key,
    nodeKey: row.node_key,
    namespaceKey: row.namespace_key,
    kind: row.kind as IdentityRecord['kind'],
    podUid: row.pod_uid,
    pod: row.pod,
    container: row.container,
    workloadKind: row.workload_kind,
    workload: row.workload,
    labels: row.labels,
  };
}
