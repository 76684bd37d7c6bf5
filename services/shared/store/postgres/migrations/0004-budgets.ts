import { sql, type Kysely } from 'kysely';

/**
 * Budget policies as their clusters report them, what they spent, what was judged, what clusters did about it.
 *
 * Money is `numeric(38,0)` picounits, instants are epoch seconds in `bigint`. A cluster key of 0 in a verdict stands for
 * all clusters together.
 */
const STATEMENTS = [
  `create table budget_policy (
    uid text primary key,
    cluster_key integer not null references cluster (key),
    name text not null,
    generation bigint not null,
    spec_json text not null,
    armed_by text not null default '',
    gone_at timestamptz)`,
  // Spend by hours from the period's start, as it was when it was counted: a later reprice changes nothing here.
  // stamp: tells which stored rows are in it, by which a restart knows whether the store holds others.
  `create table budget_spend (
    policy_uid text not null,
    cluster_key integer not null,
    period_starts_at bigint not null,
    hour bigint not null,
    question text not null,
    cost numeric(38, 0) not null,
    idle numeric(38, 0) not null,
    stamp bigint not null,
    primary key (policy_uid, cluster_key, period_starts_at, hour)) with (fillfactor = 70)`,
  `create table budget_verdict (
    policy_uid text not null,
    cluster_key integer not null,
    epoch bigint not null,
    version bigint not null,
    judgement jsonb not null,
    message jsonb not null,
    changed_at timestamptz not null default now(),
    primary key (policy_uid, cluster_key)) with (fillfactor = 70)`,
  `create table budget_enforcement (
    policy_uid text not null,
    cluster_key integer not null,
    report jsonb not null,
    changed_at timestamptz not null default now(),
    primary key (policy_uid, cluster_key))`,
  // Chains of actions, one a key. A record that breaks its chain is kept, with its fault; a number may be there twice.
  `create table budget_action (
    key bigint generated always as identity primary key,
    cluster_key integer not null references cluster (key),
    key_id text not null,
    sequence numeric(20, 0) not null,
    at text not null,
    policy_uid text not null,
    record jsonb not null,
    hash bytea not null,
    fault text,
    received_at timestamptz not null default now(),
    unique (cluster_key, key_id, sequence, hash))`,
  `create index budget_action_policy on budget_action (policy_uid, key)`,
] as const;

/** @param db - inside a transaction that holds the migration lock */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
