import type { BudgetPolicyObject, Phase } from './budget-policy.js';
import { sentenceOf } from './conditions.js';
import type { DecisionReason } from './decide.js';
import type { EventRecorder, PolicyEvent } from './event-recorder.js';

const events: Readonly<Record<Phase, Pick<PolicyEvent, 'type' | 'reason' | 'action'>>> = {
  Tracking: { type: 'Normal', reason: 'Tracking', action: 'Track' },
  Warning: { type: 'Warning', reason: 'ThresholdCrossed', action: 'Warn' },
  Exceeded: { type: 'Warning', reason: 'CeilingExceeded', action: 'Warn' },
  Enforced: { type: 'Warning', reason: 'Enforced', action: 'Enforce' },
  Released: { type: 'Normal', reason: 'Released', action: 'Release' },
  Stale: { type: 'Warning', reason: 'SpendStale', action: 'Wait' },
};

/** Records what changed between two states of a policy: its phase, and conditions that say what is wrong. */
export function announce(
  recorder: Pick<EventRecorder, 'record'>,
  before: BudgetPolicyObject,
  after: BudgetPolicyObject,
  reason: DecisionReason,
): void {
  const { phase } = after.status;
  if (phase !== undefined && phase !== before.status.phase) {
    recorder.record(after, { ...events[phase], note: noteOf(after, phase, reason) });
  }
  const known = new Map((before.status.conditions ?? []).map((condition) => [condition.type, condition]));
  for (const { type, status, reason: why, message } of after.status.conditions ?? []) {
    const isFault = type === 'Valid' ? status === 'False' : !standard.has(type) && status === 'True';
    if (!isFault || known.get(type)?.message === message) continue;
    recorder.record(after, { type: 'Warning', reason: why, action: 'Check', note: message });
  }
}

/** Conditions that the phase speaks of already. */
const standard = new Set(['Valid', 'Tracked', 'Exceeded', 'Enforced']);

function noteOf({ spec, status }: BudgetPolicyObject, phase: Phase, reason: DecisionReason): string {
  const figures = `spend ${status.spend ?? '0'} ${status.currency ?? ''} of ${spec.ceiling}`;
  if (phase === 'Enforced') return `${figures}: ${status.stoppedCount ?? 0} objects are stopped`;
  if (phase === 'Warning') {
    const crossed = (status.verdict?.crossed ?? []).map(
      ({ percent = 0, on = 'Spend' }) => `${percent}% (${on})`,
    );
    return `${figures} passed ${crossed.join(', ')}`;
  }
  return `${figures}: ${sentenceOf(reason)}`;
}
