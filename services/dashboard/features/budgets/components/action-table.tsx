import type { ReactNode } from 'react';
import type { Clock } from '../../view/model/time-format.js';
import type { ActionMessage } from '../model/budget-messages.js';
import { sentence } from '../model/wording.js';
import styles from './policy-page.module.css';

/** What was done, newest first, with what was there before and after. */
export function ActionTable(props: {
  readonly actions: readonly ActionMessage[];
  readonly clock: Clock;
}): ReactNode {
  const { actions, clock } = props;
  return (
    <section className={styles.section} aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {actions.length === 0 ? (
        <p className={styles.note}>Nothing was done for this policy yet.</p>
      ) : (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="History of actions">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Action</th>
                <th scope="col">Object</th>
                <th scope="col">Why</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
              </tr>
            </thead>
            <tbody>
              {actions.map((action) => (
                <tr key={`${action.atS} ${action.sequence}`}>
                  <th scope="row" className={styles.time}>
                    {clock.dateTime(action.atS)}
                  </th>
                  <td>{action.action}</td>
                  <td>{objectOf(action)}</td>
                  <td>{sentence(action.reason)}</td>
                  <td className={`${styles.change} mono`}>{action.before}</td>
                  <td className={`${styles.change} mono`}>{action.after}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function objectOf({ object }: ActionMessage): ReactNode {
  if (object === null || object.name === '') return <span className="muted">–</span>;
  return (
    <>
      <span className="muted">{object.kind}</span>{' '}
      <span className="mono">
        {object.namespace === '' ? object.name : `${object.namespace}/${object.name}`}
      </span>
    </>
  );
}
