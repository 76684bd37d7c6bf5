import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../schema.js';

/** Who leads, since which term. */
export interface LeaseTerm {
  readonly holder: string;
  /** Grows with every change of holder; a write of an older term is refused. */
  readonly epoch: number;
  /** Where the holder serves, for those who must be sent there. */
  readonly address: string;
}

const LEASE = 'control-plane';

/** A write was refused because another control plane leads. */
export class NotLeaderError extends Error {
  readonly code = 'NOT_LEADER';

  constructor() {
    super('another control plane leads: this one must not write');
    this.name = 'NotLeaderError';
  }
}

/**
 * Takes or renews the lease on the database's clock.
 *
 * @param candidate - holder and address of the caller
 * @param ttlSeconds - how long the lease holds without renewal
 * @returns the caller's term, or undefined while another one holds the lease
 */
export async function acquireLease(
  db: Kysely<Database>,
  candidate: Omit<LeaseTerm, 'epoch'>,
  ttlSeconds: number,
): Promise<LeaseTerm | undefined> {
  const { rows } = await sql<{ epoch: number }>`
    insert into leader_lease as l (name, holder, epoch, expires_at, address)
    values (${LEASE}, ${candidate.holder}, 1, now() + make_interval(secs => ${ttlSeconds}), ${candidate.address})
    on conflict (name) do update set
      epoch = case when l.holder = excluded.holder then l.epoch else l.epoch + 1 end,
      holder = excluded.holder, expires_at = excluded.expires_at, address = excluded.address
    where l.holder = excluded.holder or l.expires_at < now()
    returning epoch`.execute(db);
  const epoch = rows[0]?.epoch;
  return epoch === undefined ? undefined : { ...candidate, epoch };
}

/** Gives the lease up so that the next one need not wait for its end. */
export async function releaseLease(db: Kysely<Database>, term: LeaseTerm): Promise<void> {
  await sql`update leader_lease set expires_at = now() - interval '1 second'
    where name = ${LEASE} and holder = ${term.holder} and epoch = ${term.epoch}`.execute(db);
}

/** Who leads now, undefined where nobody does. */
export async function tryFindLeader(db: Kysely<Database>): Promise<LeaseTerm | undefined> {
  const { rows } = await sql<LeaseTerm>`select holder, epoch, address from leader_lease
    where name = ${LEASE} and expires_at >= now()`.execute(db);
  return rows[0];
}

/**
 * Runs writes in one transaction that only the leader of this term can commit.
 *
 * @throws NotLeaderError where another term has begun; nothing is written then
 */
export async function asLeader<T>(
  db: Kysely<Database>,
  term: LeaseTerm,
  write: (transaction: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql`select 1 from leader_lease
      where name = ${LEASE} and holder = ${term.holder} and epoch = ${term.epoch} for share`.execute(
      transaction,
    );
    if (rows.length === 0) throw new NotLeaderError();
    return await write(transaction);
  });
}
