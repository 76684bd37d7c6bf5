import type { ReactNode } from 'react';
import type { Answer } from '../../view/hooks/use-answer.js';
import styles from './prices-page.module.css';

/** Says what could not be read and offers to try again; nothing where all is well. */
export function ReadFault({
  what,
  answer,
}: {
  readonly what: string;
  readonly answer: Pick<Answer<unknown>, 'error' | 'retry'>;
}): ReactNode {
  if (answer.error === undefined) return null;
  return (
    <p className={styles.error} role="alert">
      {what} could not be read: {answer.error}.{' '}
      <button type="button" className={styles.link} onClick={answer.retry}>
        Try again
      </button>
    </p>
  );
}
