import type { ReactNode } from 'react';
import styles from './table-message.module.css';

/** What a table without rows, or with old ones, has to say. */
export interface TableMessageProps {
  readonly rows: { readonly ready: boolean; readonly error: string | undefined; readonly retry: () => void };
  readonly search: string;
}

const SHAPE = Array.from({ length: 8 }, (_, at) => at);

/** Loading, nothing found, or what went wrong with a way to try again. */
export function TableMessage({ rows, search }: TableMessageProps): ReactNode {
  if (rows.error !== undefined) {
    return (
      <p className={styles.error} role="alert">
        The table could not be read: {rows.error}.{' '}
        <button type="button" className={styles.retry} onClick={rows.retry}>
          Try again
        </button>
      </p>
    );
  }
  if (!rows.ready) {
    return (
      <div aria-hidden="true">
        {SHAPE.map((at) => (
          <div key={at} className={styles.shape} />
        ))}
      </div>
    );
  }
  if (search !== '') return <p className={styles.note}>Nothing here is called “{search}”.</p>;
  return <p className={styles.note}>Nothing here costs anything now.</p>;
}
