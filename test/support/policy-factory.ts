import type { BudgetPolicySpec } from '@kubehero/domain';
import { questionOf, type BudgetPolicyObject, type Verdict } from '@kubehero/operator';

/** Noon of a day in 2026, epoch seconds. */
export const noonS = Date.UTC(2026, 5, 15, 12) / 1000;
const day = 86_400;

/** Picounits of whole units. */
export const units = (amount: number): bigint => BigInt(amount) * 1_000_000_000_000n;

/** An armed hard stop of ten dollars a day, with what a test says differently. */
export function specOf(spec: Partial<BudgetPolicySpec> = {}): BudgetPolicySpec {
  return { scope: { namespaces: ['web'] }, ceiling: '$10/d', hardStop: true, armed: true, ...spec };
}

/** A verdict on {@link specOf} in the middle of its day: eleven dollars are spent. */
export function verdictOf(verdict: Partial<Verdict> = {}): Verdict {
  return {
    epoch: 1n,
    version: 1n,
    generation: 1,
    originClusterId: 'here',
    question: questionOf(specOf()),
    currency: 'USD',
    ceiling: units(10),
    spend: units(11),
    periodStartsAtS: noonS - day / 2,
    periodEndsAtS: noonS + day / 2,
    spentThroughS: noonS,
    exceeded: true,
    exceededAtS: noonS - 60,
    crossed: [],
    ...verdict,
  };
}

/** A policy object over {@link specOf}. */
export function policyObject(input: Partial<BudgetPolicyObject> = {}): BudgetPolicyObject {
  return {
    metadata: {
      uid: 'uid-1',
      name: 'web',
      resourceVersion: '7',
      generation: 1,
      labels: {},
      annotations: {},
      finalizers: [],
    },
    spec: specOf(),
    status: {},
    armedWith: '',
    ...input,
  };
}
