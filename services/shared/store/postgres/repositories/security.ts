import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

/** The certificate authority as it is stored: the key only encrypted. */
export interface StoredAuthority {
  readonly certificatePem: string;
  readonly encryptedKey: Uint8Array;
}

const NAME = 'internal';

/** The authority, undefined before the first start. */
export async function tryFindAuthority(db: Kysely<Database>): Promise<StoredAuthority | undefined> {
  const row = await db
    .selectFrom('certificate_authority')
    .selectAll()
    .where('name', '=', NAME)
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : { certificatePem: row.certificate_pem, encryptedKey: row.encrypted_key };
}

/** Stores a new authority unless there is one; returns the one that is there afterwards. */
export async function saveAuthority(
  db: Kysely<Database>,
  authority: StoredAuthority,
): Promise<StoredAuthority> {
  await db
    .insertInto('certificate_authority')
    .values({
      name: NAME,
      certificate_pem: authority.certificatePem,
      encrypted_key: Buffer.from(authority.encryptedKey),
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return (await tryFindAuthority(db)) ?? authority;
}

/** Stores the hash of a one-time login token. */
export async function addLoginToken(
  db: Kysely<Database>,
  token: { readonly hash: Buffer; readonly subject: string; readonly expiresAt: Date },
): Promise<void> {
  await db
    .insertInto('login_token')
    .values({
      token_hash: token.hash,
      subject: token.subject,
      expires_at: token.expiresAt,
      redeemed_at: null,
    })
    .execute();
}

/** Uses a token up; undefined where it is unknown, used or expired. */
export async function redeemLoginToken(db: Kysely<Database>, hash: Buffer): Promise<string | undefined> {
  const { rows } = await sql<{ subject: string }>`update login_token set redeemed_at = now()
    where token_hash = ${hash} and redeemed_at is null and expires_at > now() returning subject`.execute(db);
  return rows[0]?.subject;
}
