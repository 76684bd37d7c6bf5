import type { budget } from '@kubehero/rpc';
import type { EnforcementResult } from '../enforcement/index.js';
import type { Decision } from './decide.js';
import type { Verdict } from './verdict.js';

const states: Readonly<Record<EnforcementResult['state'], budget.EnforcementState>> = {
  idle: 'ENFORCEMENT_STATE_IDLE',
  enforcing: 'ENFORCEMENT_STATE_ENFORCING',
  enforced: 'ENFORCEMENT_STATE_ENFORCED',
  releasing: 'ENFORCEMENT_STATE_RELEASING',
  released: 'ENFORCEMENT_STATE_RELEASED',
  'dry-run': 'ENFORCEMENT_STATE_DRY_RUN',
  refused: 'ENFORCEMENT_STATE_REFUSED',
};
const MAX_OBJECTS = 100;

/** What the hub is told about a policy in this cluster. What is kept as it was is enforced as it was. */
export function toEnforcement(
  policyUid: string,
  verdict: Verdict,
  decision: Decision,
  result: EnforcementResult | undefined,
): budget.EnforcementInput {
  const isKept = decision.wanted === 'keep' && verdict.exceeded;
  const untouched = isKept ? 'ENFORCEMENT_STATE_ENFORCED' : 'ENFORCEMENT_STATE_IDLE';
  return {
    policyUid,
    epoch: String(verdict.epoch),
    version: String(verdict.version),
    state: result === undefined ? untouched : states[result.state],
    objects: (result?.objects ?? []).slice(0, MAX_OBJECTS),
    objectCount: result?.objectCount ?? 0,
    message: result?.message ?? '',
  };
}
