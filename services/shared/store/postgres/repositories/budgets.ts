import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

/** A policy as the cluster in which it is written reported it last. */
export interface BudgetPolicyRow {
  readonly uid: string;
  /** Cluster in which it is written. */
  readonly clusterKey: number;
  readonly name: string;
  readonly generation: number;
  readonly specJson: string;
  readonly armedBy: string;
}

/** A cluster with the labels of its registration. */
export interface LabelledCluster {
  readonly key: number;
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Spend of a policy in a cluster and an hour of its period, in picounits, as it was when it was counted. */
export interface BudgetSpendRow {
  readonly policyUid: string;
  readonly clusterKey: number;
  readonly periodStartsAt: number;
  readonly hour: number;
  readonly question: string;
  readonly cost: bigint;
  readonly idle: bigint;
  /** Which rows are in it; below 2^53. */
  readonly stamp: number;
}

/** What was judged last; `clusterKey` 0 stands for all clusters together. */
export interface BudgetVerdictRow {
  readonly policyUid: string;
  readonly clusterKey: number;
  readonly epoch: number;
  readonly version: number;
  readonly judgement: unknown;
  readonly message: unknown;
}

/** What a cluster reported of enforcement. */
export interface BudgetEnforcementRow {
  readonly policyUid: string;
  readonly clusterKey: number;
  readonly report: unknown;
}

/** Registered clusters with their labels; removed ones are left out. */
export async function listLabelledClusters(db: Kysely<Database>): Promise<readonly LabelledCluster[]> {
  return await db
    .selectFrom('cluster')
    .select(['key', 'id', 'name', 'labels'])
    .where('removed_at', 'is', null)
    .orderBy('key')
    .execute();
}

/** Policies that are there. */
export async function listBudgetPolicies(db: Kysely<Database>): Promise<readonly BudgetPolicyRow[]> {
  const rows = await db.selectFrom('budget_policy').selectAll().where('gone_at', 'is', null).execute();
  return rows.map((row) => ({
    uid: row.uid,
    clusterKey: row.cluster_key,
    name: row.name,
    generation: row.generation,
    specJson: row.spec_json,
    armedBy: row.armed_by,
  }));
}

/** Replaces the policies of a cluster; those that are not named are gone. */
export async function replaceBudgetPolicies(
  db: Kysely<Database>,
  clusterKey: number,
  policies: readonly Omit<BudgetPolicyRow, 'clusterKey'>[],
): Promise<void> {
  const payload = JSON.stringify(policies);
  await sql`insert into budget_policy as p (uid, cluster_key, name, generation, spec_json, armed_by)
    select r.uid, ${clusterKey}, r.name, r.generation, r."specJson", r."armedBy"
    from jsonb_to_recordset(${payload}::jsonb) as r(uid text, name text, generation bigint, "specJson" text, "armedBy" text)
    on conflict (uid) do update set cluster_key = excluded.cluster_key, name = excluded.name,
      generation = excluded.generation, spec_json = excluded.spec_json, armed_by = excluded.armed_by, gone_at = null`.execute(
    db,
  );
  await sql`update budget_policy set gone_at = now() where cluster_key = ${clusterKey} and gone_at is null
    and uid <> all(${policies.map(({ uid }) => uid)}::text[])`.execute(db);
}

/** Hours of one period start, of the policies and clusters named. */
export async function listBudgetSpend(
  db: Kysely<Database>,
  policyUids: readonly string[],
  periodStartsAt: number,
): Promise<readonly BudgetSpendRow[]> {
  const rows = await db
    .selectFrom('budget_spend')
    .selectAll()
    .where('period_starts_at', '=', periodStartsAt)
    .where(sql<boolean>`policy_uid = any(${policyUids}::text[])`)
    .orderBy('hour')
    .execute();
  return rows.map((row) => ({
    policyUid: row.policy_uid,
    clusterKey: row.cluster_key,
    periodStartsAt: row.period_starts_at,
    hour: row.hour,
    question: row.question,
    cost: BigInt(row.cost),
    idle: BigInt(row.idle),
    stamp: row.stamp,
  }));
}

/** Writes hours, replacing what stood there. */
export async function saveBudgetSpend(db: Kysely<Database>, rows: readonly BudgetSpendRow[]): Promise<void> {
  if (rows.length === 0) return;
  const payload = JSON.stringify(
    rows.map((row) => ({ ...row, cost: row.cost.toString(), idle: row.idle.toString() })),
  );
  await sql`insert into budget_spend (policy_uid, cluster_key, period_starts_at, hour, question, cost, idle, stamp)
    select r."policyUid", r."clusterKey", r."periodStartsAt", r.hour, r.question, r.cost, r.idle, r.stamp
    from jsonb_to_recordset(${payload}::jsonb) as r("policyUid" text, "clusterKey" int, "periodStartsAt" bigint, hour bigint,
      question text, cost numeric, idle numeric, stamp bigint)
    on conflict (policy_uid, cluster_key, period_starts_at, hour) do update set question = excluded.question,
      cost = excluded.cost, idle = excluded.idle, stamp = excluded.stamp`.execute(db);
}

/** Everything that was judged of policies that are there. */
export async function listBudgetVerdicts(db: Kysely<Database>): Promise<readonly BudgetVerdictRow[]> {
  const rows = await db.selectFrom('budget_verdict').selectAll().execute();
  return rows.map((row) => ({
    policyUid: row.policy_uid,
    clusterKey: row.cluster_key,
    epoch: row.epoch,
    version: row.version,
    judgement: row.judgement,
    message: row.message,
  }));
}

/** Writes verdicts; one that is older than what stands there is left out. */
export async function saveBudgetVerdicts(
  db: Kysely<Database>,
  rows: readonly BudgetVerdictRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`insert into budget_verdict as v (policy_uid, cluster_key, epoch, version, judgement, message)
    select r."policyUid", r."clusterKey", r.epoch, r.version, r.judgement, r.message
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r("policyUid" text, "clusterKey" int, epoch bigint, version bigint,
      judgement jsonb, message jsonb)
    on conflict (policy_uid, cluster_key) do update set epoch = excluded.epoch, version = excluded.version,
      judgement = excluded.judgement, message = excluded.message, changed_at = now()
      where (v.epoch, v.version) < (excluded.epoch, excluded.version)`.execute(db);
}

/** Forgets verdicts that are asked for no more. */
export async function removeBudgetVerdicts(
  db: Kysely<Database>,
  keys: readonly { readonly policyUid: string; readonly clusterKey: number }[],
): Promise<void> {
  if (keys.length === 0) return;
  await sql`delete from budget_verdict v using jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
    as r("policyUid" text, "clusterKey" int) where v.policy_uid = r."policyUid" and v.cluster_key = r."clusterKey"`.execute(
    db,
  );
}

/** What clusters reported of enforcement. */
export async function listBudgetEnforcement(db: Kysely<Database>): Promise<readonly BudgetEnforcementRow[]> {
  const rows = await db.selectFrom('budget_enforcement').selectAll().execute();
  return rows.map((row) => ({
    policyUid: row.policy_uid,
    clusterKey: row.cluster_key,
    report: row.report,
  }));
}

/** Replaces what a cluster reported of a policy. */
export async function saveBudgetEnforcement(
  db: Kysely<Database>,
  { policyUid, clusterKey, report }: BudgetEnforcementRow,
): Promise<void> {
  await sql`insert into budget_enforcement (policy_uid, cluster_key, report)
    values (${policyUid}, ${clusterKey}, ${JSON.stringify(report)}::jsonb)
    on conflict (policy_uid, cluster_key) do update set report = excluded.report, changed_at = now()`.execute(
    db,
  );
}

/** Labels of pods by the keys of their identities. */
export async function listIdentityLabels(
  db: Kysely<Database>,
  keys: readonly number[],
): Promise<readonly { readonly key: number; readonly labels: Readonly<Record<string, string>> }[]> {
  if (keys.length === 0) return [];
  return await db
    .selectFrom('identity')
    .select(['key', 'labels'])
    .where(sql<boolean>`key = any(${keys}::int[])`)
    .execute();
}

/** Keys of nodes' own identities, by the key of the node. */
export async function listNodeIdentities(db: Kysely<Database>): Promise<ReadonlyMap<number, number>> {
  const rows = await db
    .selectFrom('identity')
    .select(['key', 'node_key'])
    .where('kind', '=', 'node')
    .execute();
  return new Map(rows.map((row) => [row.node_key, row.key]));
}
