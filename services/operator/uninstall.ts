import type { ApiServer } from '@kubehero/kubernetes';
import type { Logger } from '@kubehero/runtime';
import { AuditChain, Enforcer, World } from './enforcement/index.js';
import { policyFinalizer } from './policies/budget-policy.js';
import { PolicyStore } from './policies/policy-store.js';

/** What {@link uninstall} works with. */
export interface UninstallOptions {
  readonly server: ApiServer;
  readonly dataDir: string;
  readonly neverTouch: readonly string[];
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What was put back. */
export interface Uninstalled {
  /** Policies for which something was held. */
  readonly released: readonly string[];
}

/**
 * Puts everything back that budgets hold in a cluster, removes whatever the operator made, and lets every BudgetPolicy
 * be deleted. No operator MUST run meanwhile: it would enforce again what it finds in force.
 *
 * @throws {ApiError}
 */
export async function uninstall(options: UninstallOptions): Promise<Uninstalled> {
  const { server, dataDir, neverTouch, logger, signal } = options;
  const onFailure = (error: Error): void => {
    logger.warn('the api server does not answer as it should', { error });
  };
  const audit = await AuditChain.open({ dir: dataDir });
  const world = new World({ server, onFailure });
  const store = new PolicyStore({ server, writer: server, onFailure, onChange: () => undefined });
  const stop = async (): Promise<void> => {
    await Promise.all([world.stop(), store.stop()]);
  };
  signal.addEventListener('abort', () => void stop(), { once: true });
  try {
    await Promise.all([world.start(), store.start()]);
    const enforcer = new Enforcer({ api: server, world, audit, now: Date.now, neverTouch });
    const released = [...new Set(enforcer.heldPolicies().values())].sort();
    await enforcer.uninstall(signal);
    for (const policy of [...store.all()]) {
      const finalizers = policy.metadata.finalizers.filter((finalizer) => finalizer !== policyFinalizer);
      if (finalizers.length === policy.metadata.finalizers.length) continue;
      await store.patch(policy, { metadata: { finalizers } }, signal);
    }
    return { released };
  } finally {
    await stop();
    await audit.close();
  }
}
