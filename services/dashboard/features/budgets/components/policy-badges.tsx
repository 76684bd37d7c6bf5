import type { ReactNode } from 'react';
import type { PolicyMessage } from '../model/budget-messages.js';
import { armedText } from '../model/wording.js';
import styles from './budgets-page.module.css';

const LOUD = new Set(['Exceeded', 'Enforced']);
const CALM = new Set(['Tracking', 'Released']);

/** The phase, the ceiling as it is written, and whether anything would stop. */
export function PolicyBadges({ policy }: { readonly policy: PolicyMessage }): ReactNode {
  const { phase } = policy;
  const tone = LOUD.has(phase) ? styles.loud : CALM.has(phase) ? styles.calm : styles.alert;
  return (
    <>
      <span className={`${styles.phase} ${tone}`}>{phase}</span>
      <span className="mono">
        {policy.ceiling}
        {policy.perCluster && ' per cluster'}
      </span>
      <span className={policy.armed ? styles.armed : styles.calm}>{armedText(policy)}</span>
    </>
  );
}
