import type { Implementation } from '@kubehero/rpc';
import type { HttpServer } from '@kubehero/runtime';
import type { LeaseTerm } from '@kubehero/store-postgres';
import type { LeadershipListener } from './lease/elector.js';

/** A route of the HTTP port. */
export type Route = Parameters<HttpServer['route']>[0];

/**
 * A part of the control plane beside ingest and rollup: the services and routes that it adds on every replica, and its
 * work while this replica leads.
 */
export interface Capability {
  /** For people: served as the Connect protocol and over gRPC, on both to who shows the API token. */
  readonly unary?: readonly Implementation[];
  /** As `unary`, but for administrators: the Connect protocol alone. */
  readonly administration?: readonly Implementation[];
  /** Served over gRPC alone. */
  readonly streams?: readonly Implementation[];
  readonly routes?: readonly Route[];
  /** Begins what every replica does; called before the ports open. */
  start?(): Promise<void>;
  /** Ends it; called after the ports closed. */
  stop?(): Promise<void>;
  /**
   * Work of the leader: `prepare` before ingest begins its term (nothing is stored meanwhile: be quick), `lead` after,
   * `follow` before it ends.
   */
  readonly leadership?: LeadershipListener & { prepare?(term: LeaseTerm): Promise<void> };
}
