import type { ReactNode } from 'react';
import { formatRate } from '../../money/model/money-format.js';
import { formatSpan } from '../../money/model/quantity-format.js';
import type { Clock } from '../../view/model/time-format.js';
import type { LiveWindow } from '../model/live-window.js';

/** What the table tells. */
export interface SeriesTableProps {
  readonly window: LiveWindow;
  readonly from: number;
  readonly to: number;
  readonly clock: Clock;
}

/** The chart for those who do not see it: each layer at some points of the range, and what is missing. */
export function SeriesTable({ window: live, from, to, clock }: SeriesTableProps): ReactNode {
  const seconds = samples(from, to);
  return (
    <div className="visually-hidden">
      <table>
        <caption>
          Cost per second by {live.snapshot.by}, {live.currency}, {clock.time(from)} to {clock.time(to)}{' '}
          {clock.zoneName(to)}
        </caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            {seconds.map((second) => (
              <th key={second} scope="col">
                {clock.time(second)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {live.layers.map((layer, at) => (
            <tr key={`${layer.kind} ${layer.label} ${at}`}>
              <th scope="row">{layer.label}</th>
              {seconds.map((second) => {
                const row = live.at(second);
                return (
                  <td key={second}>{row ? formatRate(live.layerPico(row, at), live.currency) : 'no data'}</td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <ul aria-label="Missing time">
        {live.gaps(from, to).map((gap) => (
          <li key={gap.fromS}>
            {clock.time(gap.fromS)} for {formatSpan(gap.toS - gap.fromS)}:{' '}
            {gap.kind === 'none' ? 'no data' : `${gap.missingNodes} nodes silent`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function samples(from: number, to: number): number[] {
  const step = Math.max(1, Math.floor((to - from) / 5));
  return Array.from({ length: 6 }, (_, at) => to - (5 - at) * step);
}
