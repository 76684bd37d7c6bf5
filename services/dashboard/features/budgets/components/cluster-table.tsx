import type { ReactNode } from 'react';
import type { ClusterMessage } from '../model/budget-messages.js';
import { sentence } from '../model/wording.js';
import badges from './budgets-page.module.css';
import { ObjectTable } from './object-table.js';
import styles from './policy-page.module.css';

const STATES: Readonly<Record<string, string>> = {
  Idle: 'nothing is stopped',
  Enforcing: 'stopping',
  Enforced: 'stopped',
  Releasing: 'restoring',
  Released: 'restored',
  DryRun: 'dry run: would be stopped',
  Refused: 'refused',
};

/** Where enforcement stands, cluster by cluster, and what is held there. */
export function ClusterTable({ clusters }: { readonly clusters: readonly ClusterMessage[] }): ReactNode {
  return (
    <section className={styles.section} aria-labelledby="clusters-title">
      <h2 id="clusters-title">Clusters</h2>
      {clusters.length === 0 && (
        <p className={styles.note}>No operator has reported about this policy yet.</p>
      )}
      {clusters.map((cluster) => (
        <div key={cluster.cluster}>
          <p className={styles.note}>
            <strong>{cluster.cluster}</strong>{' '}
            {cluster.connected ? (
              'connected'
            ) : (
              <strong className={badges.alert}>not connected: it goes on with what it was told last</strong>
            )}
            , {STATES[cluster.state] ?? (cluster.state === '' ? 'nothing reported' : cluster.state)}
            {cluster.objectCount > 0 && `, ${cluster.objectCount} objects`}
            {cluster.objectCount > cluster.objects.length &&
              ` (the first ${cluster.objects.length} are listed)`}
            {cluster.message !== '' && <>. {sentence(cluster.message)}</>}
          </p>
          {cluster.objects.length > 0 && (
            <ObjectTable label={`Objects in ${cluster.cluster}`} objects={cluster.objects} />
          )}
        </div>
      ))}
    </section>
  );
}
