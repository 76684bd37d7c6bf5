import type { LabelSelector } from './label-selector.js';

/** What a budget covers; every given part must match. */
export interface BudgetScope {
  /** Clusters by the labels of their registration. @default - every cluster */
  readonly clusterSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly namespaces?: readonly string[];
  /** Workloads by the labels of their pods. */
  readonly workloadSelector?: LabelSelector;
}

/** What happens above the ceiling. */
export type EnforcementAction = 'Deny' | 'ScaleToZero';

/** A warning before the ceiling. */
export interface BudgetThreshold {
  /** Share of the ceiling, 1 to 100. */
  readonly percent: number;
  /** @default 'Spend' */
  readonly basis?: 'Spend' | 'Forecast';
}

/** `spec` of a BudgetPolicy as the API server gives it, with its defaults filled in. */
export interface BudgetPolicySpec {
  readonly scope: BudgetScope;
  /** Such as `$500000/mo`; see {@link parseCeiling}. */
  readonly ceiling: string;
  readonly ceilingPer?: 'All' | 'Cluster';
  /** IANA zone in which calendar periods begin. @default 'UTC' */
  readonly timeZone?: string;
  readonly armed?: boolean;
  readonly hardStop?: boolean;
  readonly dryRun?: boolean;
  readonly includeIdle?: boolean;
  readonly thresholds?: readonly BudgetThreshold[];
  readonly enforcement?: {
    readonly actions?: readonly EnforcementAction[];
    readonly gracePeriodSeconds?: number;
    /** Workloads that are never stopped, by the labels of their pods. */
    readonly exclude?: LabelSelector;
  };
}

/**
 * What a policy does above its ceiling once it is armed; nothing without `hardStop`. Scaling without denial would be
 * undone at once by whoever owns the pods, therefore ScaleToZero implies Deny.
 */
export function enforcementActions(spec: BudgetPolicySpec): ReadonlySet<EnforcementAction> {
  if (spec.hardStop !== true) return new Set();
  const actions = spec.enforcement?.actions ?? [];
  const wanted = actions.length === 0 ? (['Deny', 'ScaleToZero'] as const) : actions;
  return new Set(wanted.includes('ScaleToZero') ? (['Deny', 'ScaleToZero'] as const) : wanted);
}
