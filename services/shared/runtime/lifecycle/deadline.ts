/** Something took longer than it may. */
export class DeadlineError extends Error {
  /** Always `DEADLINE_EXCEEDED`. */
  readonly code = 'DEADLINE_EXCEEDED';

  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms`);
    this.name = 'DeadlineError';
  }
}

/** How long something may take, and what ends it earlier. */
export interface Limits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs work with a deadline. The signal that the work receives aborts at the deadline or with the caller's signal;
 * work that ignores it is left behind, and its later failure is swallowed because nobody waits for it any more.
 *
 * @throws DeadlineError, the abort's reason, or what the work threw
 */
export async function withDeadline<T>(
  what: string,
  limits: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  limits.signal?.throwIfAborted();
  const controller = new AbortController();
  let fail: (reason: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = (reason: Error): void => {
      controller.abort(reason);
      reject(reason);
    };
  });
  const timer = setTimeout(() => {
    fail(new DeadlineError(what, limits.timeoutMs));
  }, limits.timeoutMs);
  const onAbort = (): void => {
    fail(toError(limits.signal?.reason));
  };
  limits.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), failed]);
  } finally {
    clearTimeout(timer);
    limits.signal?.removeEventListener('abort', onAbort);
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('stopped', { cause: reason });
}

/** Waits; resolves early, without an error, when the signal aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
