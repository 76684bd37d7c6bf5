import type { Grouping, Where } from '../../features/live/model/grouping.js';
import type { ControlPlaneClient } from '../control-plane-client.js';
import { LiveFeed } from './live-feed.js';
import type { LiveViewer } from './live-viewer.js';

/** Browsers that one replica serves. */
export const MAX_VIEWERS = 2000;
/** A feed without viewers is kept so long, so that a reload finds the window in memory. */
const LINGER_MS = 60_000;
const KEEP_ALIVE_MS = 10_000;

/** What a hub asks of its surroundings. */
export interface HubOptions {
  readonly client: Pick<ControlPlaneClient, 'openLive'>;
  readonly log: (message: string) => void;
}

/** All live streams of this replica: at most one upstream for each grouping, however many browsers look. */
export class LiveHub {
  private readonly feeds = new Map<Grouping, { readonly feed: LiveFeed; idle: NodeJS.Timeout | undefined }>();
  private keepAlive: NodeJS.Timeout | undefined;

  constructor(private readonly options: HubOptions) {}

  /** How many look. */
  get viewers(): number {
    let count = 0;
    for (const { feed } of this.feeds.values()) count += feed.viewers;
    return count;
  }

  /** Begins to keep viewers' connections alive. */
  start(): void {
    this.keepAlive = setInterval(() => {
      for (const { feed } of this.feeds.values()) feed.keepAlive();
    }, KEEP_ALIVE_MS).unref();
  }

  /** Ends every stream. */
  async stop(): Promise<void> {
    clearInterval(this.keepAlive);
    const feeds = [...this.feeds.values()];
    this.feeds.clear();
    for (const { idle } of feeds) clearTimeout(idle);
    await Promise.all(feeds.map(({ feed }) => feed.stop()));
  }

  /** Adds a viewer; gives the function that removes it. */
  watch(viewer: LiveViewer, by: Grouping, where: readonly Where[]): () => void {
    const entry = this.open(by);
    clearTimeout(entry.idle);
    const leave = entry.feed.watch(viewer, where);
    return () => {
      leave();
      if (entry.feed.viewers === 0) this.closeLater(by);
    };
  }

  private open(by: Grouping): { readonly feed: LiveFeed; idle: NodeJS.Timeout | undefined } {
    let entry = this.feeds.get(by);
    if (entry === undefined) {
      entry = { feed: new LiveFeed({ ...this.options, by }), idle: undefined };
      this.feeds.set(by, entry);
      entry.feed.start();
    }
    return entry;
  }

  private closeLater(by: Grouping): void {
    const entry = this.feeds.get(by);
    if (entry === undefined) return;
    clearTimeout(entry.idle);
    entry.idle = setTimeout(() => {
      if (entry.feed.viewers > 0) return;
      this.feeds.delete(by);
      void entry.feed.stop();
    }, LINGER_MS).unref();
  }
}
