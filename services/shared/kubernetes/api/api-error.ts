/** Why a call to the Kubernetes API failed. */
export type ApiErrorCode =
  /** No answer: refused, timed out, cut. */
  | 'UNREACHABLE'
  /** 401 or 403. */
  | 'FORBIDDEN'
  /** 404. */
  | 'NOT_FOUND'
  /** 410: the version to watch from is gone; list again. */
  | 'EXPIRED'
  /** Any other status, or an answer that is none. */
  | 'UNEXPECTED';

/** A call to the Kubernetes API failed. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error for an HTTP status. `what` reads like "list pods". */
export function apiErrorOf(what: string, status: number, body: string): ApiError {
  const detail = /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body.slice(0, 200);
  const message = `could not ${what}: status ${status}: ${detail}`;
  if (status === 401 || status === 403) {
    return new ApiError(
      'FORBIDDEN',
      `${message}; give the service account the right to get, list and watch it`,
    );
  }
  if (status === 404) return new ApiError('NOT_FOUND', message);
  return new ApiError(status === 410 ? 'EXPIRED' : 'UNEXPECTED', message);
}
