'use client';

import { useCallback, useState, type ReactNode } from 'react';
import {
  lookInto,
  ranges,
  viewHref,
  type SetView,
  type View,
  type ViewChange,
} from '../../view/hooks/use-view.js';
import type { Clock } from '../../view/model/time-format.js';
import type { LiveView } from '../hooks/live-store.js';
import { narrow, whereOf, type Keys, type LiveScope } from '../model/grouping.js';
import { ChartControls } from './chart-controls.js';
import { ChartPanel } from './chart-panel.js';
import { GapNote } from './gap-note.js';
import { Legend } from './legend.js';
import styles from './live-chart.module.css';
import { Movers } from './movers.js';
import { SeriesTable } from './series-table.js';

/** The shortest span that the chart shows. */
const MIN_RANGE_S = 60;

/** What the chart's part of the page shows and does. */
export interface LiveChartProps {
  readonly view: View;
  readonly setView: SetView;
  readonly scope: LiveScope;
  readonly live: LiveView;
  readonly clock: Clock;
  readonly nowS: number;
  readonly paused: boolean;
  readonly onPause: (paused: boolean) => void;
  readonly stale: boolean;
}

/** The chart with its controls, its legend and the movers. */
export function LiveChart(props: LiveChartProps): ReactNode {
  const { view, setView, scope, live, clock } = props;
  const [second, setSecond] = useState<number>();
  const onSecond = useCallback((pointed: number | undefined) => setSecond(pointed), []);
  const newest = live.window?.newestSecond ?? 0;
  const to = props.stale ? props.nowS : newest;
  const from = firstShown(live.window?.oldestSecond ?? 0, to, ranges[view.range]);
  const leads = (keys: Keys): ViewChange | undefined => leadsTo(view, scope, keys);
  const hrefOf = ({ keys }: { readonly keys: Keys }): string | undefined => {
    const change = leads(keys);
    return change && viewHref(view, change);
  };
  const onOpen = ({ keys }: { readonly keys: Keys }): void => setView(leads(keys) ?? {});

  return (
    <section aria-label="Chart">
      <ChartControls {...props} />
      <div className={styles.area}>
        <figure className={styles.chart}>
          {live.window === undefined || live.window.isEmpty ? (
            <div className={styles.shape} />
          ) : (
            <ChartPanel
              window={live.window}
              version={live.version}
              from={from}
              to={to}
              clock={clock}
              second={second}
              onSecond={onSecond}
            />
          )}
        </figure>
        {live.window && (
          <Legend window={live.window} second={second} clock={clock} hrefOf={hrefOf} onOpen={onOpen} />
        )}
      </div>
      {live.window && <GapNote gaps={live.window.gaps(from, to)} clock={clock} />}
      <Movers
        movers={live.movers}
        currency={live.window?.currency ?? 'USD'}
        hrefOf={hrefOf}
        onOpen={onOpen}
      />
      {live.window && !live.window.isEmpty && (
        <SeriesTable window={live.window} from={from} to={to} clock={clock} />
      )}
    </section>
  );
}

/** The range's first second, or the first that there is: a hub that has just begun fills its chart from the start. */
function firstShown(oldest: number, to: number, rangeS: number): number {
  return Math.max(to - rangeS + 1, Math.min(oldest, to - MIN_RANGE_S + 1));
}

/** What a series of the chart opens; undefined where the view already shows nothing else. */
function leadsTo(view: View, scope: LiveScope, keys: Keys): ViewChange | undefined {
  const where = narrow(view.where, whereOf(keys, scope.by));
  return where.length === view.where.length ? undefined : lookInto(where);
}
