'use client';

import { useState, type ReactNode } from 'react';
import { useAnswer } from '../../view/hooks/use-answer.js';
import type { Clock } from '../../view/model/time-format.js';
import { budgetHref, type BudgetView } from '../hooks/use-budget-view.js';
import type { PolicyDetailMessage, PolicyMessage, SimulationMessage } from '../model/budget-messages.js';
import { ActionTable } from './action-table.js';
import { ArmDialog } from './arm-dialog.js';
import styles from './budgets-page.module.css';
import { ClusterTable } from './cluster-table.js';
import { ConditionList } from './condition-list.js';
import { PolicyBadges } from './policy-badges.js';
import { PolicyFacts } from './policy-facts.js';
import page from './policy-page.module.css';
import { ReadFault } from './read-fault.js';
import { SimulationPanel } from './simulation-panel.js';
import { SpendPanel } from './spend-panel.js';

const REFRESH_MS = 3000;
const SIMULATION_REFRESH_MS = 30_000;

/** What the page shows. */
export interface PolicyPageProps {
  readonly view: BudgetView;
  readonly clock: Clock;
  readonly nowS: number;
}

/** One policy: where it leads, what stops, what was done, and the switch. */
export function PolicyPage({ view, clock, nowS }: PolicyPageProps): ReactNode {
  const query = new URLSearchParams({ policy: view.policy, cluster: view.cluster }).toString();
  const detail = useAnswer<PolicyDetailMessage>(`/api/budgets/policy?${query}`, REFRESH_MS);
  const simulation = useAnswer<SimulationMessage>(`/api/budgets/simulation?${query}`, SIMULATION_REFRESH_MS);
  const policy = detail.value?.policy;
  return (
    <>
      <a className={page.back} href={budgetHref({ ...view, policy: '', cluster: '' })}>
        All budgets
      </a>
      {policy === undefined && <h1 className={styles.title}>{view.policy}</h1>}
      <ReadFault what="The budget" answer={detail} />
      {detail.value === undefined && detail.error === undefined && <div className={styles.shape} />}
      {detail.value && policy && (
        <>
          <Heading policy={policy} simulation={simulation.value} onChanged={detail.retry} />
          <ConditionList conditions={policy.conditions} />
          {policy.currency !== '' && policy.ceilingPico !== '0' && (
            <>
              <PolicyFacts policy={policy} clock={clock} nowS={nowS} />
              <SpendPanel detail={detail.value} clock={clock} />
            </>
          )}
          <ClusterTable clusters={policy.clusters} />
          <ReadFault what="What would stop" answer={simulation} />
          {simulation.value && <SimulationPanel simulation={simulation.value} clock={clock} />}
          <ActionTable actions={detail.value.actions} clock={clock} />
        </>
      )}
    </>
  );
}

interface HeadingProps {
  readonly policy: PolicyMessage;
  readonly simulation: SimulationMessage | undefined;
  readonly onChanged: () => void;
}

function Heading({ policy, simulation, onChanged }: HeadingProps): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <div className={page.heading}>
      <div className={styles.heading}>
        <h1 className={styles.title}>{policy.name}</h1>
        <span className="muted">{policy.cluster}</span>
        <PolicyBadges policy={policy} />
      </div>
      <button type="button" className={policy.armed ? styles.button : page.arm} onClick={() => setOpen(true)}>
        {policy.armed ? 'Disarm' : 'Arm'}
      </button>
      {open && (
        <ArmDialog
          policy={policy}
          wouldStop={simulation?.wouldStop}
          onClose={() => setOpen(false)}
          onDone={onChanged}
        />
      )}
    </div>
  );
}
