import { enforcementActions, type BudgetPolicySpec } from '@kubehero/domain';
import { questionOf, readCeiling, type Verdict } from './verdict.js';

/** Why a policy does, or does not do, what it could. */
export type DecisionReason =
  /** Above the ceiling, armed, with hardStop: it is enforced. */
  | 'CeilingExceeded'
  /** Above the ceiling, and `dryRun` only lists. */
  | 'DryRun'
  | 'WithinCeiling'
  | 'NotArmed'
  | 'NoHardStop'
  /** The ceiling of the spec is above the spend that was judged. */
  | 'CeilingRaised'
  | 'PeriodEnded'
  /** The policy, or the replica's original, is gone or concerns this cluster no more. */
  | 'Deleted'
  | 'Withdrawn'
  /** Nobody judged this policy yet. */
  | 'AwaitingVerdict'
  /** The spec asks something else than what was judged: what is in force stays until the hub has answered. */
  | 'QuestionChanged'
  | 'InvalidCeiling';

/**
 * What a policy wants now. `enforce` and `preview` and `release` go to the enforcer; `keep` leaves everything as it
 * is, neither more nor less; `nothing` is `release` for a policy that never held anything, and as harmless.
 */
export interface Decision {
  readonly wanted: 'enforce' | 'preview' | 'release' | 'keep';
  readonly reason: DecisionReason;
  /** Spend is above the ceiling of the spec, whether or not something is done about it. */
  readonly exceeded: boolean;
  /** Epoch seconds at which the clock alone changes the answer; undefined where it does not. */
  readonly changesAtS: number | undefined;
}

/** What is known when a decision is made. */
export interface DecisionInput {
  readonly spec: BudgetPolicySpec;
  readonly isDeleting: boolean;
  readonly verdict: Verdict | undefined;
  /** The hub said that the policy does not concern this cluster, or told everything and named no verdict. */
  readonly isWithdrawn: boolean;
  readonly nowS: number;
}

/**
 * Decides from the spec as it is now, the verdict in force and the clock. Disarming, `dryRun`, a raised ceiling, a
 * deletion and the end of the period act at once, without the hub; a verdict in force acts for as long as the hub is
 * away; whatever only the hub can judge waits for it.
 */
export function decide(input: DecisionInput): Decision {
  const { spec, verdict, nowS } = input;
  if (input.isDeleting) return released('Deleted');
  if (input.isWithdrawn) return released('Withdrawn');
  if (verdict !== undefined && nowS >= verdict.periodEndsAtS) return released('PeriodEnded');
  const ceiling = readCeiling(spec.ceiling);
  if (ceiling === undefined) return keptUnlessIdle(spec, 'InvalidCeiling', verdict);
  if (verdict === undefined) return keptUnlessIdle(spec, 'AwaitingVerdict', verdict);
  if (verdict.question !== questionOf(spec)) return keptUnlessIdle(spec, 'QuestionChanged', verdict);
  return judge(spec, verdict, ceiling.amount);
}

/** The spec as it is now against the spend that was judged. */
function judge(spec: BudgetPolicySpec, verdict: Verdict, ceiling: bigint): Decision {
  const { periodEndsAtS } = verdict;
  if (ceiling === verdict.ceiling) {
    return verdict.exceeded ? actOn(spec, periodEndsAtS) : released('WithinCeiling', periodEndsAtS);
  }
  if (verdict.spend >= ceiling) return actOn(spec, periodEndsAtS);
  return released(verdict.exceeded ? 'CeilingRaised' : 'WithinCeiling', periodEndsAtS);
}

/** Above the ceiling: what the spec lets happen. */
function actOn(spec: BudgetPolicySpec, periodEndsAtS: number): Decision {
  const common = { exceeded: true, changesAtS: periodEndsAtS };
  if (enforcementActions(spec).size === 0) return { ...common, wanted: 'release', reason: 'NoHardStop' };
  if (spec.dryRun === true) return { ...common, wanted: 'preview', reason: 'DryRun' };
  if (spec.armed !== true) return { ...common, wanted: 'release', reason: 'NotArmed' };
  return { ...common, wanted: 'enforce', reason: 'CeilingExceeded' };
}

/** Nothing new is stopped before the hub has spoken; what was stopped stays so, unless the spec itself forbids it. */
function keptUnlessIdle(
  spec: BudgetPolicySpec,
  reason: DecisionReason,
  verdict: Verdict | undefined,
): Decision {
  if (enforcementActions(spec).size === 0) return released('NoHardStop');
  if (spec.armed !== true) return released('NotArmed');
  if (spec.dryRun === true) return released('DryRun');
  const exceeded = verdict?.exceeded ?? false;
  return { wanted: 'keep', reason, exceeded, changesAtS: verdict?.periodEndsAtS };
}

function released(reason: DecisionReason, changesAtS?: number): Decision {
  return { wanted: 'release', reason, exceeded: false, changesAtS };
}
