import type { MouseEvent, ReactNode } from 'react';
import { Cost, Rate } from '../../money/components/money.js';
import {
  exactDecimal,
  exactMoney,
  formatShare,
  joinParts,
  rateParts,
  SECONDS_PER_MONTH,
} from '../../money/model/money-format.js';
import { formatSpan } from '../../money/model/quantity-format.js';
import { viewHref, type SetView, type View } from '../../view/hooks/use-view.js';
import type { Clock } from '../../view/model/time-format.js';
import type { Where } from '../model/grouping.js';
import type { LiveWindow, WindowSecond } from '../model/live-window.js';
import styles from './headline.module.css';

/** What the headline shows. */
export interface HeadlineProps {
  readonly view: View;
  readonly setView: SetView;
  readonly window: LiveWindow | undefined;
  readonly where: readonly Where[];
  readonly clock: Clock;
  /** Age of the newest second. */
  readonly ageS: number;
  readonly stale: boolean;
}

/** The rate, large, with its second, its coverage and its currency; what it comes to in a month; what to know beside. */
export function Headline(props: HeadlineProps): ReactNode {
  const { window: live } = props;
  const row = live?.newest;
  if (live === undefined || row === undefined) return <HeadlineShape />;
  return (
    <section className={styles.headline} aria-label="Rate">
      <div>
        <h1 className={styles.title}>{scopeName(props.where)}</h1>
        <p className={props.stale ? `${styles.rate} ${styles.stale}` : styles.rate}>
          {isUnpriced(row) ? 'No price' : <BigRate pico={row.totalPico} currency={live.currency} />}
        </p>
        <p className={styles.month}>
          {isUnpriced(row) ? (
            <span className="muted">
              no node has one: annotate nodes with <code className="mono">kubehero.io/price-per-hour</code>
            </span>
          ) : (
            <>
              ≈ <Cost pico={row.totalPico * SECONDS_PER_MONTH} currency={live.currency} />
              <span className="muted"> / month at this rate</span>
            </>
          )}
        </p>
        <p className={styles.window}>
          {live.currency}, second {props.clock.time(row.second)} {props.clock.zoneName(row.second)}
          {props.stale && <strong className={styles.age}>, {formatSpan(props.ageS)} old</strong>}
        </p>
      </div>
      <Facts {...props} live={live} row={row} />
    </section>
  );
}

/** Nodes without a price are not free: their rate is unknown, not zero. */
function isUnpriced(row: WindowSecond): boolean {
  return row.totalPico === 0n && row.unpricedNodes > 0;
}

function Facts(props: HeadlineProps & { readonly live: LiveWindow; readonly row: WindowSecond }): ReactNode {
  const { live, row } = props;
  const { currency } = live;
  const nodesHref = viewHref(props.view, NODES);
  const toNodes = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    props.setView(NODES);
  };
  const missing = row.expectedNodes - row.observedNodes;
  return (
    <dl className={styles.facts}>
      {row.idlePico !== undefined && (
        <Fact name="Idle" note={<Rate pico={row.idlePico} currency={currency} />}>
          {formatShare(row.idlePico, row.totalPico)}
        </Fact>
      )}
      {row.unobservedPico !== undefined && (
        <Fact name="Unobserved" note={<Rate pico={row.unobservedPico} currency={currency} />}>
          {formatShare(row.unobservedPico, row.totalPico)}
        </Fact>
      )}
      <Fact
        name="Nodes reporting"
        warn={missing > 0}
        note={missing > 0 ? `${missing} silent` : 'all of them'}
      >
        <a href={nodesHref} onClick={toNodes}>{`${row.observedNodes} / ${row.expectedNodes}`}</a>
      </Fact>
      <Fact
        name="Unpriced nodes"
        warn={row.unpricedNodes > 0}
        note={row.unpricedNodes > 0 ? 'not in the rate' : 'every node has a price'}
      >
        <a href={nodesHref} onClick={toNodes}>
          {row.unpricedNodes}
        </a>
      </Fact>
    </dl>
  );
}

const NODES = { rows: 'node', where: null, q: null } as const;

interface FactProps {
  readonly name: string;
  readonly note: ReactNode;
  readonly warn?: boolean;
  readonly children: ReactNode;
}

function Fact({ name, note, warn, children }: FactProps): ReactNode {
  return (
    <div className={warn ? `${styles.fact} ${styles.warn}` : styles.fact}>
      <dt>{name}</dt>
      <dd className={styles.figure}>{children}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  );
}

function BigRate({ pico, currency }: { readonly pico: bigint; readonly currency: string }): ReactNode {
  return (
    <data
      className="money"
      value={exactDecimal(pico)}
      data-exact=""
      title={`${exactMoney(pico, currency)} /s`}
    >
      {joinParts(rateParts(pico, currency))}
      <span className={styles.unit}> /s</span>
    </data>
  );
}

function HeadlineShape(): ReactNode {
  return (
    <section className={styles.headline} aria-label="Rate" aria-busy="true">
      <div>
        <h1 className={styles.title}>Live cost</h1>
        <div className={`${styles.rate} ${styles.blank} ${styles.blankRate}`} />
        <div className={`${styles.month} ${styles.blank} ${styles.blankMonth}`} />
        <p className={styles.window}>Waiting for the first second</p>
      </div>
    </section>
  );
}

function scopeName(where: readonly Where[]): ReactNode {
  const last = where.at(-1);
  if (last === undefined) return 'Live cost of everything';
  return (
    <>
      Live cost of {last.key} <span className="mono">{last.value}</span>
    </>
  );
}
