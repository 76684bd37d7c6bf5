import { metricNames } from '@kubehero/contract';
import { formatPicounits } from '@kubehero/domain';
import type { Metrics } from '@kubehero/runtime';
import type { Phase } from './budget-policy.js';
import type { BudgetPolicyObject } from './budget-policy.js';
import { readCeiling, type Verdict } from './verdict.js';

const phases: readonly Phase[] = ['Tracking', 'Warning', 'Exceeded', 'Enforced', 'Released', 'Stale'];
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];

/** What the metrics read when they are scraped. */
export interface PolicyFigures {
  readonly policies: () => Iterable<BudgetPolicyObject>;
  readonly verdictOf: (policy: BudgetPolicyObject) => Verdict | undefined;
  readonly isActive: () => boolean;
  readonly isHubConnected: () => boolean;
  readonly queueDepth: () => number;
}

/** The operator's own metrics; those of single policies come from the active replica alone. */
export class PolicyMetrics {
  /** One reconciliation. */
  readonly reconcileDuration;
  /** From a verdict above the ceiling to the last write that it took. */
  readonly enforcementDuration;

  constructor(metrics: Metrics, figures: PolicyFigures) {
    this.reconcileDuration = metrics.histogram({
      name: metricNames.operatorReconcileDuration,
      help: 'time of one reconciliation of a budget policy',
      buckets: seconds,
    });
    this.enforcementDuration = metrics.histogram({
      name: metricNames.policyEnforcementDuration,
      help: 'time from the arrival of a verdict above the ceiling until everything was written that it takes',
      buckets: seconds,
    });
    addGauges(metrics, figures);
    addPolicyGauges(metrics, figures);
  }
}

function addGauges(metrics: Metrics, figures: PolicyFigures): void {
  metrics.gauge(
    { name: metricNames.operatorActive, help: '1 on the active replica, 0 on the warm one' },
    (gauge) => {
      gauge.set(figures.isActive() ? 1 : 0);
    },
  );
  metrics.gauge(
    { name: metricNames.operatorHubConnected, help: '1 while the stream to the hub is open' },
    (gauge) => {
      gauge.set(figures.isHubConnected() ? 1 : 0);
    },
  );
  metrics.gauge(
    { name: metricNames.operatorQueueDepth, help: 'policies that wait for their reconciliation' },
    (gauge) => {
      gauge.set(figures.queueDepth());
    },
  );
}

function addPolicyGauges(metrics: Metrics, figures: PolicyFigures): void {
  const add = (
    name: `kubehero_${string}`,
    help: string,
    read: (policy: BudgetPolicyObject) => number | undefined,
  ): void => {
    metrics.gauge<'policy'>({ name, help, labels: ['policy'] }, (gauge) => {
      gauge.reset();
      if (!figures.isActive()) return;
      for (const policy of figures.policies()) {
        const value = read(policy);
        if (value !== undefined) gauge.set({ policy: policy.metadata.name }, value);
      }
    });
  };
  add(metricNames.policySpend, 'spend of the period in its currency', (policy) =>
    toUnits(figures.verdictOf(policy)?.spend),
  );
  add(metricNames.policyCeiling, 'ceiling of the period in its currency', (policy) =>
    toUnits(readCeiling(policy.spec.ceiling)?.amount),
  );
  add(
    metricNames.policyStopped,
    'objects that the policy holds stopped',
    (policy) => policy.status.stoppedCount,
  );
  metrics.gauge<'policy' | 'phase'>(
    {
      name: metricNames.policyPhase,
      help: '1 for the phase that the policy is in',
      labels: ['policy', 'phase'],
    },
    (gauge) => {
      gauge.reset();
      if (!figures.isActive()) return;
      for (const { metadata, status } of figures.policies()) {
        for (const phase of phases)
          gauge.set({ policy: metadata.name, phase }, status.phase === phase ? 1 : 0);
      }
    },
  );
}

/** A gauge is a float; it is for looking at, never for adding up. */
function toUnits(picounits: bigint | undefined): number | undefined {
  return picounits === undefined ? undefined : Number(formatPicounits(picounits));
}
