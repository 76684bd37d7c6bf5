import { actionKeyId } from '@kubehero/domain';
import { RpcError } from '@kubehero/rpc';
import {
  addBudgetActionKey,
  tryFindBudgetActionKey,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';
import { createPublicKey, type KeyObject } from 'node:crypto';

/** A key by which the records of one chain verify. */
export interface ActionKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/**
 * Reads the public key that an operator says its chain has: Ed25519, SPKI.
 *
 * @throws {RpcError} invalid_argument
 */
export function parseActionKey(spki: Uint8Array): ActionKey {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new RpcError('invalid_argument', 'the key of the chain of actions is none: send its SPKI', {
      cause,
    });
  }
  if (publicKey.asymmetricKeyType !== 'ed25519') {
    throw new RpcError(
      'invalid_argument',
      `the key of the chain of actions is ${String(publicKey.asymmetricKeyType)}, not ed25519`,
    );
  }
  return { keyId: actionKeyId(publicKey), publicKey };
}

/** What became of a registration: `another` began a chain where the cluster had one already. */
export type Registration = 'known' | 'first' | 'another';

/**
 * Pins a key to the cluster whose operator's certificate brought it. A key never changes, for a chain is named by its
 * hash; an operator that lost its data folder begins another chain with another key, and both stay.
 */
export async function registerActionKey(
  db: Kysely<Database>,
  key: ActionKey,
  owner: { readonly clusterKey: number; readonly operator: string },
): Promise<Registration> {
  const before = await addBudgetActionKey(db, {
    clusterKey: owner.clusterKey,
    keyId: key.keyId,
    publicKey: key.publicKey.export({ type: 'spki', format: 'der' }),
    registeredBy: owner.operator,
  });
  if (before === undefined) return 'known';
  return before === 0 ? 'first' : 'another';
}

/** Keys of a cluster's chains, read once for each batch of records. */
export class ActionKeys {
  readonly #known = new Map<string, KeyObject | undefined>();

  constructor(
    private readonly db: Kysely<Database>,
    private readonly clusterKey: number,
  ) {}

  /** The key of a chain, undefined where the cluster never registered it. */
  async tryFind(keyId: string): Promise<KeyObject | undefined> {
    if (this.#known.has(keyId)) return this.#known.get(keyId);
    const spki = await tryFindBudgetActionKey(this.db, { clusterKey: this.clusterKey, keyId });
    const key = spki === undefined ? undefined : parseActionKey(spki).publicKey;
    this.#known.set(keyId, key);
    return key;
  }
}
