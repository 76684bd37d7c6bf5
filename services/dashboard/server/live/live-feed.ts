import type { IncomingMessage } from 'node:http';
import { formatWhere, type Grouping, type Where } from '../../features/live/model/grouping.js';
import { LiveHistory } from '../../features/live/model/live-history.js';
import { liveEvents, type LiveState } from '../../features/live/model/live-messages.js';
import {
  parseSnapshot,
  parseTick,
  StreamProtocolError,
} from '../../features/live/model/upstream-messages.js';
import { ControlPlaneError, type ControlPlaneClient } from '../control-plane-client.js';
import { LiveChannel } from './live-channel.js';
import { frame, type LiveViewer } from './live-viewer.js';
import { SseOverflowError, SseParser, type SseEvent } from './sse-parser.js';

const RETRY_MS = [250, 500, 1000, 2000, 5000] as const;
/** Names that one upstream stream may collect before it is opened anew to forget the old ones. */
const MAX_NAMED_GROUPS = 200_000;

/** What a feed asks of its surroundings. */
export interface FeedOptions {
  readonly client: Pick<ControlPlaneClient, 'openLive'>;
  readonly by: Grouping;
  readonly log: (message: string) => void;
}

/** One grouping: one stream from the control plane, kept open and shared by all its viewers. */
export class LiveFeed {
  private readonly channels = new Map<string, LiveChannel>();
  private readonly stopping = new AbortController();
  private history: LiveHistory | undefined;
  private state: LiveState = {
    connected: false,
    sinceSecond: nowS(),
    reason: 'connecting to the control plane',
  };
  private running: Promise<void> | undefined;
  private failures = 0;

  constructor(private readonly options: FeedOptions) {}

  /** How many look. */
  get viewers(): number {
    let count = 0;
    for (const channel of this.channels.values()) count += channel.size;
    return count;
  }

  /** Opens the upstream and keeps it open until `stop`. */
  start(): void {
    this.running ??= this.run();
  }

  /** Closes the upstream and ends every viewer's stream. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const channel of this.channels.values()) channel.end();
    this.channels.clear();
    await this.running;
  }

  /** Adds a viewer; gives the function that removes it. */
  watch(viewer: LiveViewer, where: readonly Where[]): () => void {
    const key = where.map(formatWhere).sort().join('\n');
    let channel = this.channels.get(key);
    if (channel === undefined) {
      channel = new LiveChannel(this.options.by, where);
      this.channels.set(key, channel);
    }
    const joined = channel;
    viewer.send(frame(liveEvents.state, this.state));
    joined.add(viewer, this.history);
    return () => {
      joined.remove(viewer);
      if (joined.size === 0 && this.channels.get(key) === joined) this.channels.delete(key);
    };
  }

  /** Sends a comment, so that proxies and browsers know that the stream lives. */
  keepAlive(): void {
    const comment = Buffer.from(': keep-alive\n\n');
    for (const channel of this.channels.values()) channel.send(comment);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.consume(await this.options.client.openLive(this.options.by, this.stopping.signal));
        this.lost(new ControlPlaneError('UNAVAILABLE', 'control plane closed the stream'));
      } catch (error) {
        this.lost(error);
      }
      await this.pause();
    }
  }

  private async consume(stream: IncomingMessage): Promise<void> {
    const parser = new SseParser();
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (const event of parser.push(chunk)) this.take(event);
        if ((this.history?.namedGroups ?? 0) > MAX_NAMED_GROUPS) return;
      }
    } finally {
      stream.destroy();
    }
  }

  private take(event: SseEvent): void {
    if (event.event === 'snapshot') {
      const snapshot = parseSnapshot(event.data);
      this.history = new LiveHistory(snapshot.currency, snapshot);
      this.failures = 0;
      this.report({ connected: true, sinceSecond: nowS(), reason: '' });
      for (const channel of this.channels.values()) channel.reset(this.history);
    }
    if (event.event !== 'tick' || this.history === undefined) return;
    const tick = parseTick(event.data);
    this.history.apply(tick);
    for (const channel of this.channels.values()) channel.tick(this.history, tick.second);
  }

  private lost(error: unknown): void {
    if (this.stopping.signal.aborted) return;
    const reason = describe(error);
    if (this.state.connected || this.failures === 0)
      this.options.log(`live stream by ${this.options.by}: ${reason}`);
    const sinceSecond = this.state.connected ? nowS() : this.state.sinceSecond;
    this.report({ connected: false, sinceSecond, reason });
  }

  private report(state: LiveState): void {
    this.state = state;
    const bytes = frame(liveEvents.state, state);
    for (const channel of this.channels.values()) channel.send(bytes);
  }

  private async pause(): Promise<void> {
    const base = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? 5000;
    this.failures += 1;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, base * (0.75 + Math.random() / 2));
      this.stopping.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}

/** What a person can be told; a broken connection has no words of its own. */
function describe(error: unknown): string {
  const known = [ControlPlaneError, StreamProtocolError, SseOverflowError];
  if (known.some((kind) => error instanceof kind)) return (error as Error).message;
  return 'connection to the control plane broke off';
}

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
