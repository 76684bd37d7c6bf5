import type { ApiServer } from '@kubehero/kubernetes';
import type { AuditChain } from '../audit/audit-chain.js';
import type { World } from '../world/world.js';
import type { EnforcementResult, PolicyInForce, Wanted } from './enforcement-types.js';

/** What an {@link Enforcer} works with. */
export interface EnforcerOptions {
  readonly api: ApiServer;
  readonly world: World;
  readonly audit: AuditChain;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Namespaces that are never touched, besides those that never are: the operator's own. */
  readonly neverTouch?: readonly string[];
}

/**
 * Stops what a policy stops and puts it back. Level-triggered: each call reads the world, compares, and writes what is
 * missing; calling again after a failure, a kill or nothing at all is always right. Calls for one policy must come one
 * after another; calls for different policies may run together.
 */
export class Enforcer {
  constructor(readonly options: EnforcerOptions) {}

  /**
   * Brings the cluster to what a policy wants. What was held for an earlier policy of the same name (deleted and
   * recreated from Git: another UID) is taken over.
   *
   * @throws {ApiError} when the API server does not do what it must; try again with back-off (`retryAfterMs` if given)
   */
  async reconcile(_policy: PolicyInForce, _wanted: Wanted, _signal: AbortSignal): Promise<EnforcementResult> {
    throw new Error('not yet');
  }

  /** Releases whatever is held for a policy, also for one that is gone. @throws {ApiError} as {@link reconcile} */
  async release(_policyUid: string, _signal: AbortSignal): Promise<EnforcementResult> {
    throw new Error('not yet');
  }

  /**
   * UID and name of every policy for which something is held, found on objects, admission policies and quotas. A UID
   * whose policy is gone must be released, unless a policy of that name is there: reconciling it takes over.
   */
  heldPolicies(): ReadonlyMap<string, string> {
    throw new Error('not yet');
  }

  /** Releases everything for every policy and removes whatever was made. */
  async uninstall(_signal: AbortSignal): Promise<void> {
    throw new Error('not yet');
  }
}
