import type { Phase, PolicyMessage } from './budget-messages.js';

const HOUR_S = 3600n;
/** A ceiling that is further away at the present rate is not said to break. */
const MAX_HOURS = 24n * 366n * 2n;

/** The lower, the sooner a person is needed. */
const RANK: Readonly<Record<Phase, number>> = {
  Exceeded: 0,
  Enforced: 1,
  Unknown: 2,
  Stale: 2,
  Warning: 3,
  Tracking: 4,
  Released: 5,
};

/**
 * Orders policies by how much they need a person: those above their ceiling, those that nobody can judge, then by
 * when the ceiling breaks at the present rate, then by the share of it that is spent, then by name.
 */
export function byUrgency(a: PolicyMessage, b: PolicyMessage): number {
  return (
    RANK[a.phase] - RANK[b.phase] ||
    breaksOr(a) - breaksOr(b) ||
    spentPermille(b) - spentPermille(a) ||
    a.name.localeCompare(b.name, 'en', { numeric: true }) ||
    a.cluster.localeCompare(b.cluster, 'en', { numeric: true })
  );
}

/**
 * The unix second at which spend passes the ceiling if it goes on at the present rate; undefined where that is not
 * before the period ends, or spend is above it already.
 */
export function breaksAtS(policy: PolicyMessage): number | undefined {
  const left = BigInt(policy.ceilingPico) - BigInt(policy.spendPico);
  const perHour = BigInt(policy.burnPerHourPico);
  if (policy.exceeded || left <= 0n || perHour <= 0n || left / perHour > MAX_HOURS) return undefined;
  const at = policy.spentThroughS + Number((left * HOUR_S) / perHour);
  return at < policy.periodEndsAtS ? at : undefined;
}

/** Spend in thousandths of the ceiling. */
export function spentPermille(policy: PolicyMessage): number {
  const ceiling = BigInt(policy.ceilingPico);
  return ceiling <= 0n ? 0 : Number((BigInt(policy.spendPico) * 1000n) / ceiling);
}

function breaksOr(policy: PolicyMessage): number {
  return breaksAtS(policy) ?? Number.MAX_SAFE_INTEGER;
}
