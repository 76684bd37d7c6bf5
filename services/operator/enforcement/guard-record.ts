import { createHash } from 'node:crypto';
import type { Guard } from '../world/world-objects.js';
import type { ScopeSpec } from './scope.js';

/** For which policy an admission policy, binding or quota stands, as an annotation on it. */
export interface GuardRecord {
  readonly version: 1;
  readonly uid: string;
  readonly name: string;
  /** What it covers: enough to find the owners that wait, also when the policy is gone. */
  readonly spec: ScopeSpec;
  /** SHA-256 of the rules; another one means that they must be written again. */
  readonly rules: string;
}

const parsed = new WeakMap<Guard, GuardRecord | 'none'>();

/** For which policy a guard stands; undefined where its annotation is none of ours. Each projection is read once. */
export function tryFindGuardRecord(guard: Guard): GuardRecord | undefined {
  if (guard.record === undefined) return undefined;
  const known = parsed.get(guard) ?? tryParse(guard.record) ?? 'none';
  parsed.set(guard, known);
  return known === 'none' ? undefined : known;
}

function tryParse(record: string): GuardRecord | undefined {
  try {
    const value = JSON.parse(record) as Partial<GuardRecord>;
    return value.version === 1 &&
      value.uid !== undefined &&
      value.name !== undefined &&
      value.spec !== undefined
      ? (value as GuardRecord)
      : undefined;
  } catch {
    // Somebody wrote something else there: the label still tells the policy, and the rules are written again.
    return undefined;
  }
}

/** What {@link GuardRecord.rules} holds. */
export function hashOfRules(rules: unknown): string {
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex');
}
