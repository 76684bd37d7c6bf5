import type { ReactNode } from 'react';
import type { AffectedObjectMessage } from '../model/budget-messages.js';
import styles from './policy-page.module.css';

const WHAT: Readonly<Record<string, string>> = {
  Scaled: 'scaled to zero',
  Suspended: 'suspended',
  Paused: 'paused',
  PodsDeleted: 'pods deleted, spec kept',
  Denied: 'new pods refused',
  Held: 'held',
  Reported: 'reported, left alone',
};

/** Objects and what becomes of them. */
export function ObjectTable(props: {
  readonly label: string;
  readonly objects: readonly AffectedObjectMessage[];
}): ReactNode {
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={props.label}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Object</th>
            <th scope="col">Namespace</th>
            <th scope="col">What happens</th>
          </tr>
        </thead>
        <tbody>
          {props.objects.map(({ kind, namespace, name, action }) => (
            <tr key={`${kind} ${namespace} ${name} ${action}`}>
              <th scope="row">
                <span className="muted">{kind}</span> <span className="mono">{name}</span>
              </th>
              <td className="mono">{namespace}</td>
              <td>{WHAT[action] ?? action}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
