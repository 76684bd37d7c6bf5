import { metricNames } from '@kubehero/contract';
import type { Metrics } from '@kubehero/runtime';
import type { Flush } from './flush.js';

type Counter<Label extends string = never> = ReturnType<typeof Metrics.prototype.counter<Label>>;

/** What ingest tells of itself. */
export class IngestMetrics {
  readonly rejected: Counter<'reason'>;
  readonly repeated: Counter;
  readonly failures: Counter;
  readonly #rows: Counter;
  readonly #nodeSeconds: Counter;
  readonly #store: ReturnType<typeof Metrics.prototype.histogram<never>>;

  constructor(metrics: Metrics) {
    this.rejected = metrics.counter({
      name: metricNames.ingestRefused,
      help: 'Parts of batches that were refused, by reason',
      labels: ['reason'],
    });
    this.repeated = metrics.counter({
      name: 'kubehero_ingest_repeated_node_seconds_total',
      help: 'Node-seconds that had been stored before',
    });
    this.failures = metrics.counter({
      name: 'kubehero_ingest_failures_total',
      help: 'Writes that failed; emitters sent again',
    });
    this.#rows = metrics.counter({ name: 'kubehero_ingest_rows_total', help: 'Rows stored' });
    this.#nodeSeconds = metrics.counter({
      name: 'kubehero_ingest_node_seconds_total',
      help: 'Node-seconds stored',
    });
    this.#store = metrics.histogram({
      name: 'kubehero_ingest_store_seconds',
      help: 'Time from the start of a write to its durability in both stores',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    });
  }

  /** Notes a write that is durable. */
  observe(flush: Flush, milliseconds: number): void {
    this.#rows.inc(flush.rows);
    this.#nodeSeconds.inc(flush.increments().reduce((sum, minute) => sum + minute.nodeSeconds, 0));
    this.#store.observe(milliseconds / 1000);
  }
}
