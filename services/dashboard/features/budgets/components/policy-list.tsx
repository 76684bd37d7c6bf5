import type { ReactNode } from 'react';
import type { Clock } from '../../view/model/time-format.js';
import { budgetHref, type BudgetView } from '../hooks/use-budget-view.js';
import type { PolicyMessage } from '../model/budget-messages.js';
import { concerns } from '../model/wording.js';
import styles from './budgets-page.module.css';
import { BurnBar } from './burn-bar.js';
import { ConditionList } from './condition-list.js';
import { PolicyBadges } from './policy-badges.js';
import { PolicyFacts } from './policy-facts.js';

/** What the list shows and does. */
export interface PolicyListProps {
  readonly policies: readonly PolicyMessage[];
  readonly view: BudgetView;
  readonly clock: Clock;
  readonly nowS: number;
}

/** Every policy; those that need a person first. */
export function PolicyList({ policies, view, clock, nowS }: PolicyListProps): ReactNode {
  return (
    <>
      <p className={styles.count} role="status">
        {summary(policies)}
      </p>
      <ol className={styles.list} aria-label="Budget policies">
        {policies.map((policy) => (
          <li key={policy.uid} className={styles.policy}>
            <div className={styles.heading}>
              <h2 className={styles.name}>
                <a href={budgetHref({ ...view, policy: policy.name, cluster: policy.cluster })}>
                  {policy.name}
                </a>
              </h2>
              <span className="muted">{policy.cluster}</span>
              <PolicyBadges policy={policy} />
            </div>
            {policy.currency !== '' && policy.ceilingPico !== '0' && (
              <>
                <BurnBar policy={policy} />
                <PolicyFacts policy={policy} clock={clock} nowS={nowS} />
              </>
            )}
            <ConditionList conditions={concerns(policy.conditions)} />
          </li>
        ))}
      </ol>
    </>
  );
}

function summary(policies: readonly PolicyMessage[]): string {
  const over = policies.filter(({ exceeded }) => exceeded).length;
  const armed = policies.filter((policy) => policy.armed).length;
  const count = `${policies.length} ${policies.length === 1 ? 'policy' : 'policies'}`;
  return `${count}, ${over} above the ceiling, ${armed} armed`;
}
