import type { ReactNode } from 'react';
import type { AffectedObjectMessage, PolicyMessage } from '../model/budget-messages.js';
import { countKinds, losesWork } from '../model/wording.js';
import styles from './arm-dialog.module.css';

const MOST_NAMED = 12;

/** Says plainly what an armed policy does, and what cannot be taken back. */
export function ArmConsequences(props: {
  readonly policy: PolicyMessage;
  readonly wouldStop: readonly AffectedObjectMessage[] | undefined;
}): ReactNode {
  const { policy, wouldStop } = props;
  return (
    <>
      <p className={styles.text}>{whatHappens(policy)}</p>
      {policy.hardStop && <Stopped wouldStop={wouldStop} />}
      {policy.hardStop && !policy.dryRun && (
        <p className={styles.loss}>
          Suspending a Job throws its running work away. A CronJob that is resumed catches up the runs it
          missed.
          {wouldStop !== undefined && losesWork(wouldStop) && ' There are such objects in the list.'}
        </p>
      )}
    </>
  );
}

function whatHappens(policy: PolicyMessage): string {
  if (!policy.hardStop) return 'This policy has no hard stop: armed or not, it only warns.';
  if (policy.dryRun)
    return 'This policy is a dry run: armed, it lists what it would stop and changes nothing.';
  const when = policy.exceeded
    ? 'Spend is above the ceiling already: workloads are stopped within seconds.'
    : `When spend crosses ${policy.ceiling}, workloads in its scope are stopped within seconds.`;
  return `${when} New pods there are refused. Everything is restored when the period ends, the ceiling is raised or the policy is disarmed.`;
}

function Stopped({
  wouldStop,
}: {
  readonly wouldStop: readonly AffectedObjectMessage[] | undefined;
}): ReactNode {
  if (wouldStop === undefined) return <p className={styles.text}>What would stop now is not known yet.</p>;
  if (wouldStop.length === 0)
    return <p className={styles.text}>No running workload that it may stop is in its scope now.</p>;
  return (
    <>
      <p className={styles.text}>
        Now that would stop <strong>{countKinds(wouldStop) || 'nothing'}</strong>:
      </p>
      <ul className={`${styles.objects} mono`}>
        {wouldStop.slice(0, MOST_NAMED).map(({ kind, namespace, name, action }) => (
          <li key={`${kind} ${namespace} ${name} ${action}`}>
            {kind} {namespace}/{name}
          </li>
        ))}
        {wouldStop.length > MOST_NAMED && <li>and {wouldStop.length - MOST_NAMED} more</li>}
      </ul>
    </>
  );
}
