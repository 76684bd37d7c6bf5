import type { Logger } from '@kubehero/runtime';
import { inProcessBus, type LiveBus } from '@kubehero/store-valkey';
import type { NodeRegistry } from '../ingest/node-registry.js';
import type { NameDirectory } from '../query/names.js';
import type { LiveModel } from './live-model.js';
import type { SecondBucket, SecondSummary } from './second-bucket.js';
import { LIVE_GROUPINGS, TickMaker, type LiveGroup, type LiveGrouping, type LiveTick } from './live-ticks.js';

/** What a new viewer gets first. */
export interface LiveSnapshot {
  readonly currency: string;
  readonly by: LiveGrouping;
  readonly groups: readonly LiveGroup[];
  readonly ticks: readonly LiveTick[];
}

/** Who watches a grouping. */
export interface LiveViewer {
  readonly onTick: (tick: LiveTick) => void;
  /** This replica does not lead any more and can't tell this grouping: another one can. */
  readonly onEnd: () => void;
}

/** What the publisher works with. */
export interface LivePublisherOptions {
  readonly model: LiveModel;
  readonly names: NameDirectory;
  readonly registry: NodeRegistry;
  /** Carries the leader's seconds to the other replicas. */
  readonly bus: LiveBus;
  readonly isLeading: () => boolean;
  readonly currency: string;
  readonly nowS: () => number;
  readonly logger: Logger;
}

const CHANNEL = 'kubehero:live';
const PERIOD_MS = 250;
/** A second is shown when all nodes have it, or this long after its end. */
const PATIENCE_S = 2;
/** Nodes silent for longer are not waited for, and are shown as missing until then. */
const EXPECTED_FOR_S = 300;

/** Makes ticks of the seconds that changed and hands them to whoever listens. */
export class LivePublisher {
  readonly #options: LivePublisherOptions;
  readonly #makers = new Map<LiveGrouping, TickMaker>();
  readonly #viewers = new Map<LiveGrouping, Set<LiveViewer>>();
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #unsubscribe: (() => Promise<void>) | undefined;

  constructor(options: LivePublisherOptions) {
    this.#options = options;
    for (const by of LIVE_GROUPINGS) {
      this.#makers.set(by, new TickMaker(by, options.model));
      this.#viewers.set(by, new Set());
    }
  }

  /** Begins to look for changed seconds, and to follow the leader's while another replica leads. */
  async start(): Promise<void> {
    const { bus, isLeading, logger, model } = this.#options;
    this.#unsubscribe = await bus.subscribe(CHANNEL, (message) => {
      if (!isLeading()) model.follow(JSON.parse(Buffer.from(message).toString('utf8')) as SecondSummary);
    });
    this.#timer = setInterval(() => {
      if (this.#busy) return;
      this.#busy = true;
      this.#publish()
        .catch((error: unknown) => {
          logger.warn('the live stream missed a beat', { error });
        })
        .finally(() => (this.#busy = false));
    }, PERIOD_MS);
  }

  /** Ends that. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#unsubscribe?.();
  }

  /** Everything of the last 15 minutes. */
  async snapshot(by: LiveGrouping): Promise<LiveSnapshot> {
    const maker = this.#maker(by);
    const names = await this.#options.names.read();
    const ticks = this.#options.model.seconds().map((bucket) => {
      const { groups: _new, ...tick } = maker.make(bucket, names, this.#expected(bucket));
      return tick;
    });
    return { currency: this.#options.currency, by, groups: [...maker.groups], ticks };
  }

  /** False where the seconds of other replicas hold too little: they tell each other sums by namespace alone. */
  canShow(by: LiveGrouping): boolean {
    return by === 'namespace' || by === 'cluster' || this.#options.isLeading();
  }

  /**
   * Shows the viewer every tick from now on. The first viewer begins the numbers of groups anew, so that those of long
   * ago are forgotten.
   *
   * @returns ends that
   */
  subscribe(by: LiveGrouping, viewer: LiveViewer): () => void {
    const viewers = this.#viewers.get(by) ?? new Set();
    if (viewers.size === 0) this.#makers.set(by, new TickMaker(by, this.#options.model));
    viewers.add(viewer);
    return () => viewers.delete(viewer);
  }

  async #publish(): Promise<void> {
    for (const [by, viewers] of this.#viewers) {
      if (!this.canShow(by)) for (const viewer of viewers) viewer.onEnd();
    }
    const now = this.#options.nowS();
    const due = this.#options.model
      .seconds()
      .filter((bucket) => bucket.changed && (bucket.second <= now - PATIENCE_S || this.#isComplete(bucket)));
    if (due.length === 0) return;
    const names = await this.#options.names.read();
    for (const bucket of due) {
      bucket.changed = false;
      this.#tellOthers(bucket);
      for (const [by, viewers] of this.#viewers) {
        if (viewers.size === 0) continue;
        const tick = this.#maker(by).make(bucket, names, this.#expected(bucket));
        for (const { onTick } of viewers) onTick(tick);
      }
    }
  }

  #tellOthers(bucket: SecondBucket): void {
    if (!this.#options.isLeading()) return;
    this.#options.bus.publish(CHANNEL, JSON.stringify(bucket.summarise(this.#expected(bucket))));
  }

  #isComplete(bucket: SecondBucket): boolean {
    return bucket.observedNodes >= this.#expected(bucket);
  }

  #expected({ second, expectedNodes }: SecondBucket): number {
    if (expectedNodes !== undefined && !this.#options.isLeading()) return expectedNodes;
    let expected = 0;
    for (const { progress, gone } of this.#options.registry.all()) {
      if (gone && (progress?.lastSecond ?? 0) < second) continue;
      if (
        progress !== undefined &&
        progress.firstSecond <= second &&
        progress.lastSecond > second - EXPECTED_FOR_S
      )
        expected += 1;
    }
    return expected;
  }

  #maker(by: LiveGrouping): TickMaker {
    const maker = this.#makers.get(by);
    if (maker === undefined) throw new RangeError(`there is no live stream by ${by}`);
    return maker;
  }
}

/** A bus for a replica that is alone. */
export function localBus(logger: Logger): LiveBus {
  return inProcessBus({
    onFault: (error) => {
      logger.warn('a live listener failed', { error });
    },
  });
}
