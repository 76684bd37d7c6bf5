import type { ServiceDescriptor } from '../definitions/service-shape.js';
import { RpcError } from '../errors.js';
import type { CallOptions, RpcClient } from '../client/client-types.js';
import { readConnectError } from './connect-errors.js';

/** The unary methods of a service. */
export type UnaryOf<Shape> = {
  readonly [
    Method in keyof Shape as Shape[Method] extends { readonly kind: 'unary' } ? Method : never
  ]: RpcClient<Shape>[Method];
};

/** What {@link createConnectClient} needs. */
export interface ConnectClientOptions {
  /** Base URL of the server. */
  readonly server: string;
  /** Bearer token, absent where the server asks for none. */
  readonly token?: string;
  /** @default 30000 */
  readonly timeoutMs?: number;
  /** @default - the platform's fetch */
  readonly fetch?: typeof fetch;
}

/** Makes clients of services over the Connect protocol. */
export interface ConnectClient {
  /** The unary methods of a service; every rejection is an RpcError. */
  client<Shape>(descriptor: ServiceDescriptor<Shape>): UnaryOf<Shape>;
}

const TIMEOUT_MS = 30_000;

/**
 * A client of the Connect protocol (JSON) that needs nothing but `fetch`: neither .proto files nor gRPC. Messages
 * are as a KubeHero server writes them: every field present, 64-bit integers as strings, bytes as base64.
 */
export function createConnectClient(options: ConnectClientOptions): ConnectClient {
  return {
    client: <Shape>(descriptor: ServiceDescriptor<Shape>): UnaryOf<Shape> => {
      const entries = Object.entries(descriptor.methods as ServiceDescriptor['methods'])
        .filter(([, { kind }]) => kind === 'unary')
        .map(([method]) => {
          const path = `${descriptor.typeName}/${method}`;
          return [
            method,
            (request: unknown, call: CallOptions = {}) => post(options, path, { request, call }),
          ];
        });
      return Object.fromEntries(entries) as UnaryOf<Shape>;
    },
  };
}

function toJsonText(request: unknown): string {
  return JSON.stringify(request, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
}

async function post(
  options: ConnectClientOptions,
  path: string,
  { request, call }: { readonly request: unknown; readonly call: CallOptions },
): Promise<unknown> {
  const timeoutMs = call.timeoutMs ?? options.timeoutMs ?? TIMEOUT_MS;
  const controller = new AbortController();
  const giveUp = (): void => {
    controller.abort();
  };
  const timer = setTimeout(giveUp, timeoutMs);
  call.signal?.addEventListener('abort', giveUp, { once: true });
  if (call.signal?.aborted === true) giveUp();
  try {
    const response = await (options.fetch ?? fetch)(`${options.server.replace(/\/+$/, '')}/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'connect-protocol-version': '1',
        'connect-timeout-ms': String(timeoutMs),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      },
      body: toJsonText(request),
      signal: controller.signal,
      // A redirect would carry the token to wherever it points.
      redirect: 'error',
    });
    const body = await response.text();
    if (response.status !== 200) throw readConnectError(response.status, body);
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw toClientError(options, error, { aborted: call.signal?.aborted === true, timeoutMs, controller });
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', giveUp);
  }
}

function toClientError(
  options: ConnectClientOptions,
  error: unknown,
  state: { readonly aborted: boolean; readonly timeoutMs: number; readonly controller: AbortController },
): RpcError {
  if (error instanceof RpcError) return error;
  if (state.aborted) return new RpcError('canceled', 'the call was canceled by its caller', { cause: error });
  if (state.controller.signal.aborted) {
    const text = `${options.server} did not answer within ${state.timeoutMs} ms: is it overloaded?`;
    return new RpcError('deadline_exceeded', text, { cause: error });
  }
  const text = `cannot reach ${options.server}: is it running, and is the address right?`;
  return new RpcError('unavailable', text, { cause: error });
}
