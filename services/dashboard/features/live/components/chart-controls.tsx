import type { ReactNode } from 'react';
import { Segmented } from '../../view/components/segmented.js';
import { TimeZoneSwitch } from '../../view/components/time-zone-switch.js';
import { ranges, type Range, type SetView, type View } from '../../view/hooks/use-view.js';
import type { Grouping, LiveScope } from '../model/grouping.js';
import styles from './chart-controls.module.css';

/** What the controls show and do. */
export interface ChartControlsProps {
  readonly view: View;
  readonly setView: SetView;
  readonly scope: LiveScope;
  /** Seconds since 1970; 0 while the server renders. */
  readonly nowS: number;
  readonly paused: boolean;
  readonly onPause: (paused: boolean) => void;
}

const RANGE_OPTIONS = (Object.keys(ranges) as Range[]).map(
  (range) => [range, range.replace('m', ' min')] as const,
);

/** How the chart is grouped, how far it goes back, in whose time, and whether it moves. */
export function ChartControls(props: ChartControlsProps): ReactNode {
  const { view, setView, scope } = props;
  return (
    <div className={styles.controls}>
      <Segmented
        label="Group by"
        value={scope.by}
        options={groupOptions(view)}
        onChange={(by) => setView({ by })}
      />
      {scope.dropped.length > 0 && (
        <p className={styles.note}>
          The live stream knows no {scope.dropped.map((filter) => filter.key).join(' and no ')} filter
        </p>
      )}
      <div className={styles.right}>
        <TimeZoneSwitch value={view.tz} nowS={props.nowS} onChange={(tz) => setView({ tz })} />
        <Segmented
          label="Range"
          value={view.range}
          options={RANGE_OPTIONS}
          onChange={(range) => setView({ range })}
        />
        <button
          type="button"
          className={styles.pause}
          aria-pressed={props.paused}
          onClick={() => props.onPause(!props.paused)}
        >
          {props.paused ? 'Paused' : 'Pause'}
        </button>
      </div>
    </div>
  );
}

function groupOptions(view: View): [Grouping, string][] {
  const filtered = new Set(view.where.map((filter) => filter.key));
  if (filtered.has('workload') || filtered.has('pod') || filtered.has('container'))
    return [['workload', 'Workload']];
  if (filtered.has('node')) return [['node', 'Node']];
  const inside: [Grouping, string][] = [
    ['namespace', 'Namespace'],
    ['workload', 'Workload'],
  ];
  return filtered.has('namespace') ? inside : [...inside, ['node', 'Node'], ['cluster', 'Cluster']];
}
