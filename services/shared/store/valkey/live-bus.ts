/** What a listener gets: the message's bytes, which it MUST NOT change. */
export type BusListener = (message: Uint8Array) => void;

/** How a bus is doing. */
export interface BusHealth {
  readonly kind: 'in-process' | 'valkey';
  /** Whether messages reach other processes now; always true of the in-process bus. */
  readonly connected: boolean;
  /** `host:port` of the primary in use; absent without one. */
  readonly primary?: string;
  /** Messages that were published and reached nobody because the server was away. */
  readonly droppedMessages: number;
  /** Cache reads and writes that the server did not answer. */
  readonly failedCacheCalls: number;
  /** Times that a connection was lost. */
  readonly disconnects: number;
}

/**
 * Fan-out of live figures to every replica, and a cache of query results. It is a convenience: its loss MUST cost no
 * more than freshness, so none of these methods throws because the server is away. Nothing that must survive goes here.
 *
 * Delivery is at most once and in order per channel and publisher; what is published while a subscriber is away is
 * lost to it.
 */
export interface LiveBus {
  /** Sends to all subscribers of a channel in all processes, this one too; never throws and never waits. */
  publish(channel: string, message: Uint8Array | string): void;
  /**
   * Listens until the returned function is called. Resolves when messages arrive, or at once where the server is away:
   * the subscription then begins when it is back.
   */
  subscribe(channel: string, listener: BusListener): Promise<() => Promise<void>>;
  /** A cached value; undefined where there is none, it has expired, or the server is away. */
  cacheGet(key: string): Promise<string | undefined>;
  /**
   * Keeps a value for a while, at best: it may go earlier.
   *
   * @param ttlMs - at least 1, whole milliseconds
   */
  cacheSet(key: string, value: string, ttlMs: number): Promise<void>;
  /** A snapshot; reaches no server. */
  health(): BusHealth;
  /** Ends connections and timers; what comes afterwards is dropped. Idempotent. */
  close(): Promise<void>;
}

/** What went wrong with a bus; reported, never thrown. */
export class LiveBusError extends Error {
  /** @param code - `UNREACHABLE`: no server, no primary or no access; `LISTENER_FAILED`: a listener threw */
  constructor(
    readonly code: 'UNREACHABLE' | 'LISTENER_FAILED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LiveBusError';
  }
}
