import { formatWhere, type Grouping, type Where } from '../model/grouping.js';
import {
  liveEvents,
  type LiveSnapshot,
  type LiveState,
  type LiveTick,
  type Mover,
} from '../model/live-messages.js';
import { LiveWindow } from '../model/live-window.js';

/** What the page shows of the stream. A new object for each change. */
export interface LiveView {
  readonly window: LiveWindow | undefined;
  /** Null: too few complete seconds to tell. Undefined: not known yet. */
  readonly movers: readonly Mover[] | null | undefined;
  /** Whether figures arrive; `sinceSecond` says since when they do not. */
  readonly link: Link;
  /** Counts changes of `window`, which is changed in place. */
  readonly version: number;
}

/** State of the way from the control plane to this page. */
export interface Link {
  readonly kind: 'connecting' | 'live' | 'upstream-lost' | 'server-lost' | 'logged-out';
  readonly sinceSecond: number;
  readonly reason: string;
}

/** How the stream is looked at. */
export interface LiveRequest {
  readonly by: Grouping;
  readonly where: readonly Where[];
  /** Shortest time between two changes; 0 takes each as it comes. */
  readonly everyMs: number;
}

const RETRY_MS = 2000;
const SESSION_PROBE = '/api/nodes';

/** Holds one view's stream: opens it, keeps it open, and lets the page know of each change. */
export class LiveStore {
  private view: LiveView;
  private shown: LiveView;
  private source: EventSource | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pending: ReturnType<typeof setTimeout> | undefined;
  /** Seconds that came since the last change that was shown. */
  private waiting: LiveTick[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(private readonly request: LiveRequest) {
    this.view = {
      window: undefined,
      movers: undefined,
      link: { kind: 'connecting', sinceSecond: nowS(), reason: '' },
      version: 0,
    };
    this.shown = this.view;
  }

  /** Calls back after each change; gives the function that ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** What to show now. */
  readonly current = (): LiveView => this.shown;

  /** Opens the stream. The window comes whole again, so nothing is missed however long it was closed. */
  open(): void {
    if (this.source !== undefined) return;
    const source = new EventSource(this.url());
    this.source = source;
    on<LiveSnapshot>(source, liveEvents.snapshot, (data) => {
      this.waiting = [];
      this.change({ window: new LiveWindow(data) });
    });
    on<LiveTick>(source, liveEvents.tick, (data) => {
      this.waiting.push(data);
      this.change({});
    });
    on<readonly Mover[] | null>(source, liveEvents.movers, (movers) => this.change({ movers }));
    on<LiveState>(source, liveEvents.state, (state) => this.change({ link: toLink(state) }, true));
    source.onerror = () => this.broken();
  }

  /** Closes the stream; what was received stays. */
  close(): void {
    this.source?.close();
    this.source = undefined;
    clearTimeout(this.retry);
    clearTimeout(this.pending);
    this.pending = undefined;
  }

  private url(): string {
    const query = new URLSearchParams({ by: this.request.by });
    for (const where of this.request.where) query.append('where', formatWhere(where));
    return `/api/live?${query}`;
  }

  private broken(): void {
    this.close();
    const { link } = this.view;
    const sinceSecond = link.kind === 'server-lost' ? link.sinceSecond : nowS();
    const reason = 'the dashboard cannot be reached';
    this.change({ link: { kind: 'server-lost', sinceSecond, reason } }, true);
    this.retry = setTimeout(() => void this.reopen(), RETRY_MS);
  }

  /** An EventSource does not tell why it failed; a session that is over answers 401 elsewhere. */
  private async reopen(): Promise<void> {
    const response = await fetch(SESSION_PROBE, { method: 'HEAD' }).catch(() => undefined);
    if (response?.status === 401) {
      this.change({ link: { kind: 'logged-out', sinceSecond: nowS(), reason: 'the session is over' } }, true);
    } else if (this.source === undefined) {
      this.open();
    }
  }

  private change(part: Partial<LiveView>, atOnce = false): void {
    this.view = { ...this.view, ...part, version: this.view.version + 1 };
    if (atOnce || this.request.everyMs === 0 || part.window !== undefined) return this.tell();
    this.pending ??= setTimeout(() => {
      this.pending = undefined;
      this.tell();
    }, this.request.everyMs);
  }

  private tell(): void {
    for (const tick of this.waiting) this.view.window?.apply(tick);
    this.waiting = [];
    this.shown = this.view;
    for (const listener of this.listeners) listener();
  }
}

function on<T>(source: EventSource, name: string, take: (data: T) => void): void {
  source.addEventListener(name, (event: MessageEvent<string>) => take(JSON.parse(event.data) as T));
}

function toLink(state: LiveState): Link {
  const { connected, sinceSecond, reason } = state;
  return { kind: connected ? 'live' : 'upstream-lost', sinceSecond, reason };
}

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
