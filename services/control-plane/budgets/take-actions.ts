import { firstPreviousHash, hashOfAction } from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import {
  addBudgetActions,
  tryFindBudgetActionHash,
  type BudgetActionRow,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';
import { verify } from 'node:crypto';
import { ActionKeys } from './action-key.js';

/** What became of records. */
export interface TakenActions {
  /** Those that verify: what they say was done. */
  readonly accepted: readonly budget.ActionRecord[];
  /** Those that do not, and were not there before: kept as evidence, and nothing follows from them. */
  readonly refused: readonly BudgetActionRow[];
}

/**
 * Stores actions of a cluster. A record counts when its hash, its signature by a key that the cluster registered, and
 * its place in the chain verify; another one is refused: it is stored with its fault, for a broken chain is evidence,
 * and whoever sent it is told that it was received, else it would come for ever.
 *
 * @param actions - in their order
 */
export async function storeActions(
  db: Kysely<Database>,
  clusterKey: number,
  actions: readonly budget.ActionRecord[],
): Promise<TakenActions> {
  const keys = new ActionKeys(db, clusterKey);
  const rows: BudgetActionRow[] = [];
  let before: budget.ActionRecord | undefined;
  for (const action of actions) {
    const proofFault = await findProofFault(keys, action);
    const chain = { clusterKey, keyId: action.keyId };
    const fault = proofFault ?? (await findPlaceFault(db, chain, { action, before })) ?? null;
    rows.push({
      ...chain,
      sequence: action.sequence,
      at: action.at,
      policyUid: action.policyUid,
      record: toStorable(action),
      hash: action.hash,
      fault,
    });
    if (proofFault === undefined) before = action;
  }
  const added = await addBudgetActions(db, rows);
  return {
    accepted: actions.filter((_action, index) => rows[index]?.fault === null),
    refused: added.filter(({ fault }) => fault !== null),
  };
}

/** Why a record is not what the chain's key signed. */
async function findProofFault(keys: ActionKeys, action: budget.ActionRecord): Promise<string | undefined> {
  if (!hashOfAction(action).equals(action.hash)) return 'WRONG_HASH';
  const key = await keys.tryFind(action.keyId);
  if (key === undefined) return 'UNKNOWN_KEY';
  return verify(null, action.hash, key, action.signature) ? undefined : 'WRONG_SIGNATURE';
}

interface Place {
  readonly action: budget.ActionRecord;
  /** The signed record that came before it in the same batch. */
  readonly before: budget.ActionRecord | undefined;
}

/** Why a signed record does not follow the one before, or stands where another one does. */
async function findPlaceFault(
  db: Kysely<Database>,
  chain: { readonly clusterKey: number; readonly keyId: string },
  { action, before }: Place,
): Promise<string | undefined> {
  const sequence = BigInt(action.sequence);
  const twin = await tryFindBudgetActionHash(db, chain, sequence);
  if (twin !== undefined && !equal(twin, action.hash)) return 'FORK';
  if (sequence <= 1n) return equal(action.previousHash, firstPreviousHash) ? undefined : 'WRONG_PREVIOUS';
  const follows = before?.keyId === action.keyId && BigInt(before.sequence) === sequence - 1n;
  const previous = follows ? before?.hash : await tryFindBudgetActionHash(db, chain, sequence - 1n);
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

/** A stored record as it came, with what was found wrong. */
export function fromStored({ record, fault }: BudgetActionRow): budget.ActionRecordInput {
  const stored = record as Record<'previousHash' | 'hash' | 'signature', string> &
    Omit<budget.ActionRecordInput, 'previousHash' | 'hash' | 'signature'>;
  return {
    ...stored,
    previousHash: Buffer.from(stored.previousHash, 'base64'),
    hash: Buffer.from(stored.hash, 'base64'),
    signature: Buffer.from(stored.signature, 'base64'),
    fault: fault ?? '',
  };
}
