'use client';

import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, type ReactNode } from 'react';
import { Cost } from '../../money/components/money.js';
import type { Clock } from '../../view/model/time-format.js';
import { SpendChart } from '../chart/spend-chart.js';
import type { PolicyDetailMessage } from '../model/budget-messages.js';
import styles from './policy-page.module.css';

/** What the chart shows. */
export interface SpendPanelProps {
  readonly detail: PolicyDetailMessage;
  readonly clock: Clock;
}

/** Spend of the period against the ceiling, with the forecast's band; the same as a table. */
export function SpendPanel({ detail, clock }: SpendPanelProps): ReactNode {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<SpendChart>(undefined);
  useEffect(() => {
    if (element.current === null) return;
    const drawn = new SpendChart(element.current);
    chart.current = drawn;
    const size = new ResizeObserver(() => drawn.resize());
    size.observe(element.current);
    const recolour = (): void => drawn.recolour();
    const theme = new MutationObserver(recolour);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', recolour);
    return () => {
      size.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', recolour);
      drawn.destroy();
    };
  }, []);
  useEffect(() => chart.current?.draw({ detail, clock }), [detail, clock]);
  const { policy } = detail;
  const through = `${clock.dateTime(policy.spentThroughS)} ${clock.zoneName(policy.spentThroughS)}`;
  return (
    <section className={styles.section} aria-labelledby="burn-title">
      <h2 id="burn-title">Burn-down</h2>
      <p className={styles.note}>
        Spend since {clock.dateTime(policy.periodStartsAtS)} against the ceiling, counted through {through}
        {policy.forecast !== null && ', with the forecast’s band in which four of five cases lie'}.{' '}
        {thresholdText(detail)}
      </p>
      <div ref={element} className={styles.chart} role="img" aria-label="Spend against the ceiling" />
      <details className={styles.figures}>
        <summary>The figures behind the chart</summary>
        <SpendTable detail={detail} clock={clock} />
      </details>
    </section>
  );
}

function thresholdText({ policy }: PolicyDetailMessage): string {
  const isCrossed = (percent: number, on: string): boolean =>
    policy.crossed.some((one) => one.percent === percent && one.on === on);
  const texts = policy.thresholds.map(
    ({ percent, on }) => `${percent} % of ${on.toLowerCase()}${isCrossed(percent, on) ? ' (crossed)' : ''}`,
  );
  return texts.length === 0 ? '' : `Warns at ${texts.join(', ')}.`;
}

function SpendTable({ detail, clock }: SpendPanelProps): ReactNode {
  const { currency } = detail.policy;
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Figures of the chart">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Until</th>
            <th scope="col" className={styles.number}>
              Spent since the period began
            </th>
          </tr>
        </thead>
        <tbody>
          {detail.points.toReversed().map(({ atS, spendPico }) => (
            <tr key={atS}>
              <th scope="row">{clock.dateTime(atS)}</th>
              <td className={styles.number}>
                <Cost pico={BigInt(spendPico)} currency={currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
