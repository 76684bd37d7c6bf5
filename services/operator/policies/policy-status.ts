import { formatPicounits } from '@kubehero/domain';
import type {
  BudgetPolicyObject,
  Phase,
  PolicyCondition,
  PolicyStatus,
  StoredRelease,
} from './budget-policy.js';
import { armedByOf } from './budget-policy.js';
import { statementsOf, type ConditionFacts, type Statement } from './conditions.js';
import { readCeiling, storeVerdict, toCanonical, toInstant, toSeconds, type Verdict } from './verdict.js';

/** What a status is computed from. */
export interface StatusFacts extends Omit<ConditionFacts, 'spec' | 'isStale'> {
  readonly policy: BudgetPolicyObject;
  /** Name of this cluster, for the list of what is stopped; empty where it is not known. */
  readonly cluster: string;
  readonly nowS: number;
}

/** Spend that was not counted for so long is stale. */
const STALE_AFTER_S = 180;

/** The whole status as it should be; equal facts give equal statuses. */
export function computeStatus(facts: StatusFacts): PolicyStatus {
  const { policy, verdict, result, nowS } = facts;
  const isStale = verdict !== undefined && nowS - verdict.spentThroughS > STALE_AFTER_S;
  const release = releaseOf(facts);
  const statements = statementsOf({ ...facts, spec: policy.spec, isStale });
  const held = result?.state === 'enforced' || result?.state === 'enforcing' || result?.state === 'dry-run';
  const objects = held ? (result?.objects ?? []) : [];
  return {
    observedGeneration: policy.metadata.generation,
    phase: phaseOf(facts, isStale, release),
    ...(verdict === undefined ? {} : figuresOf(policy, verdict)),
    ...(release === undefined ? {} : { release }),
    armedBy: armedByOf(policy) || (policy.spec.armed === true ? (verdict?.live?.armedBy ?? '') : ''),
    stoppedCount: held ? (result?.objectCount ?? 0) : 0,
    stopped: objects.slice(0, 100).map(({ kind, namespace, name }) => ({
      ...(facts.cluster === '' ? {} : { cluster: facts.cluster }),
      kind,
      namespace,
      name,
    })),
    conditions: withTimes(statements, policy, nowS),
  };
}

function figuresOf(policy: BudgetPolicyObject, verdict: Verdict): PolicyStatus {
  const ceiling = readCeiling(policy.spec.ceiling)?.amount ?? verdict.ceiling;
  const left = ceiling - verdict.spend;
  const { live } = verdict;
  return {
    ...storeVerdict(verdict),
    spend: toAmount(verdict.spend),
    remaining: toAmount(left > 0n ? left : 0n),
    ...(live === undefined ? {} : { burnRatePerHour: toAmount(live.burnPerHour) }),
    ...(live?.forecast === undefined ? {} : { forecast: toAmount(live.forecast) }),
    ...(live?.stillPaidPerHour === undefined ? {} : { stillPaidPerHour: toAmount(live.stillPaidPerHour) }),
  };
}

/** As people read it: six decimals at most, rounded towards zero. */
function toAmount(picounits: bigint): string {
  return formatPicounits((picounits / 1_000_000n) * 1_000_000n);
}

function phaseOf(facts: StatusFacts, isStale: boolean, release: StoredRelease | undefined): Phase {
  const { decision, verdict } = facts;
  if (isHeld(facts)) return 'Enforced';
  if (decision.exceeded || decision.wanted === 'enforce') return 'Exceeded';
  if (release?.periodStartsAt !== undefined && isOfThisPeriod(release, verdict)) return 'Released';
  if (isStale) return 'Stale';
  return (verdict?.crossed.length ?? 0) > 0 ? 'Warning' : 'Tracking';
}

/** True where something is held, or not yet put back. */
function isHeld({ decision, result, policy }: StatusFacts): boolean {
  if (result?.state === 'enforced' || result?.state === 'releasing') return true;
  return decision.wanted === 'keep' && policy.status.phase === 'Enforced';
}

/** A release is over with the period whose stop it ended. */
function isOfThisPeriod(release: StoredRelease, verdict: Verdict | undefined): boolean {
  return verdict === undefined || toSeconds(release.periodStartsAt) >= verdict.periodStartsAtS;
}

function releaseOf({ policy, decision, result, verdict, nowS }: StatusFacts): StoredRelease | undefined {
  if (result?.state !== 'released') return policy.status.release;
  return {
    at: toInstant(nowS),
    reason: decision.reason,
    periodStartsAt: verdict === undefined ? toInstant(nowS) : toInstant(verdict.periodStartsAtS),
  };
}

/** A condition that says what it said before keeps its time. */
function withTimes(
  statements: readonly Statement[],
  policy: BudgetPolicyObject,
  nowS: number,
): readonly PolicyCondition[] {
  const before = new Map((policy.status.conditions ?? []).map((condition) => [condition.type, condition]));
  return statements.map((said) => {
    const known = before.get(said.type);
    const since = known?.status === said.status ? known.lastTransitionTime : toInstant(nowS);
    return { ...said, observedGeneration: policy.metadata.generation, lastTransitionTime: since };
  });
}

/** How a status differs from another: not at all, in the figures that move every second, or in what matters. */
export function compareStatus(before: PolicyStatus, after: PolicyStatus): 'same' | 'figures' | 'material' {
  if (toCanonical(before) === toCanonical(after)) return 'same';
  return toCanonical(withoutFigures(before)) === toCanonical(withoutFigures(after)) ? 'figures' : 'material';
}

function withoutFigures(status: PolicyStatus): object {
  const { exceeded, question, ceiling, crossed } = status.verdict ?? {};
  const moving = ['spend', 'forecast', 'remaining', 'burnRatePerHour', 'stillPaidPerHour', 'verdict'];
  const still = Object.entries(status).filter(([name]) => !moving.includes(name));
  return { ...Object.fromEntries(still), exceeded, question, ceiling, crossed };
}
