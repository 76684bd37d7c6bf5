import { firstPreviousHash, hashOfAction } from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import {
  addBudgetActions,
  tryFindBudgetActionHash,
  type BudgetActionRow,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';

/**
 * Stores actions of a cluster as they came. A record that is not what its hash says, or does not follow the one before,
 * is stored with its fault: a broken chain is evidence. The signature cannot be checked here, for the hub has only the
 * name of the key; an auditor who has the key can.
 *
 * @param actions - in their order
 */
export async function storeActions(
  db: Kysely<Database>,
  clusterKey: number,
  actions: readonly budget.ActionRecord[],
): Promise<readonly BudgetActionRow[]> {
  const rows: BudgetActionRow[] = [];
  let before: budget.ActionRecord | undefined;
  for (const action of actions) {
    const fault = (await faultOf(db, clusterKey, action, before)) ?? null;
    rows.push({
      clusterKey,
      keyId: action.keyId,
      sequence: action.sequence,
      at: action.at,
      policyUid: action.policyUid,
      record: toStorable(action),
      hash: action.hash,
      fault,
    });
    before = action;
  }
  await addBudgetActions(db, rows);
  return rows;
}

async function faultOf(
  db: Kysely<Database>,
  clusterKey: number,
  action: budget.ActionRecord,
  before: budget.ActionRecord | undefined,
): Promise<string | undefined> {
  if (!hashOfAction(action).equals(action.hash)) return 'WRONG_HASH';
  const sequence = BigInt(action.sequence);
  if (sequence <= 1n) return equal(action.previousHash, firstPreviousHash) ? undefined : 'WRONG_PREVIOUS';
  const follows = before?.keyId === action.keyId && BigInt(before.sequence) === sequence - 1n;
  const previous = follows
    ? before?.hash
    : await tryFindBudgetActionHash(db, { clusterKey, keyId: action.keyId }, sequence - 1n);
  if (previous === undefined) return 'GAP';
  return equal(action.previousHash, previous) ? undefined : 'WRONG_PREVIOUS';
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}

/** JSON of a record; bytes as base64. */
function toStorable(action: budget.ActionRecord): unknown {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    ...action,
    previousHash: text(action.previousHash),
    hash: text(action.hash),
    signature: text(action.signature),
  };
}

/** A stored record as it came. */
export function fromStorable(record: unknown): budget.ActionRecordInput {
  const stored = record as Record<'previousHash' | 'hash' | 'signature', string> &
    Omit<budget.ActionRecordInput, 'previousHash' | 'hash' | 'signature'>;
  return {
    ...stored,
    previousHash: Buffer.from(stored.previousHash, 'base64'),
    hash: Buffer.from(stored.hash, 'base64'),
    signature: Buffer.from(stored.signature, 'base64'),
  };
}
