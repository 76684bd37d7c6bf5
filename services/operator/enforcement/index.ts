export { Enforcer, type EnforcerOptions } from './enforcer.js';
export type {
  EnforcementResult,
  EnforcementState,
  Finding,
  PolicyInForce,
  Wanted,
} from './enforcement-types.js';
export { AuditChain, unknownOutcome, type AuditChainOptions } from '../audit/audit-chain.js';
export type { Action, ActionName } from '../audit/action-record.js';
export { World, type WorldChange, type WorldListener, type WorldOptions } from '../world/world.js';
export type { Abilities } from '../world/discovery.js';
export type {
  EndpointSlice,
  Guard,
  Labels,
  Namespace,
  Node,
  OwnerRef,
  Pod,
  Service,
  Volume,
  Workload,
  WorkloadKind,
  WorldKind,
  WorldObject,
} from '../world/world-objects.js';
