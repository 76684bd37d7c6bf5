import type { ReactNode } from 'react';
import { Cost } from '../../money/components/money.js';
import type { Clock } from '../../view/model/time-format.js';
import type { SimulationMessage } from '../model/budget-messages.js';
import { concerns, countKinds, sentence } from '../model/wording.js';
import { ConditionList } from './condition-list.js';
import { ObjectTable } from './object-table.js';
import styles from './policy-page.module.css';

/** What the policy would stop now, and what it would have done in the last 30 days. */
export function SimulationPanel(props: {
  readonly simulation: SimulationMessage;
  readonly clock: Clock;
}): ReactNode {
  const { wouldStop, periods, conditions } = props.simulation;
  const summary = conditions.find(({ type }) => type === 'Simulated')?.message ?? '';
  return (
    <>
      <section className={styles.section} aria-labelledby="stop-title">
        <h2 id="stop-title">What would stop now</h2>
        <p className={styles.note}>
          {wouldStop.length === 0
            ? 'No running workload that it may stop is in its scope.'
            : `${countKinds(wouldStop) || 'Nothing'}, if the ceiling were crossed this moment with the policy armed.`}
        </p>
        {wouldStop.length > 0 && <ObjectTable label="Objects that would stop" objects={wouldStop} />}
      </section>
      <section className={styles.section} aria-labelledby="past-title">
        <h2 id="past-title">The last 30 days</h2>
        <p className={styles.note}>{sentence(summary)}</p>
        <ConditionList conditions={concerns(conditions)} />
        {periods.length > 0 && <PeriodTable {...props} />}
      </section>
    </>
  );
}

function PeriodTable(props: { readonly simulation: SimulationMessage; readonly clock: Clock }): ReactNode {
  const { currency, periods } = props.simulation;
  const { clock } = props;
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Periods">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Period from</th>
            <th scope="col" className={styles.number}>
              Spent
            </th>
            <th scope="col">Ceiling crossed</th>
            <th scope="col" className={styles.number}>
              Spent after that
            </th>
          </tr>
        </thead>
        <tbody>
          {periods.map(({ startsAtS, spendPico, exceededAtS, spendAfterPico }) => (
            <tr key={startsAtS}>
              <th scope="row" className={styles.time}>
                {clock.dateTime(startsAtS)}
              </th>
              <td className={styles.number}>
                <Cost pico={BigInt(spendPico)} currency={currency} />
              </td>
              <td className={styles.time}>{exceededAtS === 0 ? 'never' : clock.dateTime(exceededAtS)}</td>
              <td className={styles.number}>
                <Cost pico={BigInt(spendAfterPico)} currency={currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
