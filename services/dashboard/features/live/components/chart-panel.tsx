'use client';

import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { formatRate } from '../../money/model/money-format.js';
import type { Clock } from '../../view/model/time-format.js';
import { CostChart } from '../chart/cost-chart.js';
import type { LiveWindow } from '../model/live-window.js';
import styles from './chart-panel.module.css';

/** What the chart shows. */
export interface ChartPanelProps {
  readonly window: LiveWindow;
  /** Changes when the window does. */
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly clock: Clock;
  readonly second: number | undefined;
  readonly onSecond: (second: number | undefined) => void;
}

/** The chart, and the slider by which a keyboard or a screen reader walks over its seconds. */
export function ChartPanel(props: ChartPanelProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<CostChart>(undefined);
  const { window: live, version, from, to, clock } = props;
  const latest = useRef(props);
  const [byKeyboard, setByKeyboard] = useState(false);
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new CostChart(element, latest.current, {
      onSecond: (second) => latest.current.onSecond(second),
    });
    chart.current = made;
    made.draw(latest.current);
    const forget = watchSurroundings(element, made);
    return () => {
      forget();
      made.destroy();
      chart.current = undefined;
    };
  }, []);

  useEffect(() => {
    chart.current?.draw({ window: live, from, to, clock });
  }, [live, version, from, to, clock]);

  const move = (event: KeyboardEvent): void => {
    const second = nextSecond(event.key, props);
    if (second === null) return;
    event.preventDefault();
    setByKeyboard(true);
    chart.current?.point(second);
    props.onSecond(second);
  };

  return (
    <div
      className={styles.panel}
      role="slider"
      tabIndex={0}
      aria-label="Second of the chart"
      aria-valuemin={from}
      aria-valuemax={to}
      aria-valuenow={props.second ?? to}
      aria-valuetext={describe(props)}
      onKeyDown={move}
      onBlur={() => {
        if (byKeyboard) chart.current?.point(undefined);
        setByKeyboard(false);
      }}
    >
      <div ref={host} className={styles.canvas} aria-hidden="true" />
    </div>
  );
}

function nextSecond(key: string, { from, to, second }: ChartPanelProps): number | undefined | null {
  const now = second ?? to;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -30, PageUp: 30 };
  if (key === 'Home') return from;
  if (key === 'End') return to;
  if (key === 'Escape') return undefined;
  const step = steps[key];
  return step === undefined ? null : Math.min(to, Math.max(from, now + step));
}

function describe({ window: live, second, to, clock }: ChartPanelProps): string {
  const wanted = second ?? to;
  const row = live.at(wanted);
  const time = `${clock.time(wanted)} ${clock.zoneName(wanted)}`;
  return row === undefined
    ? `${time}, no data`
    : `${time}, total ${formatRate(row.totalPico, live.currency)}`;
}

function watchSurroundings(element: HTMLElement, chart: CostChart): () => void {
  const sizes = new ResizeObserver(() => chart.resize());
  sizes.observe(element);
  const recolour = (): void => chart.recolour();
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', recolour);
  const theme = new MutationObserver(recolour);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    sizes.disconnect();
    theme.disconnect();
    dark.removeEventListener('change', recolour);
  };
}
