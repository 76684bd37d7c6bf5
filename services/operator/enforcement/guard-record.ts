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

/** Reads the annotation; undefined where it is none of ours. */
export function tryParseGuardRecord({ record }: Guard): GuardRecord | undefined {
  if (record === undefined) return undefined;
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
