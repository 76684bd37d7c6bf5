import {
  ChannelCredentials,
  Client,
  Metadata,
  status,
  type ChannelOptions,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import { toSecureContext, type TlsMaterial, type TlsSource } from '../certificates/tls-source.js';
import { defaultProtocol, type Protocol } from '../definitions/protocol.js';
import type { ServiceDescriptor } from '../definitions/service-shape.js';
import { makeCalls, type CallPlace } from './calls.js';
import type { RpcClient } from './client-types.js';

/** What an {@link RpcChannel} needs. */
export interface RpcChannelOptions {
  /** `host:port` of the server; the certificate that it shows MUST carry the host. */
  readonly target: string;
  readonly tls: TlsSource;
  /** API token, for services that answer people. @default - the certificate alone */
  readonly token?: string | undefined;
  /** Name that the server's certificate must carry instead of the target's host. @default - the target's host */
  readonly serverName?: string;
  /** How long a unary call may take where the call says nothing. @default 10000 */
  readonly timeoutMs?: number;
  /** Largest response message. @default 16 MiB */
  readonly maxResponseBytes?: number;
  /** Longest pause between two attempts to connect. @default 5000 */
  readonly maxBackoffMs?: number;
  /** @default - the package's own files */
  readonly protocol?: Protocol;
}

interface Generation {
  readonly client: Client;
  calls: number;
  retired: boolean;
}

/** SNI must be a host name (RFC 6066, 3); who dials an address sends this one. */
const NAME_FOR_ADDRESSES = 'kubehero.invalid';
const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const INITIAL_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
const KEEPALIVE_TIME_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
const FLOW_CONTROL_WINDOW_BYTES = 1024 * 1024;

/**
 * A connection to a server over mutual TLS 1.3, opened by the first call and again after it broke, with growing
 * pauses. When the certificate changes new calls use a new connection; running ones keep theirs until they end. So they do
 * after `unavailable`: a replica that leads no more says it on a connection that stays open for ever.
 */
export class RpcChannel {
  readonly #options: RpcChannelOptions;
  readonly #protocol: Protocol;
  readonly #unsubscribe: () => void;
  #current: Generation | undefined;
  #closed = false;

  constructor(options: RpcChannelOptions) {
    this.#options = options;
    this.#protocol = options.protocol ?? defaultProtocol();
    this.#unsubscribe = options.tls.onChange(() => {
      this.#retire();
    });
  }

  /** The methods of a service, bound to this channel. */
  client<Shape>(descriptor: ServiceDescriptor<Shape>): RpcClient<Shape> {
    const definition = this.#protocol.service(descriptor.typeName);
    const place: CallPlace = {
      timeoutMs: this.#options.timeoutMs ?? TIMEOUT_MS,
      metadata: toMetadata(this.#options.token),
      acquire: () => this.#acquire(),
      find: (method) => {
        const found = definition[method];
        if (found === undefined) throw new Error(`${descriptor.typeName} has no method ${method}`);
        return found as MethodDefinition<unknown, unknown>;
      },
    };
    return makeCalls(place, descriptor) as RpcClient<Shape>;
  }

  /** Lets the next call connect anew, at once: for when the caller knows that the server is another one now. */
  reconnect(): void {
    this.#retire();
  }

  /** Closes the connection when its calls are over; no call can be made any more. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#retire();
  }

  #acquire(): { client: Client; release: (code?: number) => void } {
    if (this.#closed) throw new Error('the channel is closed');
    const generation = (this.#current ??= this.#open());
    generation.calls += 1;
    let released = false;
    const release = (code?: number): void => {
      if (released) return;
      released = true;
      generation.calls -= 1;
      if (code === status.UNAVAILABLE && this.#current === generation) this.#retire();
      closeIfUnused(generation);
    };
    return { client: generation.client, release };
  }

  #open(): Generation {
    const { target, tls } = this.#options;
    const client = new Client(
      target,
      toCredentials(tls.current(), expectedName(this.#options)),
      toChannelOptions(this.#options),
    );
    return { client, calls: 0, retired: false };
  }

  #retire(): void {
    const generation = this.#current;
    this.#current = undefined;
    if (generation === undefined) return;
    generation.retired = true;
    closeIfUnused(generation);
  }
}

function toMetadata(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

function closeIfUnused(generation: Generation): void {
  if (generation.retired && generation.calls === 0) generation.client.close();
}

function expectedName(options: RpcChannelOptions): string {
  return options.serverName ?? options.target.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function toCredentials(material: TlsMaterial, name: string): ChannelCredentials {
  return ChannelCredentials.createFromSecureContext(createSecureContext(toSecureContext(material)), {
    // The first argument is the name sent as SNI, which cannot be an address; the certificate must carry this one.
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  });
}

function toChannelOptions(options: RpcChannelOptions): ChannelOptions {
  const name = expectedName(options);
  return {
    'grpc.max_receive_message_length': options.maxResponseBytes ?? MAX_RESPONSE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.initial_reconnect_backoff_ms': INITIAL_BACKOFF_MS,
    'grpc.min_reconnect_backoff_ms': INITIAL_BACKOFF_MS,
    'grpc.max_reconnect_backoff_ms': options.maxBackoffMs ?? MAX_BACKOFF_MS,
    'grpc.enable_retries': 0,
    // Channels of different certificates must never share a connection.
    'grpc.use_local_subchannel_pool': 1,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    'grpc.ssl_target_name_override': isIP(name) === 0 ? name : NAME_FOR_ADDRESSES,
  };
}
