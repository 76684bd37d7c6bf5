import type { Metrics } from '@kubehero/runtime';
import type { CollectorStatistics } from './collector-statistics.js';

interface Exported {
  readonly name: `kubehero_collector_${string}`;
  readonly help: string;
  readonly read: (statistics: CollectorStatistics) => number;
}

const nanosecondsPerSecond = 1e9;

/** Numbers that are exported as they are; names that end in _total count since the start. */
const exported: readonly Exported[] = [
  { name: 'kubehero_collector_ticks_total', help: 'readings of all counters', read: (s) => s.ticks },
  { name: 'kubehero_collector_failed_ticks_total', help: 'readings that failed', read: (s) => s.failedTicks },
  { name: 'kubehero_collector_sealed_seconds_total', help: 'seconds sealed', read: (s) => s.sealedSeconds },
  {
    name: 'kubehero_collector_missing_seconds_total',
    help: 'seconds not measured',
    read: (s) => s.missingSeconds,
  },
  {
    name: 'kubehero_collector_averaged_seconds_total',
    help: 'seconds sealed as the mean over a stall',
    read: (s) => s.averagedSeconds,
  },
  {
    name: 'kubehero_collector_overflowed_seconds_total',
    help: 'sealed seconds that left the full buffer undelivered',
    read: (s) => s.overflowedSeconds,
  },
  {
    name: 'kubehero_collector_buffered_seconds',
    help: 'sealed seconds not yet acknowledged',
    read: (s) => s.bufferedSeconds,
  },
  { name: 'kubehero_collector_cgroups', help: 'living cgroups', read: (s) => s.cgroups },
  {
    name: 'kubehero_collector_deaths_total',
    help: 'cgroups charged at their death',
    read: (s) => s.faults.deaths,
  },
  {
    name: 'kubehero_collector_tick_seconds',
    help: 'how long the last reading took',
    read: (s) => s.lastTickMs / 1000,
  },
  {
    name: 'kubehero_collector_dropped_cpu_seconds_total',
    help: 'CPU time that belongs to no sealed second',
    read: (s) => s.droppedCpuNs / nanosecondsPerSecond,
  },
  {
    name: 'kubehero_collector_residual_seconds',
    help: 'CPU time of inner cgroups in the last reading that no child accounts for; 0 when the sums close',
    read: (s) => s.residualNs / nanosecondsPerSecond,
  },
  {
    name: 'kubehero_collector_residual_seconds_total',
    help: 'the same since the start',
    read: (s) => s.faults.residualNs / nanosecondsPerSecond,
  },
  {
    name: 'kubehero_collector_backward_counters_total',
    help: 'counters that ran backwards',
    read: (s) => s.faults.backwards,
  },
  {
    name: 'kubehero_collector_orphans_total',
    help: 'readings of unknown cgroups',
    read: (s) => s.faults.orphans,
  },
  {
    name: 'kubehero_collector_connected',
    help: '1 while the hub listens',
    read: (s) => Number(s.uplink?.connected ?? false),
  },
  {
    name: 'kubehero_collector_streams_total',
    help: 'streams opened to the hub',
    read: (s) => s.uplink?.streams ?? 0,
  },
  { name: 'kubehero_collector_batches_total', help: 'batches sent', read: (s) => s.uplink?.batchesSent ?? 0 },
  {
    name: 'kubehero_collector_acknowledged_seconds_total',
    help: 'seconds that the hub has',
    read: (s) => s.uplink?.secondsAcknowledged ?? 0,
  },
  {
    name: 'kubehero_collector_column_bytes_total',
    help: 'bytes of columns sent',
    read: (s) => s.uplink?.bytesSent ?? 0,
  },
];

/** Exports a collector's counters; they are read at every scrape. */
export function exportStatistics(metrics: Metrics, read: () => CollectorStatistics): void {
  for (const { name, help, read: pick } of exported) {
    metrics.gauge({ name, help }, (gauge) => {
      gauge.set(pick(read()));
    });
  }
  metrics.gauge(
    {
      name: 'kubehero_collector_lost_total',
      help: 'events and cgroups that were lost, by kind',
      labels: ['kind'],
    },
    (gauge) => {
      for (const [kind, count] of Object.entries(read().losses)) gauge.set({ kind }, count);
    },
  );
  metrics.gauge(
    {
      name: 'kubehero_collector_rejections_total',
      help: 'batches that the hub refused, by reason',
      labels: ['reason'],
    },
    (gauge) => {
      for (const [reason, count] of Object.entries(read().uplink?.rejections ?? {}))
        gauge.set({ reason }, count);
    },
  );
  metrics.gauge(
    { name: 'kubehero_collector_source_info', help: '1 for the way usage is measured', labels: ['source'] },
    (gauge) => {
      const { source } = read();
      if (source !== undefined) gauge.set({ source }, 1);
    },
  );
}
