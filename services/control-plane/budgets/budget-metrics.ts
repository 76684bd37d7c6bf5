import { metricNames } from '@kubehero/contract';
import { PICOUNITS_PER_UNIT } from '@kubehero/domain';
import type { Metrics } from '@kubehero/runtime';
import type { Published } from './evaluator.js';

const PICO = Number(PICOUNITS_PER_UNIT);

/** What the control plane shows of budgets; approximate, as every metric is. */
export class BudgetMetrics {
  readonly evaluation: ReturnType<Metrics['histogram']>;
  /** Records of actions that did not verify, by what was wrong. */
  readonly refusedActions: ReturnType<Metrics['counter']>;
  readonly #spend: ReturnType<Metrics['gauge']>;
  readonly #ceiling: ReturnType<Metrics['gauge']>;
  readonly #exceeded: ReturnType<Metrics['gauge']>;

  constructor(metrics: Metrics) {
    this.evaluation = metrics.histogram({
      name: 'kubehero_policy_evaluation_duration_seconds',
      help: 'time of one pass over the budgets that changed',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1],
    });
    this.refusedActions = metrics.counter<string>({
      name: 'kubehero_policy_refused_actions_total',
      help: 'records of actions that do not verify, by fault',
      labels: ['fault'],
    });
    this.#spend = gauge(metrics, metricNames.policySpend, 'spend of the period in the currency of the hub');
    this.#ceiling = gauge(
      metrics,
      metricNames.policyCeiling,
      'ceiling of the period in the currency of the hub',
    );
    this.#exceeded = gauge(metrics, 'kubehero_policy_exceeded', '1 where spend passed the ceiling');
  }

  /** Shows verdicts. */
  show(news: readonly Published[]): void {
    for (const { body, policyUid, judgement } of news) {
      const labels = { policy: body.policyName ?? '', uid: policyUid };
      this.#spend.set(labels, Number(body.spendPicounits) / PICO);
      this.#ceiling.set(labels, Number(body.ceilingPicounits) / PICO);
      this.#exceeded.set(labels, judgement.exceeded ? 1 : 0);
    }
  }

  /** Policies are gone, and their series with them. */
  forget(gone: readonly Published[]): void {
    for (const { body, policyUid } of gone) {
      const labels = { policy: body.policyName ?? '', uid: policyUid };
      for (const one of [this.#spend, this.#ceiling, this.#exceeded]) one.remove(labels);
    }
  }

  /** Another replica leads. */
  clear(): void {
    for (const one of [this.#spend, this.#ceiling, this.#exceeded]) one.reset();
  }
}

function gauge(metrics: Metrics, name: `kubehero_${string}`, help: string): ReturnType<Metrics['gauge']> {
  return metrics.gauge<string>({ name, help, labels: ['policy', 'uid'] });
}
