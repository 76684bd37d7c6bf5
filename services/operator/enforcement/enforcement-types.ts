import type { BudgetPolicySpec } from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';

/** A policy with the verdict that is in force for it. */
export interface PolicyInForce {
  readonly uid: string;
  /** Name of the object in this cluster. */
  readonly name: string;
  readonly spec: BudgetPolicySpec;
  /** Ceiling, spend: plain decimals of `currency`, as people read them. */
  readonly ceiling: string;
  readonly spend: string;
  /** ISO 4217 code. */
  readonly currency: string;
  /** Empty where that is not known. */
  readonly armedBy: string;
  /** Epoch seconds at which the ceiling was crossed; the grace period counts from here. */
  readonly exceededAtS: number;
  /** Epoch seconds of the period's end; from then on `enforce` counts as `release`. */
  readonly periodEndsAtS: number;
}

/**
 * What a policy wants of its cluster. `enforce`: above its ceiling, armed, with hardStop. `preview`: the list of what
 * would be stopped, while nothing is; what was stopped before is released. `release`: nothing is to be held.
 */
export type Wanted = 'enforce' | 'preview' | 'release';

/** Where a policy stands in this cluster; see `EnforcementState` of the protocol. */
export type EnforcementState =
  'idle' | 'enforcing' | 'enforced' | 'releasing' | 'released' | 'dry-run' | 'refused';

/** Something a condition of the policy should say. */
export interface Finding {
  /** Type of the condition. */
  readonly type: string;
  /** UpperCamelCase. */
  readonly reason: string;
  /** One sentence with its remedy. */
  readonly message: string;
}

/** What one reconciliation came to. */
export interface EnforcementResult {
  readonly state: EnforcementState;
  /** Objects that are held or, in a preview, would be; the first hundred. */
  readonly objects: readonly budget.AffectedObject[];
  readonly objectCount: number;
  /** One sentence: what could not be done and the way out. Empty where all is well. */
  readonly message: string;
  /** Come back after so long even if nothing changes. */
  readonly retryAfterMs?: number;
  readonly findings: readonly Finding[];
}
