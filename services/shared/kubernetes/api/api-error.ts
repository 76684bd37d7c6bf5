/** Why a call to the Kubernetes API failed. */
export type ApiErrorCode =
  /** No answer: refused, timed out, cut. */
  | 'UNREACHABLE'
  /** 401 or 403. */
  | 'FORBIDDEN'
  /** 404. */
  | 'NOT_FOUND'
  /** 409: the object changed, or one of that name is there already; read it again. */
  | 'CONFLICT'
  /** 400, 413 or 422: the server will never take this. */
  | 'INVALID'
  /** 410: the version to watch from is gone; list again. */
  | 'EXPIRED'
  /** 429, or 503 with a time to come back. */
  | 'THROTTLED'
  /** Any other status, or an answer that is none. */
  | 'UNEXPECTED';

/** More about a failure. */
export interface ApiErrorOptions extends ErrorOptions {
  /** When the server wants to be asked again, ms. */
  readonly retryAfterMs?: number;
}

/** A call to the Kubernetes API failed. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** When the server wants to be asked again, ms; undefined where it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    options?: ApiErrorOptions,
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** An answer that is no success. */
export interface FailedAnswer {
  readonly status: number;
  readonly body: string;
  /** `Retry-After` of the answer. */
  readonly retryAfter?: string | undefined;
}

const codes: Readonly<Record<number, ApiErrorCode>> = {
  400: 'INVALID',
  401: 'FORBIDDEN',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  410: 'EXPIRED',
  413: 'INVALID',
  422: 'INVALID',
  429: 'THROTTLED',
};

/** The error for an answer. `what` reads like "list pods". */
export function apiErrorOf(what: string, answer: FailedAnswer): ApiError {
  const { status, body } = answer;
  const detail = /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body.slice(0, 200);
  const message = `could not ${what}: status ${status}: ${detail}`;
  const seconds = Number(answer.retryAfter ?? Number.NaN);
  const options = Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {};
  if (status === 503 && options.retryAfterMs !== undefined)
    return new ApiError('THROTTLED', message, options);
  const code = codes[status] ?? 'UNEXPECTED';
  const remedy = code === 'FORBIDDEN' ? '; give the service account the right to do that' : '';
  return new ApiError(code, `${message}${remedy}`, options);
}
