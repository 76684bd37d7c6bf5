import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
  ServerWritableStream,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { setImmediate } from 'node:timers/promises';
import type { MethodKind } from '../definitions/service-shape.js';
import { RpcError, toGrpcStatus } from '../errors.js';
import { openScope, type CallScope, type ServerSurfaceCall } from './call-scope.js';
import type {
  BidiStreamHandler,
  Implementation,
  ServerStream,
  ServerStreamHandler,
  UnaryHandler,
} from './implementation.js';

/** The server's part in every call: registers scopes, maps errors. */
export interface CallHost {
  /** Notes an open call; returns what forgets it. */
  enter(scope: CallScope): () => void;
  /** Logs and maps whatever a handler threw. */
  toRpcError(error: unknown, call: { readonly service: string; readonly method: string }): RpcError;
}

interface MethodPlace {
  readonly host: CallHost;
  readonly service: string;
  readonly method: string;
}

function toStatus(error: RpcError): { code: number; details: string; metadata: Metadata } {
  return { code: toGrpcStatus(error.code), details: error.message, metadata: new Metadata() };
}

/** Runs one call inside its scope; `work` answers, `refuse` ends the call with a status. */
async function runCall(
  place: MethodPlace,
  call: ServerSurfaceCall,
  parts: { work: (scope: CallScope) => Promise<void>; refuse: (error: RpcError) => void },
): Promise<void> {
  let scope: CallScope | undefined;
  let leave: (() => void) | undefined;
  try {
    scope = openScope(call, place);
    leave = place.host.enter(scope);
    const aborted = rejectOnAbort(scope.context.signal);
    await Promise.race([parts.work(scope), aborted]);
  } catch (error) {
    parts.refuse(scope?.endedBy() ?? place.host.toRpcError(error, place));
  } finally {
    scope?.close();
    leave?.();
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    const fail = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  // The race may be over before the signal aborts; nobody waits for it then.
  promise.catch(() => undefined);
  return promise;
}

/** Waits until a stream takes more, or is gone. */
async function waitForDrain(stream: ServerSurfaceCall): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

type Writable = ServerSurfaceCall & { readonly destroyed: boolean; write(chunk: unknown): boolean };

async function writeMessage(stream: Writable, message: unknown): Promise<void> {
  if (stream.destroyed) throw new RpcError('canceled', 'the call is over');
  if (!stream.write(message)) await waitForDrain(stream);
}

async function* readMessages(call: ServerDuplexStream<unknown, unknown>): AsyncGenerator {
  try {
    // Ending the loop early must not destroy the other direction.
    yield* call.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw new RpcError('canceled', 'the client ended the stream abruptly', { cause: error });
  }
  // A cancelled call ends like a finished one, and is marked a turn of the event loop later; the handler must not
  // take half of the requests for all.
  await setImmediate();
  if (call.cancelled) throw new RpcError('canceled', 'the client ended the stream abruptly');
}

function adaptUnary(place: MethodPlace, handler: UnaryHandler): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    void runCall(place, call, {
      work: async ({ context }) => {
        callback(null, await handler(call.request, context));
      },
      refuse: (error) => {
        callback(toStatus(error));
      },
    });
  };
}

function adaptServerStream(
  place: MethodPlace,
  handler: ServerStreamHandler,
): handleServerStreamingCall<unknown, unknown> {
  return (call: ServerWritableStream<unknown, unknown>) => {
    call.on('error', () => undefined);
    void runCall(place, call, {
      work: async ({ context }) => {
        for await (const message of handler(call.request, context)) {
          if (context.signal.aborted) return;
          await writeMessage(call, message);
        }
        call.end();
      },
      refuse: (error) => {
        call.emit('error', toStatus(error));
      },
    });
  };
}

function adaptBidiStream(
  place: MethodPlace,
  handler: BidiStreamHandler,
): handleBidiStreamingCall<unknown, unknown> {
  return (call) => {
    call.on('error', () => undefined);
    const stream: ServerStream<unknown, unknown> = {
      requests: readMessages(call),
      send: (message) => writeMessage(call, message),
    };
    void runCall(place, call, {
      work: async ({ context }) => {
        await handler(stream, context);
        call.end();
      },
      refuse: (error) => {
        call.emit('error', toStatus(error));
      },
    });
  };
}

function adapt(place: MethodPlace, kind: MethodKind, handler: unknown): UntypedHandleCall {
  if (kind === 'unary') return adaptUnary(place, handler as UnaryHandler) as UntypedHandleCall;
  if (kind === 'serverStream') {
    return adaptServerStream(place, handler as ServerStreamHandler) as UntypedHandleCall;
  }
  if (kind === 'bidiStream') {
    return adaptBidiStream(place, handler as BidiStreamHandler) as UntypedHandleCall;
  }
  throw new Error(`methods of kind ${kind} are not served: ${place.service}/${place.method}`);
}

/** The handlers of a service as grpc-js calls them. */
export function adaptImplementation(
  host: CallHost,
  implementation: Implementation,
): Record<string, UntypedHandleCall> {
  const { typeName, methods } = implementation.descriptor;
  return Object.fromEntries(
    Object.entries(methods).map(([method, { kind }]) => [
      method,
      adapt({ host, service: typeName, method }, kind, implementation.handlers[method]),
    ]),
  );
}
