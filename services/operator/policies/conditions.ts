import { formatPicounits, type BudgetPolicySpec } from '@kubehero/domain';
import type { EnforcementResult } from '../enforcement/index.js';
import type { PolicyCondition } from './budget-policy.js';
import type { Decision } from './decide.js';
import { readCeiling, toInstant, type Verdict } from './verdict.js';

/** What conditions are made from. */
export interface ConditionFacts {
  readonly spec: BudgetPolicySpec;
  readonly verdict: Verdict | undefined;
  readonly decision: Decision;
  /** What the enforcer came to; undefined where there was nothing to do. */
  readonly result: EnforcementResult | undefined;
  readonly hubConnected: boolean;
  readonly isStale: boolean;
}

/** A condition without the times. */
export type Statement = Omit<PolicyCondition, 'lastTransitionTime' | 'observedGeneration'>;

const outcomes: Readonly<Record<Decision['reason'], string>> = {
  CeilingExceeded: 'spend is above the ceiling and the policy is armed',
  DryRun: 'dryRun is set: what would be stopped is listed, nothing is; remove dryRun to let the policy act',
  WithinCeiling: 'spend is within the ceiling',
  NotArmed: "the policy is not armed and only warns: arm it with 'kubehero policy arm' to let it act",
  NoHardStop: 'hardStop is not set: the policy only warns',
  CeilingRaised: 'the ceiling was raised above the spend',
  PeriodEnded: 'the period is over, the next one begins at zero',
  Deleted: 'the policy is being deleted',
  Withdrawn: 'the hub says that the policy does not concern this cluster: see its clusterSelector',
  AwaitingVerdict: 'the hub has not judged the policy yet',
  QuestionChanged:
    'the spec asks something else than what was judged; what is in force stays until the hub has answered',
  InvalidCeiling:
    'the ceiling does not parse: write an amount above zero such as $500/mo, with /h, /d, /w or /mo',
};

/** Everything that holds of a policy, each with its reason and, where something is wrong, the way out. */
export function statementsOf(facts: ConditionFacts): readonly Statement[] {
  const own = [validity(facts), judgement(facts), excess(facts), enforcement(facts), ...findings(facts)];
  const types = new Set(own.map(({ type }) => type));
  const fromHub = (facts.verdict?.live?.conditions ?? []).filter(({ type }) => !types.has(type));
  return [...own, ...fromHub.map(toStatement)].slice(0, 16);
}

function validity({ spec, decision, result }: ConditionFacts): Statement {
  if (readCeiling(spec.ceiling) === undefined) {
    return statement('Valid', false, 'InvalidCeiling', `'${spec.ceiling}': ${outcomes.InvalidCeiling}`);
  }
  if (decision.reason === 'Withdrawn') return statement('Valid', true, 'Withdrawn', outcomes.Withdrawn);
  if (result?.state === 'refused') return statement('Valid', false, 'Refused', result.message);
  return statement('Valid', true, 'Accepted', 'the policy is understood');
}

function judgement({ verdict, hubConnected, isStale }: ConditionFacts): Statement {
  if (verdict === undefined) {
    const why = hubConnected
      ? outcomes.AwaitingVerdict
      : 'the hub cannot be reached and has judged nothing yet';
    return statement('Tracked', false, hubConnected ? 'AwaitingVerdict' : 'HubAway', why);
  }
  if (!hubConnected) {
    return statement(
      'Tracked',
      false,
      'HubAway',
      'the hub cannot be reached: what is in force stays so until the period ends; look at the way to the hub and its certificate',
    );
  }
  if (isStale) {
    return statement(
      'Tracked',
      false,
      'Stale',
      'spend was not counted for a while: look at the collectors and at the control plane',
    );
  }
  return statement('Tracked', true, 'Judged', 'spend is counted up to date');
}

function excess({ verdict, decision }: ConditionFacts): Statement {
  if (verdict === undefined) {
    return {
      type: 'Exceeded',
      status: 'Unknown',
      reason: 'AwaitingVerdict',
      message: outcomes.AwaitingVerdict,
    };
  }
  const ceiling = `${formatPicounits(verdict.ceiling)} ${verdict.currency}`;
  if (!decision.exceeded) {
    const reason = decision.reason === 'CeilingRaised' ? 'CeilingRaised' : 'WithinCeiling';
    return statement('Exceeded', false, reason, outcomes[reason]);
  }
  const at = verdict.exceededAtS > 0 ? ` at ${toInstant(verdict.exceededAtS)}` : '';
  return statement('Exceeded', true, 'CeilingExceeded', `spend passed the ceiling of ${ceiling}${at}`);
}

function enforcement({ decision, result }: ConditionFacts): Statement {
  const detail = result?.message ?? '';
  if (result?.state === 'enforced') {
    return statement('Enforced', true, 'Enforced', detail === '' ? 'everything in scope is stopped' : detail);
  }
  if (decision.wanted === 'enforce') {
    const reason = result?.state === 'refused' ? 'Refused' : 'Enforcing';
    return statement('Enforced', false, reason, detail === '' ? 'what is in scope is being stopped' : detail);
  }
  if (result?.state === 'releasing') {
    const text = `what was stopped is being put back: ${outcomes[decision.reason]}`;
    return statement('Enforced', false, 'Releasing', detail === '' ? text : detail);
  }
  return statement('Enforced', false, decision.reason, outcomes[decision.reason]);
}

function findings({ result }: ConditionFacts): readonly Statement[] {
  const byType = new Map<string, Statement>();
  for (const { type, reason, message } of result?.findings ?? []) {
    const known = byType.get(type);
    const text = known === undefined ? message : `${known.message}; ${message}`;
    byType.set(type, statement(type, true, known?.reason ?? reason, text.slice(0, 8000)));
  }
  for (const type of ['Valid', 'Tracked', 'Exceeded', 'Enforced']) byType.delete(type);
  return [...byType.values()];
}

function toStatement(condition: {
  type: string;
  status: string;
  reason: string;
  message: string;
}): Statement {
  const { type, reason, message } = condition;
  const status = condition.status === 'True' || condition.status === 'False' ? condition.status : 'Unknown';
  return { type, status, reason: reason === '' ? 'Hub' : reason, message };
}

function statement(type: string, holds: boolean, reason: string, message: string): Statement {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

/** Sentence for a decision, for events. */
export function sentenceOf(reason: Decision['reason']): string {
  return outcomes[reason];
}
