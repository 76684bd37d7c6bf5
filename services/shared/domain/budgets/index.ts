export { ExactSum } from './exact-sum.js';
export { BudgetError, type BudgetErrorCode } from './budget-error.js';
export { checkTimeZone, periodAt } from './calendar.js';
export { parseCeiling, type BudgetPeriod, type Ceiling } from './ceiling.js';
export { forecastSpend, FORECAST_METHOD, type ForecastInput, type SpendForecast } from './forecast.js';
export {
  isEmptySelector,
  matchesLabels,
  type LabelRequirement,
  type LabelSelector,
} from './label-selector.js';
export { checkPolicy, parsePolicySpec, type CheckedPolicy } from './policy-check.js';
export {
  enforcementActions,
  type BudgetPolicySpec,
  type BudgetScope,
  type BudgetThreshold,
  type EnforcementAction,
} from './policy-spec.js';
export { coversNamespace, isEmptyScope, reachOf, type Reach, type ScopeCluster } from './scope.js';
export { ScopeIndex, type ScopeClass, type ScopeNamespace, type ScopePart } from './scope-index.js';
export { SpendBook, type SpendRow } from './spend-book.js';
export type { RecentEntry, RecentIdle } from './recent-ledger.js';
export { CELL_S, type SpendCell } from './spend-cells.js';
export { type SpendLoad, type StoredSpend } from './spend-load.js';
export type { PartSpec, SpendPart } from './spend-part.js';
export { StoredSeconds } from './stored-seconds.js';
export {
  DEFAULT_THRESHOLDS,
  judge,
  phaseOf,
  type BudgetPhase,
  type Crossing,
  type JudgeInput,
  type Judgement,
} from './verdict.js';
