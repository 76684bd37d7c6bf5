interface Entry {
  readonly answer: Promise<unknown>;
  readonly untilMs: number;
  renewing: boolean;
}

/** Answers kept for a moment and shared by everybody who asks the same; at most `limit` of them. */
export class QueryCache {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly limit: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** The answer of a key: the kept one while it is fresh, else a new one. Failures are not kept. */
  get<T>(key: string, lifetimeMs: number, load: () => Promise<T>): Promise<T> {
    const kept = this.entries.get(key);
    if (kept !== undefined && kept.untilMs > this.now()) return kept.answer as Promise<T>;
    return this.renew(key, lifetimeMs, load);
  }

  /**
   * As `get`, but an answer that is past its lifetime is still given once more, up to three lifetimes, while a new
   * one is on its way: for answers that take long.
   */
  getSoon<T>(key: string, lifetimeMs: number, load: () => Promise<T>): Promise<T> {
    const kept = this.entries.get(key);
    const answer = this.get(key, 3 * lifetimeMs, load);
    const left = (kept?.untilMs ?? 0) - this.now();
    if (kept === undefined || kept.renewing || left <= 0 || left > 2 * lifetimeMs) return answer;
    kept.renewing = true;
    const renewed = load();
    renewed.then(
      () => this.keep(key, 3 * lifetimeMs, renewed),
      () => (kept.renewing = false),
    );
    return answer;
  }

  private renew<T>(key: string, lifetimeMs: number, load: () => Promise<T>): Promise<T> {
    const answer = load();
    this.keep(key, lifetimeMs, answer);
    answer.catch(() => {
      if (this.entries.get(key)?.answer === answer) this.entries.delete(key);
    });
    return answer;
  }

  private keep(key: string, lifetimeMs: number, answer: Promise<unknown>): void {
    this.entries.delete(key);
    this.entries.set(key, { answer, untilMs: this.now() + lifetimeMs, renewing: false });
    this.evict();
  }

  private evict(): void {
    for (const [key, entry] of this.entries) if (entry.untilMs <= this.now()) this.entries.delete(key);
    for (const key of this.entries.keys()) {
      if (this.entries.size <= this.limit) return;
      this.entries.delete(key);
    }
  }
}
