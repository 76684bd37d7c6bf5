import { LiveBusError } from './live-bus.js';
import type { Address } from './glide.js';

/** Knows which server is the primary. */
export interface PrimaryFinder {
  /**
   * Asks who the primary is now.
   *
   * @throws LiveBusError `UNREACHABLE` where nobody can say
   */
  find(): Promise<Address>;
  /** What it said did not hold (no primary there): it asks someone else next time. */
  doubt(): void;
  /** Ends what it opened. */
  close(): void;
}

/** One server whose address never changes. */
export function fixedPrimary(address: Address): PrimaryFinder {
  return { find: async () => address, doubt: () => undefined, close: () => undefined };
}

/**
 * The server that a URL names.
 *
 * @param url - `valkey://host:port` or `valkeys://host:port` for TLS; also with the schemes `redis` and `rediss`
 * @throws LiveBusError `UNREACHABLE` where it is none
 */
export function parseValkeyUrl(url: string): Address & { readonly isTls: boolean } {
  const match = /^(?:valkey|redis)(s?):\/\/(\[[0-9a-f:.]+\]|[^\s:/@?#]+)(?::(\d{1,5}))?\/?$/i.exec(url);
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (match?.[2] === undefined || port < 1 || port > MAX_PORT) {
    throw new LiveBusError('UNREACHABLE', 'not a valkey url: give valkey://host:port or valkeys://host:port');
  }
  return { host: match[2].replace(/^\[|\]$/g, ''), port, isTls: match[1] !== '' };
}

const DEFAULT_PORT = 6379;
const MAX_PORT = 65_535;
