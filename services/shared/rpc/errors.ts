import type { status } from '@grpc/grpc-js';

/** Codes of the gRPC and Connect protocols, as Connect spells them. */
export const rpcCodes = [
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const;

/** One of {@link rpcCodes}. */
export type RpcCode = (typeof rpcCodes)[number];

/** A call failed. Callers branch on the code; `unavailable` and `aborted` are worth trying again. */
export class RpcError extends Error {
  constructor(
    readonly code: RpcCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'RpcError';
  }
}

/** Which rpc code an error of a domain boundary becomes, by its own `code`. */
export type ErrorCodes = Readonly<Record<string, RpcCode>>;

/** Codes of the errors that arguments of a call can cause in `@kubehero/domain`. */
const DOMAIN_CODES: ErrorCodes = {
  NOT_A_DECIMAL: 'invalid_argument',
  TOO_PRECISE: 'invalid_argument',
  BAD_WINDOW: 'invalid_argument',
};

/** gRPC's number of a code: the codes stand in the order of their numbers, from 1. */
export function toGrpcStatus(code: RpcCode): status {
  return rpcCodes.indexOf(code) + 1;
}

/** The code of a gRPC number; numbers that gRPC does not define are `unknown`. */
export function fromGrpcStatus(number: number): RpcCode {
  return rpcCodes[number - 1] ?? 'unknown';
}

/**
 * Turns whatever a handler threw into what the caller may know: our own errors keep their message under the code
 * that the table gives, everything else is `internal` without its text, because that may hold anything.
 */
export function toRpcError(error: unknown, codes: ErrorCodes = {}): RpcError {
  if (error instanceof RpcError) return error;
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  const known = typeof code === 'string' ? (codes[code] ?? DOMAIN_CODES[code]) : undefined;
  if (known !== undefined) return new RpcError(known, (error as Error).message, { cause: error });
  return new RpcError('internal', 'internal error', { cause: error });
}

/** Turns an error of grpc-js into ours; other errors stay what they are. */
export function fromGrpcError(error: unknown): Error {
  if (!(error instanceof Error)) return new RpcError('unknown', 'the call failed', { cause: error });
  if (error instanceof RpcError) return error;
  const { code, details } = error as { code?: unknown; details?: unknown };
  if (typeof code !== 'number') return error;
  const text = typeof details === 'string' && details !== '' ? details : error.message;
  return new RpcError(fromGrpcStatus(code), text, { cause: error });
}
