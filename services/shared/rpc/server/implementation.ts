import type { MethodShape, ServiceDescriptor } from '../definitions/service-shape.js';
import type { CallContext } from './call-context.js';

/** The server's side of a call in which both sides send. */
export interface ServerStream<Request, Response> {
  /** What the client sends, until it ends or the call is cancelled (RpcError `cancelled`). Read slowly to slow it. */
  readonly requests: AsyncIterable<Request>;
  /** Sends; resolves when the transport wants more, so awaiting it bounds memory. */
  send(response: Response): Promise<void>;
}

type Request<Method> = Method extends { readonly request: infer Value } ? Value : never;
type ResponseInput<Method> = Method extends { readonly responseInput: infer Value } ? Value : never;

/** A handler of a method. */
export type Handler<Method> = Method extends { readonly kind: 'unary' }
  ? (request: Request<Method>, context: CallContext) => Promise<ResponseInput<Method>>
  : Method extends { readonly kind: 'serverStream' }
    ? (request: Request<Method>, context: CallContext) => AsyncIterable<ResponseInput<Method>>
    : (stream: ServerStream<Request<Method>, ResponseInput<Method>>, context: CallContext) => Promise<void>;

/** Handlers of all methods of a service. */
export type Handlers<Shape> = { readonly [Method in keyof Shape]: Handler<Shape[Method]> };

/** Handlers of unary methods, as servers call them. */
export type UnaryHandler = (request: unknown, context: CallContext) => Promise<unknown>;
/** Handlers of methods that answer with a stream, as servers call them. */
export type ServerStreamHandler = (request: unknown, context: CallContext) => AsyncIterable<unknown>;
/** Handlers of methods in which both sides stream, as servers call them. */
export type BidiStreamHandler = (
  stream: ServerStream<unknown, unknown>,
  context: CallContext,
) => Promise<void>;

/** A service with its handlers: given to the gRPC server, to the Connect routes, or to both. */
export interface Implementation {
  readonly descriptor: ServiceDescriptor<Record<string, MethodShape>>;
  /** By method; the descriptor's kind tells which type a handler has. */
  readonly handlers: Readonly<Record<string, UnaryHandler | ServerStreamHandler | BidiStreamHandler>>;
}

/** Binds handlers to a service; the compiler checks that every method is there with its messages. */
export function implement<Shape>(
  descriptor: ServiceDescriptor<Shape>,
  handlers: Handlers<Shape>,
): Implementation {
  return {
    descriptor: descriptor as unknown as Implementation['descriptor'],
    handlers: handlers as unknown as Implementation['handlers'],
  };
}
