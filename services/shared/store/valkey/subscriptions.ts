import { LiveBusError, type BusListener } from './live-bus.js';

/** Who listens to what in this process. */
export class Subscriptions {
  readonly #listeners = new Map<string, Set<BusListener>>();

  /** @param onFault - hears of listeners that throw; the others still get the message */
  constructor(private readonly onFault: (error: LiveBusError) => void) {}

  /** Channels with at least one listener. */
  channels(): string[] {
    return [...this.#listeners.keys()];
  }

  /** Whether anyone listens. */
  has(channel: string): boolean {
    return this.#listeners.has(channel);
  }

  /** @returns whether it is the channel's first */
  add(channel: string, listener: BusListener): boolean {
    const known = this.#listeners.get(channel);
    if (known === undefined) {
      this.#listeners.set(channel, new Set([listener]));
      return true;
    }
    known.add(listener);
    return false;
  }

  /** @returns whether it was the channel's last */
  remove(channel: string, listener: BusListener): boolean {
    const known = this.#listeners.get(channel);
    if (known?.delete(listener) !== true || known.size > 0) return false;
    this.#listeners.delete(channel);
    return true;
  }

  /** Hands a message to a channel's listeners. */
  deliver(channel: string, message: Uint8Array): void {
    for (const listener of this.#listeners.get(channel) ?? []) {
      try {
        listener(message);
      } catch (cause) {
        const text = `a listener of channel '${channel}' threw: ${String(cause)}`;
        this.onFault(new LiveBusError('LISTENER_FAILED', text, { cause }));
      }
    }
  }

  /** Forgets everyone. */
  clear(): void {
    this.#listeners.clear();
  }
}
