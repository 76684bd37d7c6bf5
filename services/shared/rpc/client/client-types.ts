/** How a single call is made. */
export interface CallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** @default - the channel's for unary calls, none for streams */
  readonly timeoutMs?: number;
}

/** The client's side of a call in which both sides send. */
export interface ClientStream<RequestInput, Response> {
  /** Sends; resolves when the transport wants more. @throws RpcError once the call is over */
  send(request: RequestInput): Promise<void>;
  /** Says that nothing more is sent. */
  end(): void;
  /** What the server sends, until it ends the call. @throws RpcError with the call's status */
  readonly responses: AsyncIterable<Response>;
  /** Gives the call up. */
  cancel(): void;
  /** True once the call has its status: nothing can be sent, nothing more will come. */
  isOver(): boolean;
}

type Request<Method> = Method extends { readonly requestInput: infer Value } ? Value : never;
type Response<Method> = Method extends { readonly response: infer Value } ? Value : never;

/** A method as a client calls it; every rejection is an RpcError. */
export type ClientMethod<Method> = Method extends { readonly kind: 'unary' }
  ? (request: Request<Method>, options?: CallOptions) => Promise<Response<Method>>
  : Method extends { readonly kind: 'serverStream' }
    ? (request: Request<Method>, options?: CallOptions) => AsyncIterable<Response<Method>>
    : (options?: CallOptions) => ClientStream<Request<Method>, Response<Method>>;

/** All methods of a service, named as in the .proto file. */
export type RpcClient<Shape> = { readonly [Method in keyof Shape]: ClientMethod<Shape[Method]> };
