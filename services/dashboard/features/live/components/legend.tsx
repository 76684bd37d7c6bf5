import type { ReactNode } from 'react';
import { Rate } from '../../money/components/money.js';
import { formatShare } from '../../money/model/money-format.js';
import type { Clock } from '../../view/model/time-format.js';
import { layerToken } from '../chart/chart-colours.js';
import type { LiveSeries } from '../model/live-messages.js';
import type { LiveWindow } from '../model/live-window.js';
import styles from './legend.module.css';

/** What the legend shows. */
export interface LegendProps {
  readonly window: LiveWindow;
  /** The second that is pointed at; undefined: the newest. */
  readonly second: number | undefined;
  readonly clock: Clock;
  /** Where a series leads; undefined: nowhere further. */
  readonly hrefOf: (series: LiveSeries) => string | undefined;
  readonly onOpen: (series: LiveSeries) => void;
}

/** The chart's layers, lowest first, with what each costs in the second that is pointed at. */
export function Legend(props: LegendProps): ReactNode {
  const { window: live, clock } = props;
  const shown = props.second ?? live.newestSecond;
  const row = live.at(shown);
  return (
    <div className={styles.legend}>
      <div className={styles.head}>
        <span>{props.second === undefined ? 'Now' : clock.time(shown)}</span>
        <span>
          {row === undefined && shown > 0
            ? 'no data'
            : row && <Rate pico={row.totalPico} currency={live.currency} />}
        </span>
        <span />
      </div>
      <ul>
        {live.layers.map((layer, at) => {
          const pico = row === undefined ? undefined : live.layerPico(row, at);
          if (layer.kind === 'other' && live.snapshot.otherGroups <= 0) return null;
          return (
            <li key={`${layer.kind} ${layer.label} ${at}`} className={styles.row}>
              <Swatch token={layerToken(layer)} hatched={layer.kind === 'unobserved'} />
              <LayerName {...props} label={layer.label} series={layer.series} />
              <span className={styles.value}>
                {pico === undefined ? '–' : <Rate pico={pico} currency={live.currency} />}
              </span>
              <span className={styles.share}>
                {pico === undefined || row === undefined ? '' : formatShare(pico, row.totalPico)}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function LayerName(
  props: LegendProps & { readonly label: string; readonly series: LiveSeries | undefined },
): ReactNode {
  const { series } = props;
  const href = series && props.hrefOf(series);
  if (series === undefined || href === undefined) {
    return <span className={series ? `${styles.name} mono` : `${styles.name} muted`}>{props.label}</span>;
  }
  const open = (event: React.MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    props.onOpen(series);
  };
  return (
    <a className={`${styles.name} ${styles.link} mono`} href={href} onClick={open}>
      {props.label}
    </a>
  );
}

/** A colour by its token; a drawing, because the policy of this site allows no style attributes in its pages. */
function Swatch({ token, hatched }: { readonly token: string; readonly hatched: boolean }): ReactNode {
  return (
    <svg className={styles.swatch} viewBox="0 0 10 10" aria-hidden="true">
      <rect width="10" height="10" rx="2" fill={`var(${token})`} />
      {hatched && <path d="M-1 7 7 -1M3 11 11 3" stroke="var(--surface)" strokeWidth="2" />}
    </svg>
  );
}
