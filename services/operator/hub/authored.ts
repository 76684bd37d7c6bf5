import type { budget } from '@kubehero/rpc';
import { armedByOf, isReplica, type BudgetPolicyObject } from '../policies/budget-policy.js';

/** The policies that are written in this cluster, as the hub wants them; those that are being deleted are gone. */
export function authoredPolicies(
  policies: Iterable<BudgetPolicyObject>,
): readonly budget.AuthoredPolicyInput[] {
  return [...policies]
    .filter((policy) => !isReplica(policy) && policy.metadata.deletionTimestamp === undefined)
    .map((policy) => ({
      uid: policy.metadata.uid,
      name: policy.metadata.name,
      generation: policy.metadata.generation,
      specJson: JSON.stringify(policy.spec),
      armedBy: armedByOf(policy),
    }));
}
