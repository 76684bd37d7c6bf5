import type { GlideClient, GlideClientConfiguration } from '@valkey/valkey-glide';
import type { Outgoing } from './outbox.js';

/** Where a server or a sentinel listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How connections to servers and sentinels are made. */
export interface Access {
  /** Password of servers and sentinels; absent where they ask for none. */
  readonly password?: string;
  /** TLS, with the CA that the servers' certificates chain to. @default - no TLS */
  readonly tls?: { readonly caPem?: string };
}

/** Channels that a connection listens to from its start. */
export interface Listening {
  readonly channels: readonly string[];
  readonly onMessage: (channel: string, message: Uint8Array) => void;
}

/** Longest wait for a TCP and TLS handshake. */
const CONNECT_TIMEOUT_MS = 1000;
/** Longest wait for an answer. */
export const REQUEST_TIMEOUT_MS = 1000;
/** Waits between attempts to come back grow from 50 ms to 50 · 2^5 ms. */
const BACKOFF = { numberOfRetries: 5, factor: 50, exponentBase: 2, jitterPercent: 20 };

/**
 * Connects to one server that must be a primary. GLIDE comes back to the same address by itself and subscribes again.
 *
 * @throws GLIDE's errors where it cannot connect
 */
export async function connectServer(
  address: Address,
  access: Access,
  listening: Listening,
): Promise<GlideClient> {
  return await connect(address, access, listening, false);
}

/**
 * Connects to a sentinel, which speaks the protocol but has no role that GLIDE knows: its check of roles is left out.
 *
 * @throws GLIDE's errors where it cannot connect
 */
export async function connectSentinel(
  address: Address,
  access: Access,
  listening: Listening,
): Promise<GlideClient> {
  return await connect(address, access, listening, true);
}

async function connect(
  address: Address,
  access: Access,
  listening: Listening,
  isSentinel: boolean,
): Promise<GlideClient> {
  // Loaded here: the native client starts threads, which a product without Valkey must not have.
  const glide = await import('@valkey/valkey-glide');
  glide.Logger.setLoggerConfig('off'); // it would write to stderr; faults are reported by the caller
  const exact = glide.GlideClientConfiguration.PubSubChannelModes.Exact;
  const configuration: GlideClientConfiguration = {
    addresses: [{ host: address.host, port: address.port }],
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionBackoff: BACKOFF,
    defaultDecoder: glide.Decoder.Bytes,
    useTLS: access.tls !== undefined,
    advancedConfiguration: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      ...(access.tls?.caPem === undefined
        ? {}
        : { tlsAdvancedConfiguration: { rootCertificates: access.tls.caPem } }),
    },
    ...(access.password === undefined ? {} : { credentials: { password: access.password } }),
    ...(isSentinel ? { nodeDiscoveryMode: glide.NodeDiscoveryMode.Static } : {}),
    pubsubSubscriptions: {
      channelsAndPatterns: listening.channels.length === 0 ? {} : { [exact]: new Set(listening.channels) },
      callback: ({ channel, message }) => {
        listening.onMessage(channel.toString(), typeof message === 'string' ? Buffer.from(message) : message);
      },
    },
  };
  return await glide.GlideClient.createClient(configuration);
}

/**
 * Publishes messages in their order, in one round trip.
 *
 * @throws GLIDE's errors; some messages may have been sent then
 */
export async function sendBatch(client: GlideClient, messages: readonly Outgoing[]): Promise<true> {
  const { Batch } = await import('@valkey/valkey-glide');
  const batch = new Batch(false);
  for (const { channel, message } of messages) batch.publish(message, channel);
  await client.exec(batch, true);
  return true;
}

/** `host:port`, IPv6 in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
