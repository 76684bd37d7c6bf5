import type { AffectedObjectMessage, ConditionMessage, PolicyMessage } from './budget-messages.js';

/** Conditions whose truth is good news; of all others it is what a person should know. */
const GOOD_WHEN_TRUE = new Set(['Accepted', 'Scope', 'Reach', 'Simulated']);

/** Conditions that a person should read. */
export function concerns(conditions: readonly ConditionMessage[]): readonly ConditionMessage[] {
  return conditions.filter(({ type, status, reason }) =>
    GOOD_WHEN_TRUE.has(type) ? status !== 'True' || reason === 'MatchesEverything' : status === 'True',
  );
}

/** A text of the control plane as a sentence. */
export function sentence(text: string): string {
  return text === ''
    ? ''
    : `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** Whether crossing the ceiling stops anything, and who decided so. */
export function armedText(policy: PolicyMessage): string {
  if (!policy.hardStop) return policy.armed ? 'armed, but without hard stop: it only warns' : 'warns only';
  if (policy.dryRun) return policy.armed ? `${armedBy(policy)}, dry run` : 'not armed, dry run';
  return policy.armed ? armedBy(policy) : 'not armed';
}

/** Counts of objects by kind: `3 Deployments, 1 CronJob`; those that are only reported do not count. */
export function countKinds(objects: readonly AffectedObjectMessage[]): string {
  const counts = new Map<string, number>();
  for (const { kind, action } of objects)
    if (action !== 'Reported') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`).join(', ');
}

/** True where stopping these throws work away or delays runs. */
export function losesWork(objects: readonly AffectedObjectMessage[]): boolean {
  return objects.some(({ kind }) => kind === 'Job' || kind === 'CronJob');
}

function armedBy({ armedBy: who }: PolicyMessage): string {
  return who === '' ? 'armed' : `armed by ${who}`;
}
