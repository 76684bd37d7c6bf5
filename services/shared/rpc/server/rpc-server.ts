import { logVerbosity, Server, setLogVerbosity, type ServerOptions } from '@grpc/grpc-js';
import type { PeerIdentity } from '../certificates/peer-identity.js';
import type { TlsSource } from '../certificates/tls-source.js';
import { defaultProtocol, type Protocol } from '../definitions/protocol.js';
import { RpcError, toRpcError, type ErrorCodes } from '../errors.js';
import { adaptImplementation, type CallHost } from './call-adapter.js';
import { drainingError, type CallScope } from './call-scope.js';
import type { Implementation } from './implementation.js';
import { TlsServerCredentials } from './tls-credentials.js';

/** Where unexpected errors of handlers are told. */
export interface RpcLogger {
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What an {@link RpcServer} needs. */
export interface RpcServerOptions {
  /** Address to listen on; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The server's certificate, and the CA that clients' certificates MUST chain to. */
  readonly tls: TlsSource;
  readonly services: readonly Implementation[];
  readonly logger: RpcLogger;
  /** Why a caller is not served any more, undefined where it is; asked at every call, so it MUST be quick. @default - everyone is */
  readonly refuse?: (peer: PeerIdentity) => RpcError | undefined;
  /** Codes of domain errors. @default - those of `@kubehero/domain` alone */
  readonly errorCodes?: ErrorCodes;
  /** Largest request message. @default 4 MiB */
  readonly maxRequestBytes?: number;
  /** Calls at once on one connection. @default 100 */
  readonly maxStreamsPerConnection?: number;
  /** @default - the package's own files */
  readonly protocol?: Protocol;
}

/** An address cannot be listened on. */
export class RpcListenError extends Error {
  /** Always `LISTEN_FAILED`; the cause is grpc's own error. */
  readonly code = 'LISTEN_FAILED';
}

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const MAX_STREAMS = 100;
const KEEPALIVE_TIME_MS = 20_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
const FLOW_CONTROL_WINDOW_BYTES = 1024 * 1024;

/**
 * gRPC over mutual TLS 1.3. Dead clients are found by keep-alive; a call ends with its client's certificate; a
 * slow handler slows its client by flow control, so memory stays bounded (at most 16 messages a stream).
 */
export class RpcServer {
  readonly name = 'rpc server';
  readonly #options: RpcServerOptions;
  readonly #scopes = new Set<CallScope>();
  #server: Server | undefined;
  #credentials: TlsServerCredentials | undefined;
  #port: number | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
  }

  /** The port that the server listens on. @throws Error before {@link start} */
  get port(): number {
    if (this.#port === undefined) throw new Error('the rpc server does not listen');
    return this.#port;
  }

  /** Listens. @throws RpcListenError */
  async start(): Promise<void> {
    const server = new Server(toServerOptions(this.#options));
    const protocol = this.#options.protocol ?? defaultProtocol();
    const host = this.#host();
    for (const service of this.#options.services) {
      const definition = protocol.service(service.descriptor.typeName);
      server.addService(definition, adaptImplementation(host, service));
    }
    const credentials = new TlsServerCredentials(this.#options.tls);
    this.#port = await bind(server, credentials, this.#options.listen).catch((error: unknown) => {
      credentials.close();
      throw error;
    });
    this.#credentials = credentials;
    this.#server = server;
  }

  /**
   * Drains: open calls are told to end (their signals abort, clients see `unavailable`), new ones are refused. At
   * the signal's abort connections are cut.
   */
  async stop(signal?: AbortSignal): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const cut = (): void => {
      server.forceShutdown();
    };
    signal?.addEventListener('abort', cut, { once: true });
    const closed = new Promise<void>((resolve) => {
      server.tryShutdown(() => {
        resolve();
      });
    });
    for (const scope of [...this.#scopes]) scope.end(drainingError);
    if (signal?.aborted === true) cut();
    await closed;
    signal?.removeEventListener('abort', cut);
    this.#credentials?.close();
  }

  /** Ends the open calls of callers that are refused by now. */
  endRefused(): void {
    for (const scope of [...this.#scopes]) {
      const reason = this.#refusalOf(scope);
      if (reason !== undefined) scope.end(reason);
    }
  }

  #refusalOf({ context: { caller } }: CallScope): RpcError | undefined {
    return caller.kind === 'certificate' ? this.#options.refuse?.(caller) : undefined;
  }

  #host(): CallHost {
    return {
      enter: (scope) => {
        if (this.#server === undefined && this.#port !== undefined) throw drainingError;
        const refusal = this.#refusalOf(scope);
        if (refusal !== undefined) throw refusal;
        this.#scopes.add(scope);
        return () => this.#scopes.delete(scope);
      },
      toRpcError: (error, call) => {
        const mapped = toRpcError(error, this.#options.errorCodes);
        if (mapped.code === 'internal') {
          const { service, method } = call;
          this.#options.logger.error('call failed', { service, method, error });
        }
        return mapped;
      },
    };
  }
}

function toServerOptions(options: RpcServerOptions): ServerOptions {
  return {
    'grpc.max_receive_message_length': options.maxRequestBytes ?? MAX_REQUEST_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': options.maxStreamsPerConnection ?? MAX_STREAMS,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
  };
}

function bind(
  server: Server,
  credentials: TlsServerCredentials,
  listen: RpcServerOptions['listen'],
): Promise<number> {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  // grpc-js would write its own lines to the console beside the error that it gives us.
  setLogVerbosity(logVerbosity.NONE);
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${listen.port}`, credentials, (error, port) => {
      if (error === null) resolve(port);
      else {
        const text = `cannot listen on ${host}:${listen.port}: stop the program that uses the port, or give another address with --grpc`;
        reject(new RpcListenError(text, { cause: error }));
      }
    });
  });
}

/** Makes an {@link RpcError} of code `invalid_argument`: the caller's request cannot be right. */
export function invalidArgument(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
