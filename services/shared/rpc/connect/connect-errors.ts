import { rpcCodes, RpcError, type RpcCode } from '../errors.js';

/** HTTP status of each code, by the Connect protocol. */
const HTTP_STATUS: Readonly<Record<RpcCode, number>> = {
  canceled: 499,
  unknown: 500,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 409,
  permission_denied: 403,
  resource_exhausted: 429,
  failed_precondition: 400,
  aborted: 409,
  out_of_range: 400,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
  data_loss: 500,
  unauthenticated: 401,
};

/** Codes of statuses that come without a Connect error, from proxies for example. */
const CODE_OF_STATUS: Readonly<Record<number, RpcCode>> = {
  400: 'internal',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'unimplemented',
  429: 'unavailable',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** The HTTP status of a code. */
export function toHttpStatus(code: RpcCode): number {
  return HTTP_STATUS[code];
}

/** Reads the error of a response that was not 200: the body's own code, else what the status means. */
export function readConnectError(status: number, body: string): RpcError {
  const fallback = CODE_OF_STATUS[status] ?? 'unknown';
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return new RpcError(fallback, `the server answered with HTTP status ${status}`, { cause: error });
  }
  const { code, message } = (parsed ?? {}) as { code?: unknown; message?: unknown };
  const known = rpcCodes.find((candidate) => candidate === code);
  const text = typeof message === 'string' && message !== '' ? message : `HTTP status ${status}`;
  return new RpcError(known ?? fallback, text);
}
