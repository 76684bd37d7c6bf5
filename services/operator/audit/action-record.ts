import type { budget } from '@kubehero/rpc';

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
