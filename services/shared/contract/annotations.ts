/** Keys of annotations and labels that KubeHero reads or writes on objects of a cluster. */
export const annotationKeys = {
  /** On a node: its price per hour as a plain decimal in the hub's currency. */
  pricePerHour: 'kubehero.io/price-per-hour',
  /** On a namespace or workload: `"true"` keeps enforcement away from it. */
  protected: 'kubehero.io/protected',
  /** On a BudgetPolicy: who armed it, and the request of the hub's command or dashboard that did. */
  armedBy: 'kubehero.io/armed-by',
  armRequest: 'kubehero.io/arm-request',
  /** Label on a BudgetPolicy that is written in another cluster: its UID there. */
  replicaOf: 'kubehero.io/replica-of',
  /** Label on the registration of a cluster whose policies may reach other clusters: `"true"`. */
  policySource: 'kubehero.io/policy-source',
  /** On an object that enforcement stopped: what was there, and the policies that hold it, as JSON. */
  held: 'kubehero.io/held',
  /** On the owner of pods, for a moment after a release: wakes up its controller, which is in back-off. */
  nudged: 'kubehero.io/nudged',
  /** Label on an admission policy, binding or quota that stands for a BudgetPolicy: its UID. */
  budgetPolicy: 'kubehero.io/budget-policy',
  /** On the same objects: the policy's name and scope, as JSON. */
  guard: 'kubehero.io/guard',
} as const;
