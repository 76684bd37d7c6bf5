import { BudgetError } from './budget-error.js';
import { checkTimeZone } from './calendar.js';
import { parseCeiling, type Ceiling } from './ceiling.js';
import type { BudgetPolicySpec } from './policy-spec.js';
import { isEmptyScope } from './scope.js';

/** What judging needs of a policy that is in order. */
export interface CheckedPolicy {
  readonly ceiling: Ceiling;
  readonly timeZone: string;
}

/**
 * Reads `spec` as a cluster sent it.
 *
 * @throws BudgetError `BAD_SPEC`
 */
export function parsePolicySpec(json: string): BudgetPolicySpec {
  try {
    const spec: unknown = JSON.parse(json);
    if (isSpec(spec)) return spec;
  } catch (cause) {
    throw new BudgetError(
      'BAD_SPEC',
      'the spec of the policy is no JSON: send it as the API server holds it',
      {
        cause,
      },
    );
  }
  throw new BudgetError('BAD_SPEC', 'the spec of the policy has no scope or no ceiling: give both');
}

/**
 * Checks what the API server's schema cannot, and all of it once more where the cluster has an older one.
 *
 * @param currency - what the hub reckons in
 * @throws BudgetError
 */
export function checkPolicy(spec: BudgetPolicySpec, currency: string): CheckedPolicy {
  if (isEmptyScope(spec.scope)) {
    throw new BudgetError(
      'EMPTY_SCOPE',
      'an empty scope covers nothing: give clusterSelector, namespaceSelector, namespaces or workloadSelector',
    );
  }
  const timeZone = spec.timeZone ?? 'UTC';
  checkTimeZone(timeZone);
  return { ceiling: parseCeiling(spec.ceiling, currency), timeZone };
}

function isSpec(value: unknown): value is BudgetPolicySpec {
  if (typeof value !== 'object' || value === null) return false;
  const { scope, ceiling } = value as Record<string, unknown>;
  return typeof scope === 'object' && scope !== null && typeof ceiling === 'string';
}
