import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** Name, help and labels of a metric. The name MUST start with `kubehero_`; counters end in `_total`. */
export interface MetricSpec<Label extends string> {
  readonly name: `kubehero_${string}`;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** A histogram's spec: as every metric's, with the upper bounds of its buckets. */
export interface HistogramSpec<Label extends string> extends MetricSpec<Label> {
  readonly buckets: readonly number[];
}

const EVENT_LOOP_RESOLUTION_MS = 10;
const NS_PER_SECOND = 1e9;

/** The metrics of one program: a registry of its own, injected where something is counted. */
export class Metrics {
  /** For what needs more than counters, gauges and histograms. */
  readonly registry = new Registry();
  #eventLoop: IntervalHistogram | undefined;

  /** Makes and registers a counter. @throws Error where the name is taken */
  counter<Label extends string = never>(spec: MetricSpec<Label>): Counter<Label> {
    return new Counter(this.#configure(spec));
  }

  /**
   * Makes and registers a gauge. `collect` runs on every scrape, before the gauge is read.
   *
   * @throws Error where the name is taken
   */
  gauge<Label extends string = never>(
    spec: MetricSpec<Label>,
    collect?: (gauge: Gauge<Label>) => void | Promise<void>,
  ): Gauge<Label> {
    const gauge: Gauge<Label> = this.#makeGauge(
      spec,
      collect === undefined ? undefined : () => collect(gauge),
    );
    return gauge;
  }

  /** Makes and registers a histogram. @throws Error where the name is taken */
  histogram<Label extends string = never>(spec: HistogramSpec<Label>): Histogram<Label> {
    return new Histogram({ ...this.#configure(spec), buckets: [...spec.buckets] });
  }

  /** Adds the process's own metrics (CPU, memory, handles, collector pauses) as `kubehero_process_…`. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry, prefix: 'kubehero_' });
  }

  /**
   * Measures how long the event loop is held, from now on: `kubehero_event_loop_delay_seconds` by `quantile`
   * (0.5, 0.99, 1) since the scrape before.
   */
  watchEventLoop(): void {
    if (this.#eventLoop !== undefined) return;
    const histogram = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
    this.#eventLoop = histogram;
    histogram.enable();
    this.gauge(
      {
        name: 'kubehero_event_loop_delay_seconds',
        help: 'how late the event loop ran since the last scrape, by quantile',
        labels: ['quantile'],
      },
      (gauge) => {
        gauge.set({ quantile: '0.5' }, histogram.percentile(50) / NS_PER_SECOND);
        gauge.set({ quantile: '0.99' }, histogram.percentile(99) / NS_PER_SECOND);
        gauge.set({ quantile: '1' }, histogram.max / NS_PER_SECOND);
        histogram.reset();
      },
    );
  }

  /** The page that Prometheus scrapes. */
  async expose(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  /** Ends the measuring of the event loop. */
  stop(): void {
    this.#eventLoop?.disable();
    this.#eventLoop = undefined;
  }

  #makeGauge<Label extends string>(
    spec: MetricSpec<Label>,
    collect: (() => void | Promise<void>) | undefined,
  ): Gauge<Label> {
    return new Gauge<Label>({ ...this.#configure(spec), ...(collect === undefined ? {} : { collect }) });
  }

  #configure<Label extends string>(
    spec: MetricSpec<Label>,
  ): { name: string; help: string; labelNames: Label[]; registers: Registry[] } {
    return {
      name: spec.name,
      help: spec.help,
      labelNames: [...(spec.labels ?? [])],
      registers: [this.registry],
    };
  }
}
