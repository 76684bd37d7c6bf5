import type { ReactNode } from 'react';
import { formatChange, formatChangeRatio, parsePico } from '../../money/model/money-format.js';
import type { Mover } from '../model/live-messages.js';
import styles from './movers.module.css';

/** What the movers show. */
export interface MoversProps {
  readonly movers: readonly Mover[] | null | undefined;
  readonly currency: string;
  readonly hrefOf: (mover: Mover) => string | undefined;
  readonly onOpen: (mover: Mover) => void;
}

/** What changed most: money first, per cent second. */
export function Movers(props: MoversProps): ReactNode {
  return (
    <section className={styles.movers} aria-labelledby="movers-title">
      <div className={styles.head}>
        <h2 id="movers-title" className={styles.title}>
          Movers
        </h2>
        <p className={styles.note}>last minute against the 14 before</p>
      </div>
      <MoverList {...props} />
    </section>
  );
}

function MoverList(props: MoversProps): ReactNode {
  if (props.movers === undefined) return <p className={styles.quiet}>Working them out</p>;
  if (props.movers === null) return <p className={styles.quiet}>Too few complete seconds to compare yet</p>;
  if (props.movers.length === 0) return <p className={styles.quiet}>Nothing moved by more than 1 %</p>;
  return (
    <ul className={styles.list}>
      {props.movers.map((mover) => (
        <MoverItem key={Object.values(mover.keys).join('/')} mover={mover} {...props} />
      ))}
    </ul>
  );
}

function MoverItem({ mover, currency, hrefOf, onOpen }: MoversProps & { readonly mover: Mover }): ReactNode {
  const now = parsePico(mover.now);
  const before = parsePico(mover.before);
  const href = hrefOf(mover);
  const open = (event: React.MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onOpen(mover);
  };
  return (
    <li className={styles.mover}>
      {href === undefined ? (
        <span className={`${styles.name} mono`}>{mover.label}</span>
      ) : (
        <a className={`${styles.name} mono`} href={href} onClick={open}>
          {mover.label}
        </a>
      )}
      <span className={styles.change}>
        {formatChange(now - before, currency)} /s{' '}
        <span className="muted">{formatChangeRatio(now, before)}</span>
      </span>
    </li>
  );
}
