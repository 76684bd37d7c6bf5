import type { ReactNode } from 'react';
import type { ConditionMessage } from '../model/budget-messages.js';
import { concerns, sentence } from '../model/wording.js';
import styles from './budgets-page.module.css';

/** Conditions with their reason and the way out; those that a person should read stand out. */
export function ConditionList({
  conditions,
}: {
  readonly conditions: readonly ConditionMessage[];
}): ReactNode {
  const told = new Set(concerns(conditions));
  if (conditions.length === 0) return null;
  return (
    <ul className={styles.conditions}>
      {conditions.map((condition) => (
        <li key={`${condition.type} ${condition.reason} ${condition.message}`}>
          <strong className={told.has(condition) ? styles.alert : styles.calm}>{condition.reason}</strong>{' '}
          {sentence(condition.message)}
        </li>
      ))}
    </ul>
  );
}
