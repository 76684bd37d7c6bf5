export {
  isEmptySelector,
  matchesLabels,
  type LabelRequirement,
  type LabelSelector,
} from './label-selector.js';
export {
  enforcementActions,
  type BudgetPolicySpec,
  type BudgetScope,
  type BudgetThreshold,
  type EnforcementAction,
} from './policy-spec.js';
