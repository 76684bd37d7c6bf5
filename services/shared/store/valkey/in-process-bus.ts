import type { BusHealth, BusListener, LiveBus, LiveBusError } from './live-bus.js';
import { Subscriptions } from './subscriptions.js';

/** What the in-process bus takes. */
export interface InProcessBusOptions {
  /** Hears of listeners that throw. */
  readonly onFault: (error: LiveBusError) => void;
  /** Milliseconds of any clock that does not go back. @default performance.now */
  readonly nowMs?: () => number;
  /** Cached values at most; the one that was used least recently goes first. @default 10,000 */
  readonly maxCachedValues?: number;
}

const MAX_CACHED_VALUES = 10_000;

/** The bus of a product that runs in one process: the same contract, without a server. */
export function inProcessBus(options: InProcessBusOptions): LiveBus {
  return new InProcessBus(options);
}

class InProcessBus implements LiveBus {
  readonly #subscriptions: Subscriptions;
  readonly #cache = new Map<string, { readonly value: string; readonly endsAtMs: number }>();
  readonly #nowMs: () => number;
  readonly #maxCachedValues: number;
  readonly #encoder = new TextEncoder();
  #closed = false;

  constructor(options: InProcessBusOptions) {
    this.#subscriptions = new Subscriptions(options.onFault);
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#maxCachedValues = options.maxCachedValues ?? MAX_CACHED_VALUES;
  }

  publish(channel: string, message: Uint8Array | string): void {
    if (this.#closed || !this.#subscriptions.has(channel)) return;
    // A copy, and later: the publisher may fill its buffer again, and a listener never runs inside of publish.
    const bytes = typeof message === 'string' ? this.#encoder.encode(message) : message.slice();
    queueMicrotask(() => {
      this.#subscriptions.deliver(channel, bytes);
    });
  }

  async subscribe(channel: string, listener: BusListener): Promise<() => Promise<void>> {
    if (!this.#closed) this.#subscriptions.add(channel, listener);
    return async () => {
      this.#subscriptions.remove(channel, listener);
    };
  }

  async cacheGet(key: string): Promise<string | undefined> {
    const entry = this.#cache.get(key);
    if (entry === undefined) return undefined;
    this.#cache.delete(key);
    if (entry.endsAtMs <= this.#nowMs()) return undefined;
    this.#cache.set(key, entry); // a Map keeps the order of insertion: the used one goes last
    return entry.value;
  }

  async cacheSet(key: string, value: string, ttlMs: number): Promise<void> {
    if (this.#closed) return;
    this.#cache.delete(key);
    this.#cache.set(key, { value, endsAtMs: this.#nowMs() + ttlMs });
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= this.#maxCachedValues) return;
      this.#cache.delete(oldest);
    }
  }

  health(): BusHealth {
    return {
      kind: 'in-process',
      connected: !this.#closed,
      droppedMessages: 0,
      failedCacheCalls: 0,
      disconnects: 0,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#subscriptions.clear();
    this.#cache.clear();
  }
}
