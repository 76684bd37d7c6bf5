import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

/** An action of a cluster's chain. */
export interface BudgetActionRow {
  readonly clusterKey: number;
  readonly keyId: string;
  readonly sequence: string;
  readonly at: string;
  readonly policyUid: string;
  readonly record: unknown;
  readonly hash: Uint8Array;
  /** Why the record or its chain does not verify, null where it does. */
  readonly fault: string | null;
}

/** Which chain of actions is meant. */
export interface ActionChainName {
  readonly clusterKey: number;
  readonly keyId: string;
}

/** Faults of records that are what the chain's key signed, though they do not follow the one before. */
const SIGNED_FAULTS = ['GAP', 'WRONG_PREVIOUS', 'FORK'];

/**
 * Pins the key of a chain to a cluster; one that is there stays as it is.
 *
 * @returns how many keys the cluster had before, or undefined where it had this one
 */
export async function addBudgetActionKey(
  db: Kysely<Database>,
  key: ActionChainName & { readonly publicKey: Uint8Array; readonly registeredBy: string },
): Promise<number | undefined> {
  const { clusterKey, keyId } = key;
  const { rows } = await sql<{ before: number }>`
    insert into budget_action_key (cluster_key, key_id, public_key, registered_by)
    values (${clusterKey}, ${keyId}, ${Buffer.from(key.publicKey)}, ${key.registeredBy})
    on conflict (cluster_key, key_id) do nothing
    returning (select count(*)::int from budget_action_key where cluster_key = ${clusterKey}) as before`.execute(
    db,
  );
  return rows[0]?.before;
}

/** SPKI of a chain's key, undefined where the cluster never registered it. */
export async function tryFindBudgetActionKey(
  db: Kysely<Database>,
  { clusterKey, keyId }: ActionChainName,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('budget_action_key')
    .select('public_key')
    .where('cluster_key', '=', clusterKey)
    .where('key_id', '=', keyId)
    .executeTakeFirst();
  return row?.public_key;
}

/** Hash of the signed record with a number of a chain, undefined where none is stored; the first one where it forks. */
export async function tryFindBudgetActionHash(
  db: Kysely<Database>,
  { clusterKey, keyId }: ActionChainName,
  sequence: bigint,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('budget_action')
    .select('hash')
    .where('cluster_key', '=', clusterKey)
    .where('key_id', '=', keyId)
    .where('sequence', '=', sequence.toString())
    .where((where) => where.or([where('fault', 'is', null), where('fault', 'in', SIGNED_FAULTS)]))
    .orderBy('key')
    .executeTakeFirst();
  return row?.hash;
}

/** Stores actions; one that is there already changes nothing. @returns those that were not there */
export async function addBudgetActions(
  db: Kysely<Database>,
  rows: readonly BudgetActionRow[],
): Promise<readonly BudgetActionRow[]> {
  const added: BudgetActionRow[] = [];
  for (const row of rows) {
    const { numAffectedRows = 0n } =
      await sql`insert into budget_action (cluster_key, key_id, sequence, at, policy_uid, record, hash, fault)
      values (${row.clusterKey}, ${row.keyId}, ${row.sequence}, ${row.at}, ${row.policyUid},
        ${JSON.stringify(row.record)}::jsonb, ${Buffer.from(row.hash)}, ${row.fault})
      on conflict do nothing`.execute(db);
    if (numAffectedRows > 0n) added.push(row);
  }
  return added;
}

/** Actions of a policy, newest first. */
export async function listBudgetActions(
  db: Kysely<Database>,
  policyUid: string,
  limit: number,
): Promise<readonly BudgetActionRow[]> {
  const rows = await db
    .selectFrom('budget_action')
    .selectAll()
    .where('policy_uid', '=', policyUid)
    .orderBy('key', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    clusterKey: row.cluster_key,
    keyId: row.key_id,
    sequence: row.sequence,
    at: row.at,
    policyUid: row.policy_uid,
    record: row.record,
    hash: row.hash,
    fault: row.fault,
  }));
}
