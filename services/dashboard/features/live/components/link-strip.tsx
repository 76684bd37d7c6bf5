import type { ReactNode } from 'react';
import { formatSpan } from '../../money/model/quantity-format.js';
import type { Clock } from '../../view/model/time-format.js';
import type { Link } from '../hooks/live-store.js';
import styles from './link-strip.module.css';

/** What the strip shows. */
export interface LinkStripProps {
  readonly link: Link;
  readonly nowS: number;
  readonly clock: Clock;
  /** True where the way is open and yet no second comes. */
  readonly stale: boolean;
  readonly newestSecond: number;
}

/** Says quietly since when no figures arrive, and why. It goes by itself when they do. */
export function LinkStrip(props: LinkStripProps): ReactNode {
  const text = describe(props);
  return (
    <div role="status" className={styles.region}>
      {text !== undefined && (
        <p className={styles.strip}>
          <span className={styles.text}>{text}</span>
          {props.link.kind === 'logged-out' && (
            <a className={styles.action} href="/login">
              Log in
            </a>
          )}
        </p>
      )}
    </div>
  );
}

function describe({ link, nowS, clock, stale, newestSecond }: LinkStripProps): string | undefined {
  const since = `${clock.time(link.sinceSecond)} ${clock.zoneName(link.sinceSecond)}`;
  const age = nowS === 0 ? '' : ` (${formatSpan(nowS - link.sinceSecond)})`;
  const lost = `since ${since}${age}. What you see is from then; it mends by itself.`;
  if (link.kind === 'logged-out') return 'This session is over. What you see stays.';
  if (link.kind === 'server-lost') return `No connection to the dashboard's server ${lost}`;
  if (link.kind === 'upstream-lost') return `No figures ${lost} Reason: ${link.reason}.`;
  if (!stale) return undefined;
  const last = `${clock.time(newestSecond)} ${clock.zoneName(newestSecond)}`;
  return `No second has arrived since ${last} (${formatSpan(nowS - newestSecond)}): no collector reports. Missing time is drawn as a gap.`;
}
