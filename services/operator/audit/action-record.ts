import type { budget } from '@kubehero/rpc';
import type { WorldKind } from '../world/world-objects.js';

/** What a record says that was done. */
export type ActionName =
  | 'Deny'
  | 'Undeny'
  | 'Scale'
  | 'Restore'
  | 'Suspend'
  | 'Resume'
  | 'Pause'
  | 'Unpause'
  | 'DeletePods'
  | 'Arm'
  | 'Disarm'
  | 'Refuse';

/** A record as the operator keeps and sends it: what is wrong with one, only the hub says. */
export type KeptRecord = Omit<budget.ActionRecord, 'fault'>;

/** An action to be recorded. */
export interface Action {
  readonly policyUid: string;
  readonly policyName: string;
  readonly action: ActionName;
  readonly object: budget.AffectedObject | null;
  /** Why, as a sentence with figures. */
  readonly reason: string;
  /** What was there before and after, JSON; empty where nothing changed. */
  readonly beforeJson: string;
  readonly afterJson: string;
}

/** By what a process that was killed in between can tell whether an action was done. */
export interface Witness {
  readonly kind: WorldKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** `marked`: the object exists and its record of the hold is {@link mark}. `present`, `gone`: it exists or not. */
  readonly expects: 'marked' | 'present' | 'gone';
  /** The annotation that the write leaves; null where it takes it away. */
  readonly mark?: string | null;
}

/** An action that is about to be done: on disk before it, so that it cannot be done and forgotten. */
export interface Intent {
  readonly id: string;
  readonly action: Action;
  readonly witness: Witness;
}
