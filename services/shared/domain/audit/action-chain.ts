import { createHash, type KeyObject, verify } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

/** The object of an action. */
export interface ActionObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly action: string;
}

/** What the hash of an action covers: every field of the record but its own hash, signature and key. */
export interface ChainedAction {
  /** Decimal, from 1, without gaps. */
  readonly sequence: string;
  /** RFC 3339 with milliseconds. */
  readonly at: string;
  readonly policyUid: string;
  readonly policyName: string;
  readonly action: string;
  readonly object: ActionObject | null;
  readonly reason: string;
  readonly beforeJson: string;
  readonly afterJson: string;
  /** 32 bytes; zeroes before the first. */
  readonly previousHash: Uint8Array;
}

/** A chained action with its proof. */
export interface SignedAction extends ChainedAction {
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  /** See {@link actionKeyId}. */
  readonly keyId: string;
}

/** What the first record of a chain names as the hash before it. */
export const firstPreviousHash: Uint8Array = new Uint8Array(32);

/** SHA-256 over the canonical JSON of an action, `previousHash` in hex. */
export function hashOfAction(action: ChainedAction): Buffer {
  const { sequence, at, policyUid, policyName, reason, beforeJson, afterJson } = action;
  const object = action.object && {
    apiVersion: action.object.apiVersion,
    kind: action.object.kind,
    namespace: action.object.namespace,
    name: action.object.name,
    uid: action.object.uid,
    action: action.object.action,
  };
  const text = canonicalJson({
    sequence,
    at,
    policyUid,
    policyName,
    action: action.action,
    object,
    reason,
    beforeJson,
    afterJson,
    previousHash: Buffer.from(action.previousHash).toString('hex'),
  });
  return createHash('sha256').update(text, 'utf8').digest();
}

/** Identity of a chain: SHA-256 of the SPKI of its public key, hex. A chain never changes its key. */
export function actionKeyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Where a chain of actions breaks. */
export interface ActionFault {
  readonly sequence: string;
  readonly fault: 'WRONG_HASH' | 'WRONG_PREVIOUS' | 'GAP' | 'WRONG_KEY' | 'WRONG_SIGNATURE';
}

/**
 * Checks records of one chain, oldest first: that each is what was signed and follows the one before. The first one
 * given may stand anywhere in the chain.
 *
 * @returns the first fault, or undefined
 */
export function tryFindActionFault(
  records: readonly SignedAction[],
  publicKey: KeyObject,
): ActionFault | undefined {
  const keyId = actionKeyId(publicKey);
  let previous: SignedAction | undefined;
  for (const record of records) {
    const fault = faultOf(record, previous) ?? proofFaultOf(record, publicKey, keyId);
    if (fault !== undefined) return { sequence: record.sequence, fault };
    previous = record;
  }
  return undefined;
}

function faultOf(record: SignedAction, previous: SignedAction | undefined): ActionFault['fault'] | undefined {
  if (!hashOfAction(record).equals(record.hash)) return 'WRONG_HASH';
  if (previous === undefined) return undefined;
  if (BigInt(record.sequence) !== BigInt(previous.sequence) + 1n) return 'GAP';
  return Buffer.from(previous.hash).equals(record.previousHash) ? undefined : 'WRONG_PREVIOUS';
}

function proofFaultOf(
  record: SignedAction,
  publicKey: KeyObject,
  keyId: string,
): ActionFault['fault'] | undefined {
  if (record.keyId !== keyId) return 'WRONG_KEY';
  return verify(null, record.hash, publicKey, record.signature) ? undefined : 'WRONG_SIGNATURE';
}
