import type { ReactNode } from 'react';
import styles from './budgets-page.module.css';

/** What could not be read, and the way to try again. */
export interface ReadFaultProps {
  readonly what: string;
  readonly answer: { readonly error: string | undefined; readonly retry: () => void };
}

/** Says what could not be read and offers to try again; nothing where all is well. */
export function ReadFault({ what, answer }: ReadFaultProps): ReactNode {
  if (answer.error === undefined) return null;
  return (
    <p className={styles.error} role="alert">
      {what} could not be read: {answer.error}.{' '}
      <button type="button" className={styles.button} onClick={answer.retry}>
        Try again
      </button>
    </p>
  );
}
