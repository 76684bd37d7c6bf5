import type { ReactNode } from 'react';
import { formatSpan } from '../../money/model/quantity-format.js';
import type { Clock } from '../../view/model/time-format.js';
import type { GapSpan } from '../model/live-window.js';
import styles from './gap-note.module.css';

/** Says in words what is missing in the chart: when, for how long, why. Nothing where all is there. */
export function GapNote({
  gaps,
  clock,
}: {
  readonly gaps: readonly GapSpan[];
  readonly clock: Clock;
}): ReactNode {
  const shown = gaps.slice(-3);
  if (shown.length === 0) return null;
  return (
    <ul className={styles.notes} aria-label="Missing time">
      {shown.map((gap) => (
        <li key={gap.fromS}>
          {clock.time(gap.fromS)} for {formatSpan(gap.toS - gap.fromS)}: {reason(gap)}
        </li>
      ))}
      {gaps.length > shown.length && <li>{gaps.length - shown.length} more before</li>}
    </ul>
  );
}

function reason(gap: GapSpan): string {
  if (gap.kind === 'none') return 'no collector reported';
  const nodes = gap.missingNodes === 1 ? '1 node' : `${gap.missingNodes} nodes`;
  return `${nodes} silent, charged as unobserved where ${gap.missingNodes === 1 ? 'it' : 'they'} ran`;
}
