import { action, type Command } from '../../jump/model/command.js';
import type { SetView } from '../../view/hooks/use-view.js';

/** What the buttons of the live page do, for the jump list. */
export function liveActions(setView: SetView): Command[] {
  return [
    action('Show everything', () => setView({ where: null, rows: null, q: null, by: null })),
    action('Show nodes', () => setView({ where: null, rows: 'node', q: null })),
    action('Show pods', () => setView({ rows: 'pod' })),
    action('Group by namespace', () => setView({ by: 'namespace' })),
    action('Group by workload', () => setView({ by: 'workload' })),
    action('Group by node', () => setView({ by: 'node' })),
    action('Group by cluster', () => setView({ by: 'cluster' })),
    action('Last minute', () => setView({ range: '1m' })),
    action('Last 5 minutes', () => setView({ range: '5m' })),
    action('Last 15 minutes', () => setView({ range: '15m' })),
    action('Times in UTC', () => setView({ tz: 'utc' })),
    action('Times of this browser', () => setView({ tz: 'local' })),
  ];
}
