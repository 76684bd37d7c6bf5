import type {
  CallOptions as GrpcCallOptions,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  Metadata,
  MethodDefinition,
} from '@grpc/grpc-js';
import type { ServiceDescriptor } from '../definitions/service-shape.js';
import { fromGrpcError, RpcError } from '../errors.js';
import type { CallOptions, ClientStream } from './client-types.js';

type Method = MethodDefinition<unknown, unknown>;

/** What calls need of their channel. */
export interface CallPlace {
  readonly timeoutMs: number;
  /** Sent with every call. */
  readonly metadata: Metadata;
  /** The connection that new calls use; `release` MUST be called once when the call is over, with its status. */
  acquire(): { readonly client: Client; readonly release: (code?: number) => void };
  find(method: string): Method;
}

function toGrpcOptions(timeoutMs: number | undefined): GrpcCallOptions {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

const cancelled = (): RpcError => new RpcError('canceled', 'the call was cancelled by its caller');

/** Cancels with the signal. @returns stops listening to it */
function cancelWith(signal: AbortSignal | undefined, cancel: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  return () => {
    signal.removeEventListener('abort', cancel);
  };
}

function callUnary(
  place: CallPlace,
  method: Method,
  request: unknown,
  options: CallOptions,
): Promise<unknown> {
  if (options.signal?.aborted === true) return Promise.reject(cancelled());
  const { client, release } = place.acquire();
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      place.metadata,
      toGrpcOptions(options.timeoutMs ?? place.timeoutMs),
      (error, response) => {
        unlisten();
        release(error?.code);
        if (error === null) resolve(response);
        else reject(fromGrpcError(error));
      },
    );
    const unlisten = cancelWith(options.signal, () => {
      call.cancel();
    });
  });
}

type Stream = ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>;

async function* readResponses(stream: Stream): AsyncGenerator {
  try {
    yield* stream;
  } catch (error) {
    throw fromGrpcError(error);
  } finally {
    stream.cancel();
  }
}

function prepare(stream: Stream, options: CallOptions, release: (code: number) => void): void {
  const unlisten = cancelWith(options.signal, () => {
    stream.cancel();
  });
  // The status is the last thing that happens to a call; an error is thrown by whoever reads or sends.
  stream.on('error', () => undefined);
  stream.on('status', ({ code }: { code: number }) => {
    unlisten();
    release(code);
  });
}

function callServerStream(
  place: CallPlace,
  method: Method,
  request: unknown,
  options: CallOptions,
): AsyncIterable<unknown> {
  const { client, release } = place.acquire();
  const { path, requestSerialize, responseDeserialize } = method;
  const grpcOptions = toGrpcOptions(options.timeoutMs);
  const stream = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    place.metadata,
    grpcOptions,
  );
  prepare(stream, options, release);
  return readResponses(stream);
}

function callBidiStream(
  place: CallPlace,
  method: Method,
  options: CallOptions,
): ClientStream<unknown, unknown> {
  const { client, release } = place.acquire();
  const { path, requestSerialize, responseDeserialize } = method;
  const stream = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    place.metadata,
    toGrpcOptions(options.timeoutMs),
  );
  let failure: unknown;
  let over = false;
  stream.on('error', (error) => {
    failure = error;
  });
  stream.on('status', () => {
    over = true;
    stream.emit('drain');
  });
  prepare(stream, options, release);
  return {
    responses: readResponses(stream),
    send: async (request) => {
      if (!over && !stream.write(request)) await waitForDrain(stream);
      if (over) throw toCallError(failure);
    },
    end: () => {
      stream.end();
    },
    cancel: () => {
      stream.cancel();
    },
    isOver: () => over,
  };
}

function toCallError(failure: unknown): Error {
  if (failure !== undefined) return fromGrpcError(failure);
  return new RpcError('unavailable', 'the server has ended the call');
}

async function waitForDrain(stream: ClientDuplexStream<unknown, unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once('drain', resolve);
  });
}

/** Makes a function for every method of a service. */
export function makeCalls<Shape>(
  place: CallPlace,
  descriptor: ServiceDescriptor<Shape>,
): Record<string, unknown> {
  const methods = descriptor.methods as ServiceDescriptor['methods'];
  return Object.fromEntries<unknown>(
    Object.entries(methods).map(([name, { kind }]): [string, unknown] => {
      const method = place.find(name);
      if (kind === 'unary') {
        const unary = (request: unknown, options: CallOptions = {}): Promise<unknown> =>
          callUnary(place, method, request, options);
        return [name, unary];
      }
      if (kind === 'serverStream') {
        const serverStream = (request: unknown, options: CallOptions = {}): AsyncIterable<unknown> =>
          callServerStream(place, method, request, options);
        return [name, serverStream];
      }
      return [name, (options: CallOptions = {}) => callBidiStream(place, method, options)];
    }),
  );
}
