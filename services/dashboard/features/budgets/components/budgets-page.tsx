'use client';

import { useMemo, type ReactNode } from 'react';
import { PageBar } from '../../jump/components/page-bar.js';
import { useExactCopy } from '../../money/components/use-exact-copy.js';
import { useAnswer } from '../../view/hooks/use-answer.js';
import { TimeZoneSwitch } from '../../view/components/time-zone-switch.js';
import { useNow } from '../../view/hooks/use-now.js';
import { createClock, type Clock } from '../../view/model/time-format.js';
import { useBudgetView, type BudgetView } from '../hooks/use-budget-view.js';
import type { PolicyListMessage } from '../model/budget-messages.js';
import styles from './budgets-page.module.css';
import { FirstPolicy } from './first-policy.js';
import { PolicyList } from './policy-list.js';
import { PolicyPage } from './policy-page.js';
import { ReadFault } from './read-fault.js';

const REFRESH_MS = 5000;

/** The budgets page: which ceiling breaks next, and what happens then. */
export function BudgetsPage(): ReactNode {
  const [view, setView] = useBudgetView();
  const nowS = useNow(true);
  const clock = useMemo(() => createClock(view.tz), [view.tz]);
  useExactCopy();
  return (
    <>
      <PageBar page="Budgets" />
      <main className={styles.main}>
        <div className={styles.top}>
          {view.policy === '' && <h1 className={styles.title}>Budgets</h1>}
          <TimeZoneSwitch value={view.tz} nowS={nowS} onChange={(tz) => setView({ tz })} />
        </div>
        {view.policy === '' ? (
          <AllPolicies view={view} clock={clock} nowS={nowS} />
        ) : (
          <PolicyPage key={`${view.cluster} ${view.policy}`} view={view} clock={clock} nowS={nowS} />
        )}
      </main>
    </>
  );
}

interface AllPoliciesProps {
  readonly view: BudgetView;
  readonly clock: Clock;
  readonly nowS: number;
}

function AllPolicies(props: AllPoliciesProps): ReactNode {
  const answer = useAnswer<PolicyListMessage>('/api/budgets', REFRESH_MS);
  const policies = answer.value?.policies;
  return (
    <>
      <ReadFault what="Budgets" answer={answer} />
      {policies === undefined && answer.error === undefined && <div className={styles.shape} />}
      {policies?.length === 0 && <FirstPolicy />}
      {policies !== undefined && policies.length > 0 && <PolicyList {...props} policies={policies} />}
    </>
  );
}
