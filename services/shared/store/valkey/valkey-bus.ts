import type { GlideClient } from '@valkey/valkey-glide';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connectServer,
  formatAddress,
  REQUEST_TIMEOUT_MS,
  sendBatch,
  type Access,
  type Address,
} from './glide.js';
import { LiveBusError, type BusHealth, type BusListener, type LiveBus } from './live-bus.js';
import { fixedPrimary, parseValkeyUrl, type PrimaryFinder } from './primary-finder.js';
import { Outbox, type Outgoing } from './outbox.js';
import { SentinelFinder } from './sentinel-finder.js';
import { Subscriptions } from './subscriptions.js';

/** How to reach Valkey: one server by `url`, or whoever is primary by `sentinels` and `primaryName`. */
export interface ValkeyOptions extends Access {
  /** `valkey(s)://host:port`; the scheme `valkeys` turns TLS on. */
  readonly url?: string;
  readonly sentinels?: readonly Address[];
  /** Name under which the sentinels watch the primary. */
  readonly primaryName?: string;
  /** Hears once of each loss of the server, and of listeners that throw. */
  readonly onFault: (error: LiveBusError) => void;
  /** Hears once of each connection. */
  readonly onConnected?: (primary: string) => void;
}

/** All names in Valkey begin with this, so that a shared server mixes nothing up. */
const PREFIX = 'kubehero:';
/** Between looks at a server that answers; a switch of the primary wakes it at once. */
const WATCH_MS = 2000;
/** Between attempts while there is none. */
const RETRY_MS = 250;
/** What a server says that takes no writes for now: without a replica, memory or a disk it carries messages all the same. */
const refusedWrite = /\b(NOREPLICAS|OOM|MISCONF)\b/;
/** Messages that wait at most while a batch is under way; a server that is slower than that loses the newest. */
const MAX_WAITING = 500;

/**
 * A bus over Valkey 7.2 or later, or Redis 7.0 or later. Begins to connect at once in the background and never gives
 * up: without a server it caches nothing and carries nothing.
 *
 * @throws LiveBusError `UNREACHABLE` for a url that is none, or neither url nor sentinels
 */
export function connectValkey(options: ValkeyOptions): LiveBus {
  const bus = new ValkeyBus(options);
  bus.start();
  return bus;
}

