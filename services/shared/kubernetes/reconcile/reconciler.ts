import { ApiError } from '../api/api-error.js';

/** What a reconciliation asks for. */
export interface Result {
  /** Look again after so long, even if nothing changes. @default - only when something changes */
  readonly requeueAfterMs?: number;
}

/** A failure that trying again does not mend; the key rests until something changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code = 'TERMINAL';
}

/** What a {@link Reconciler} works with. */
export interface ReconcilerOptions {
  /** Reads the world by the key, computes, compares, writes. Idempotent; MUST end soon after the signal aborts. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Result>;
  /** Keys at work at the same time; one key is never at work twice. @default 1 */
  readonly concurrency?: number;
  /** A failed attempt; `retryInMs` is undefined where there is no other one. */
  readonly onFailure?: (key: string, error: unknown, retryInMs: number | undefined) => void;
  /** Every attempt's time, ms. */
  readonly onDone?: (key: string, durationMs: number) => void;
}

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 30_000;
/** All retries together are no closer than this, so that an API server in trouble is not asked by everyone at once. */
const RETRY_SPACING_MS = 20;
const BURST = 50;

/**
 * A work queue and its workers: a key that is added while it waits waits once, one that is added while it is at work
 * is worked on again, a failed one comes back with growing pauses. Memory is bounded by the number of keys.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #waiting = new Set<string>();
  /** Keys that wait and go before all others. */
  readonly #urgent = new Set<string>();
  readonly #working = new Set<string>();
  /** Keys that were added while they were at work. */
  readonly #dirty = new Set<string>();
  readonly #timers = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  readonly #failures = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  #nextRetryAt = 0;
  #stopping: AbortController | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#waiting.size + this.#urgent.size;
  }

  /** Begins to work. */
  start(): void {
    this.#stopping = new AbortController();
    this.#pump();
  }

  /** Aborts what is at work, waits for it and forgets what waits. */
  async stop(): Promise<void> {
    this.#stopping?.abort();
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting.clear();
    this.#urgent.clear();
    this.#dirty.clear();
    this.#failures.clear();
    await Promise.all(this.#running);
    this.#stopping = undefined;
  }

  /** Adds a key; of several times given for a waiting key the earliest counts. */
  add(key: string, afterMs = 0): void {
    if (this.#stopping?.signal.aborted === true) return;
    if (afterMs > 0) {
      this.#addLater(key, afterMs);
      return;
    }
    this.#dropTimer(key);
    if (this.#working.has(key)) this.#dirty.add(key);
    else if (!this.#urgent.has(key)) this.#waiting.add(key);
    this.#pump();
  }

  /** Adds a key that goes before all that wait: for what must not stand behind a thousand figures. */
  addUrgent(key: string): void {
    if (this.#stopping?.signal.aborted === true) return;
    this.#dropTimer(key);
    this.#waiting.delete(key);
    if (this.#working.has(key)) this.#dirty.add(key);
    else this.#urgent.add(key);
    this.#pump();
  }

  #addLater(key: string, afterMs: number): void {
    const at = performance.now() + afterMs;
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= at) return;
    this.#dropTimer(key);
    const timer = setTimeout(
      () => {
        this.#timers.delete(key);
        this.add(key);
      },
      Math.min(afterMs, 2 ** 31 - 1),
    );
    timer.unref();
    this.#timers.set(key, { at, timer });
  }

  #dropTimer(key: string): void {
    const known = this.#timers.get(key);
    if (known === undefined) return;
    clearTimeout(known.timer);
    this.#timers.delete(key);
  }

  #pump(): void {
    const stopping = this.#stopping;
    if (stopping === undefined || stopping.signal.aborted) return;
    for (const queue of [this.#urgent, this.#waiting]) {
      for (const key of queue) {
        if (this.#working.size >= (this.#options.concurrency ?? 1)) return;
        queue.delete(key);
        this.#begin(key, stopping.signal);
      }
    }
  }

  #begin(key: string, signal: AbortSignal): void {
    this.#working.add(key);
    const work = this.#work(key, signal);
    this.#running.add(work);
    void work.finally(() => {
      this.#running.delete(work);
      this.#pump();
    });
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    try {
      const { requeueAfterMs } = await this.#options.reconcile(key, signal);
      this.#failures.delete(key);
      if (requeueAfterMs !== undefined) this.add(key, Math.max(1, requeueAfterMs));
    } catch (error) {
      if (!signal.aborted) this.#fail(key, error);
    } finally {
      this.#working.delete(key);
      if (this.#dirty.delete(key) && !signal.aborted) this.add(key);
      if (!signal.aborted) this.#options.onDone?.(key, performance.now() - startedAt);
    }
  }

  #fail(key: string, error: unknown): void {
    if (error instanceof TerminalError) {
      this.#failures.delete(key);
      this.#options.onFailure?.(key, error, undefined);
      return;
    }
    const count = this.#failures.get(key) ?? 0;
    this.#failures.set(key, count + 1);
    const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(count, 20));
    const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const pauseMs = Math.max(backoffMs * (0.5 + Math.random() / 2), askedMs, this.#spacing());
    this.add(key, Math.max(1, pauseMs));
    this.#options.onFailure?.(key, error, pauseMs);
  }

  /** Pause that keeps all retries together below their rate; a burst passes. */
  #spacing(): number {
    const now = performance.now();
    this.#nextRetryAt = Math.max(this.#nextRetryAt, now - BURST * RETRY_SPACING_MS) + RETRY_SPACING_MS;
    return Math.max(0, this.#nextRetryAt - now);
  }
}
