import type { ReactNode } from 'react';
import styles from './empty-state.module.css';

/** What is shown before the first second: what is missing, and what to do about it. */
export function EmptyState(): ReactNode {
  return (
    <section className={styles.empty} aria-labelledby="empty-title">
      <h1 id="empty-title" className={styles.title}>
        No cost yet
      </h1>
      <p className={styles.lead}>
        The control plane answers, but no collector has sent a second. This page begins by itself with the
        first one.
      </p>
      <ol className={styles.steps}>
        <Step title="On this machine" command="kubehero up --collector auto">
          measures what runs here
        </Step>
        <Step
          title="Without any workload"
          command="kubehero simulate --nodes 10 --pods-per-node 30 --seconds 600 --realtime"
        >
          sends invented telemetry through the real protocol
        </Step>
        <Step title="If a collector should be there" command="kubehero doctor">
          says what is missing and how to get it
        </Step>
      </ol>
    </section>
  );
}

interface StepProps {
  readonly title: string;
  readonly command: string;
  readonly children: ReactNode;
}

function Step({ title, command, children }: StepProps): ReactNode {
  return (
    <li className={styles.step}>
      <h2 className={styles.name}>{title}</h2>
      <code className={`${styles.command} mono`}>{command}</code>
      <p className={styles.note}>{children}</p>
    </li>
  );
}