class ValkeyBus implements LiveBus {
  readonly #options: ValkeyOptions;
  readonly #access: Access;
  readonly #finder: PrimaryFinder;
  readonly #subscriptions: Subscriptions;
  readonly #outbox = new Outbox((batch) => this.#send(batch), MAX_WAITING);
  readonly #stopped = new AbortController();
  #wake = new AbortController();
  #client: GlideClient | undefined;
  #primary: string | undefined;
  /** Of the connection: what an older one still hands over is dropped. */
  #generation = 0;
  #healthy = false;
  #reported = false;
  #droppedMessages = 0;
  #failedCacheCalls = 0;
  #disconnects = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ValkeyOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options.onFault);
    const server = options.url === undefined ? undefined : parseValkeyUrl(options.url);
    this.#access = server?.isTls === true ? { tls: {}, ...options } : options;
    this.#finder = server === undefined ? this.#sentinels() : fixedPrimary(server);
  }

  start(): void {
    this.#running = this.#run();
  }

  publish(channel: string, message: Uint8Array | string): void {
    // A copy: the publisher may fill its buffer again before the bytes are sent.
    const copy = typeof message === 'string' ? message : Buffer.from(message);
    if (!this.#healthy || !this.#outbox.offer({ channel: PREFIX + channel, message: copy })) {
      this.#droppedMessages += 1;
    }
  }

  async subscribe(channel: string, listener: BusListener): Promise<() => Promise<void>> {
    if (this.#subscriptions.add(channel, listener)) await this.#follow(channel);
    return async () => {
      if (!this.#subscriptions.remove(channel, listener)) return;
      const client = this.#client;
      await this.#attempt(client, client?.unsubscribeLazy([PREFIX + channel]));
    };
  }

  async cacheGet(key: string): Promise<string | undefined> {
    const client = this.#usable();
    const value = await this.#cacheCall(client, client?.get(PREFIX + key));
    return value?.toString() ?? undefined;
  }

  async cacheSet(key: string, value: string, ttlMs: number): Promise<void> {
    const client = this.#usable();
    const count = Math.max(1, Math.ceil(ttlMs));
    const command = ['SET', PREFIX + key, value, 'PX', String(count)];
    await this.#cacheCall(client, client?.customCommand(command));
  }

  health(): BusHealth {
    return {
      kind: 'valkey',
      connected: this.#healthy,
      ...(this.#primary === undefined ? {} : { primary: this.#primary }),
      droppedMessages: this.#droppedMessages,
      failedCacheCalls: this.#failedCacheCalls,
      disconnects: this.#disconnects,
    };
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    await this.#running;
    this.#subscriptions.clear();
  }

  #sentinels(): PrimaryFinder {
    const { sentinels = [], primaryName } = this.#options;
    if (sentinels.length === 0 || primaryName === undefined) {
      throw new LiveBusError(
        'UNREACHABLE',
        'neither a valkey url nor sentinels and their name of the primary',
      );
    }
    const onSwitch = (): void => {
      this.#wake.abort();
    };
    return new SentinelFinder({ sentinels, primaryName, access: this.#access, onSwitch });
  }

  /** Until closed: find the primary, keep a connection to it, look whether both still hold. */
  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#wake = new AbortController();
      try {
        const primary = await this.#finder.find();
        if (formatAddress(primary) !== this.#primary) await this.#replace(primary);
        await this.#client?.ping();
        this.#gain();
      } catch (error) {
        this.#finder.doubt();
        this.#lose(this.#client, error);
      }
      await this.#rest();
    }
    this.#finder.close();
    this.#disconnect();
  }

  async #rest(): Promise<void> {
    const { signal } = this.#wake;
    try {
      await delay(this.#healthy ? WATCH_MS : RETRY_MS, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error; // woken early is what the signal is for
    }
  }

  async #replace(primary: Address): Promise<void> {
    this.#disconnect();
    const generation = this.#generation;
    const channels = this.#subscriptions.channels();
    const client = await connectServer(primary, this.#access, {
      channels: channels.map((channel) => PREFIX + channel),
      onMessage: (channel, message) => {
        if (generation === this.#generation)
          this.#subscriptions.deliver(channel.slice(PREFIX.length), message);
      },
    });
    this.#client = client;
    this.#primary = formatAddress(primary);
    const meanwhile = this.#subscriptions.channels().filter((channel) => !channels.includes(channel));
    if (meanwhile.length > 0) await client.subscribeLazy(meanwhile.map((channel) => PREFIX + channel));
  }

  #disconnect(): void {
    this.#healthy = false;
    this.#generation += 1;
    this.#client?.close();
    this.#client = undefined;
    this.#primary = undefined;
  }

  #gain(): void {
    if (this.#healthy || this.#primary === undefined) return;
    this.#healthy = true;
    this.#reported = false;
    this.#options.onConnected?.(this.#primary);
  }

  /** Notes that a client failed; says so once until the next connection. */
  #lose(client: GlideClient | undefined, cause: unknown): void {
    if (client !== this.#client || this.#stopped.signal.aborted) return;
    if (this.#healthy) {
      this.#disconnects += 1;
      this.#healthy = false;
      this.#wake.abort(); // the loop looks at once, but only once: it then waits between attempts
    }
    if (this.#reported) return;
    this.#reported = true;
    const text = `valkey is away, nothing is cached and live figures reach this replica alone: ${messageOf(cause)}`;
    this.#options.onFault(new LiveBusError('UNREACHABLE', text, { cause }));
  }

  async #send(messages: readonly Outgoing[]): Promise<void> {
    const client = this.#usable();
    const sent = await this.#attempt(client, client && sendBatch(client, messages));
    if (sent === undefined) this.#droppedMessages += messages.length;
  }

  #usable(): GlideClient | undefined {
    return this.#healthy ? this.#client : undefined;
  }

  async #follow(channel: string): Promise<void> {
    const client = this.#client;
    const channels = [PREFIX + channel];
    const call = this.#healthy
      ? client?.subscribe(channels, REQUEST_TIMEOUT_MS)
      : client?.subscribeLazy(channels);
    await this.#attempt(client, call);
  }

  async #cacheCall<Result>(
    client: GlideClient | undefined,
    call: Promise<Result> | undefined,
  ): Promise<Result | undefined> {
    const result = await this.#attempt(client, call);
    if (result === undefined) this.#failedCacheCalls += 1;
    return result;
  }

  /** @returns undefined where there is no client or it failed; then the connection is in doubt, but for a refused write */
  async #attempt<Result>(
    client: GlideClient | undefined,
    call: Promise<Result> | undefined,
  ): Promise<Result | undefined> {
    try {
      return await call;
    } catch (error) {
      if (!refusedWrite.test(messageOf(error))) this.#lose(client, error);
      return undefined;
    }
  }
}

function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).trim();
}
