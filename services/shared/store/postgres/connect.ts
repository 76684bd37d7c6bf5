import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Database } from './schema.js';

/** How to reach PostgreSQL. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Connections at most. @default 8 */
  readonly maxConnections?: number;
  /** CA bundle in PEM; given means that TLS is required and verified. */
  readonly caPem?: string;
  /** Called for errors of connections outside of statements; the pool replaces them by itself. */
  readonly onIdleError: (error: Error) => void;
}

const INT8_OID = 20;
const STATEMENT_TIMEOUT_MS = 30_000;
/** A process that is stopped or stuck in a transaction must not keep others from the lease's row for long. */
const IDLE_TRANSACTION_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Opens a pool. `bigint` columns are read as numbers (they hold seconds and counters below 2^53), `numeric` as
 * digits. Nothing is connected before the first query.
 */
export function connectPostgres(options: PostgresOptions): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 8,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    application_name: 'kubehero',
    ...(options.caPem === undefined ? {} : { ssl: { ca: options.caPem, rejectUnauthorized: true } }),
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8_OID ? Number : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
    },
  });
  pool.on('error', options.onIdleError);
  // A connection that breaks between two statements of a transaction belongs to no query and not to the pool: without
  // a listener it would end the process. The next statement on it fails and says so.
  pool.on('connect', (client) => client.on('error', options.onIdleError));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  return db;
}

const pools = new WeakMap<Kysely<Database>, pg.Pool>();

/** Connections in use, and the most there may be; nothing for what {@link connectPostgres} did not open. */
export function poolUsage(db: Kysely<Database>): { readonly inUse: number; readonly size: number } {
  const pool = pools.get(db);
  return pool === undefined
    ? { inUse: 0, size: 0 }
    : { inUse: pool.totalCount - pool.idleCount, size: pool.options.max };
}

/** One round trip; rejects where PostgreSQL does not answer. */
export async function pingPostgres(db: Kysely<Database>): Promise<void> {
  await sql`select 1`.execute(db);
}
