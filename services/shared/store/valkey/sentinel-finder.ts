import type { GlideClient } from '@valkey/valkey-glide';
import { connectSentinel, formatAddress, type Access, type Address } from './glide.js';
import { LiveBusError } from './live-bus.js';
import type { PrimaryFinder } from './primary-finder.js';

/** What the sentinels are asked. */
export interface SentinelOptions {
  /** One is enough; each is tried in turn, beginning with the one that answered last. */
  readonly sentinels: readonly Address[];
  /** Name under which they watch the primary. */
  readonly primaryName: string;
  readonly access: Access;
  /** A sentinel announced another primary; {@link PrimaryFinder.find} says which. */
  readonly onSwitch: () => void;
}

/** Announces `<name> <old host> <old port> <new host> <new port>`. */
const SWITCH_CHANNEL = '+switch-master';

/**
 * Asks sentinels for the primary and listens to one of them for its replacement: GLIDE speaks no Sentinel.
 * Protocol: https://valkey.io/topics/sentinel-clients/
 */
export class SentinelFinder implements PrimaryFinder {
  #sentinel: GlideClient | undefined;
  #order: Address[];
  #closed = false;

  constructor(private readonly options: SentinelOptions) {
    this.#order = [...options.sentinels];
  }

  async find(): Promise<Address> {
    const faults: string[] = [];
    for (const address of [...this.#order]) {
      try {
        const primary = await this.#ask(address);
        this.#order = [address, ...this.#order.filter((other) => other !== address)];
        if (primary !== undefined) return primary;
        faults.push(`${formatAddress(address)} does not watch '${this.options.primaryName}'`);
      } catch (error) {
        faults.push(`${formatAddress(address)}: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.#drop();
    }
    throw new LiveBusError('UNREACHABLE', `no sentinel names the primary: ${faults.join('; ')}`);
  }

  doubt(): void {
    this.#drop();
    this.#order = [...this.#order.slice(1), ...this.#order.slice(0, 1)];
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  async #ask(address: Address): Promise<Address | undefined> {
    const sentinel = this.#sentinel ?? (await this.#connect(address));
    const answer = await sentinel.customCommand([
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      this.options.primaryName,
    ]);
    if (!Array.isArray(answer)) return undefined;
    const [host, port] = answer.map(String);
    return host === undefined ? undefined : { host, port: Number(port) };
  }

  async #connect(address: Address): Promise<GlideClient> {
    const sentinel = await connectSentinel(address, this.options.access, {
      channels: [SWITCH_CHANNEL],
      onMessage: (_, message) => {
        if (Buffer.from(message).toString().startsWith(`${this.options.primaryName} `))
          this.options.onSwitch();
      },
    });
    if (this.#closed) {
      sentinel.close();
      throw new LiveBusError('UNREACHABLE', 'the bus is closed');
    }
    this.#sentinel = sentinel;
    return sentinel;
  }

  #drop(): void {
    this.#sentinel?.close();
    this.#sentinel = undefined;
  }
}
