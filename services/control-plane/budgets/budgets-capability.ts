import type { Logger, Metrics } from '@kubehero/runtime';
import type { PodCostColumns } from '@kubehero/store-clickhouse';
import type { IdentityRow } from '@kubehero/store-postgres';
import type { Capability } from '../capability.js';
import type { NodeRegistry } from '../ingest/node-registry.js';
import type { InventoryDirectory } from '../inventory/inventory-directory.js';
import { BudgetEngine } from './budget-engine.js';
import { BudgetMetrics } from './budget-metrics.js';
import type { Stores } from './find-stored.js';
import { followService } from './follow-service.js';
import { policyService } from './policy-service.js';

/** What budgets work with. */
export interface BudgetsCapabilityOptions extends Stores {
  readonly inventory: InventoryDirectory;
  readonly registry: Pick<NodeRegistry, 'all'>;
  /** What the hub reckons in, ISO 4217. */
  readonly currency: string;
  readonly nowS: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Key of a registered cluster, undefined where it is unknown or was removed. */
  readonly clusterKeyOf: (clusterId: string) => Promise<number | undefined>;
}

/** Budgets as a part of the control plane, with what ingest and rollup tell them. */
export interface BudgetsCapability extends Capability {
  /** Takes rows that were stored and never before, before they are acknowledged. */
  observe(chunks: readonly PodCostColumns[]): Promise<void>;
  /** Takes identities before any row refers to them. */
  addIdentities(rows: readonly IdentityRow[]): void;
  /** Rows of a cluster turned up that were not told of when they were stored. */
  outdate(clusterKey: number): void;
}

/** Judges spend against ceilings on the leader, and tells every cluster that a policy covers. */
export function budgetsCapability(options: BudgetsCapabilityOptions): BudgetsCapability {
  const metrics = new BudgetMetrics(options.metrics);
  let engine: BudgetEngine | undefined;
  let isReady = false;
  const current = (): BudgetEngine | undefined => (isReady ? engine : undefined);
  let unsubscribe = (): void => undefined;
  return {
    observe: async (chunks) => engine?.observe(chunks),
    addIdentities: (rows) => engine?.addIdentities(rows),
    outdate: (clusterKey) => engine?.outdate(clusterKey),
    unary: [policyService({ ...options, engine: current })],
    streams: [followService({ ...options, metrics, engine: current })],
    start: () => {
      unsubscribe = options.inventory.onChange(({ kinds }) => {
        if (kinds.has('namespace')) engine?.scopeChanged();
      });
      return Promise.resolve();
    },
    stop: () => {
      unsubscribe();
      return Promise.resolve();
    },
    leadership: {
      prepare: async (term) => {
        engine = new BudgetEngine({ ...options, metrics }, term);
        await engine.prepare();
      },
      lead: async () => {
        await engine?.start();
        isReady = true;
      },
      follow: async () => {
        isReady = false;
        const ended = engine;
        engine = undefined;
        await ended?.stop();
        metrics.clear();
      },
    },
  };
}
