export * from './enforcement/index.js';
export { operatorSettings, type OperatorSettings } from './config.js';
export { fencedServer, LeaseElector, type LeaseElectorOptions } from './lease/lease-elector.js';
export { findApiServer, readClusterId, runOperator, runUninstall } from './main.js';
export { Operator, type Election, type OperatorOptions } from './operator.js';
export type { BudgetPolicyObject, PolicyStatus } from './policies/budget-policy.js';
export { decide, type Decision, type DecisionInput, type DecisionReason } from './policies/decide.js';
export { policyFinalizer, policiesPath } from './policies/budget-policy.js';
export { compareStatus, computeStatus, type StatusFacts } from './policies/policy-status.js';
export {
  questionOf,
  readCeiling,
  restoreVerdict,
  storeVerdict,
  toVerdict,
  type Verdict,
} from './policies/verdict.js';
export { VerdictBook } from './policies/verdict-book.js';
export { EventRecorder, type EventRecorderOptions, type PolicyEvent } from './policies/event-recorder.js';
export { PolicyStore, type PolicyStoreOptions } from './policies/policy-store.js';
