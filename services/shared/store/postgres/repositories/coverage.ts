import { sql, type Kysely } from 'kysely';
import type { Window } from '@kubehero/domain';
import type { Database } from '../schema.js';

/** Whose seconds are counted, and when. */
export interface CoverageQuestion {
  readonly window: Window;
  readonly nowS: number;
  /** Seconds of silence after which a node is no longer expected. */
  readonly forgetAfterS: number;
  /** Clusters to count. @default - all */
  readonly clusterKeys?: readonly number[] | undefined;
  /** Names that a node must have: none for all nodes. */
  readonly nodeNames: readonly string[];
}

/** Node-seconds that should have come, and those of them that did not. */
export interface Coverage {
  readonly expected: number;
  readonly missing: number;
}

/** The newest seconds may still be on their way. */
const ON_THE_WAY_S = 2;

/**
 * Counts node-seconds: a node is expected from its first stored second until it fell silent for long. Counted by
 * the database, for every question asks.
 */
export async function readCoverage(db: Kysely<Database>, question: CoverageQuestion): Promise<Coverage> {
  const { window, nowS, forgetAfterS, clusterKeys, nodeNames } = question;
  const inClusters = clusterKeys === undefined ? sql`true` : sql`n.cluster_key = any(${clusterKeys}::int[])`;
  const { rows } = await sql<Coverage>`
    with span as (
      select p.node_key, greatest(${window.from}::bigint, p.first_second) as from_second, p.last_second,
        least(${window.to}::bigint, case
          when n.gone_at is not null or ${nowS}::bigint - p.last_second > ${forgetAfterS}::bigint then p.last_second + 1
          else greatest(${nowS}::bigint - ${ON_THE_WAY_S}::bigint, p.last_second + 1) end) as to_second
      from node_progress p join node n on n.key = p.node_key where ${inClusters} and n.name = all(${nodeNames}::text[])),
    gap as (
      select sum(least(g.to_second, ${window.to}::bigint) - greatest(g.from_second, ${window.from}::bigint)) as seconds
      from node_gap g join span on span.node_key = g.node_key
      where g.to_second > ${window.from}::bigint and g.from_second < ${window.to}::bigint)
    select coalesce(sum(greatest(0, to_second - from_second)), 0)::bigint as expected,
      (coalesce(sum(greatest(0, to_second - greatest(${window.from}::bigint, last_second + 1))), 0)
        + coalesce((select seconds from gap), 0))::bigint as missing
    from span`.execute(db);
  return rows[0] ?? { expected: 0, missing: 0 };
}
