/** Answers kept for a moment and shared by everybody who asks the same; at most `limit` of them. */
export class QueryCache {
  private readonly entries = new Map<string, { readonly answer: Promise<unknown>; readonly untilMs: number }>();

  constructor(
    private readonly limit: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** The answer of a key: the kept one while it is fresh, else a new one. Failures are not kept. */
  get<T>(key: string, lifetimeMs: number, load: () => Promise<T>): Promise<T> {
    const kept = this.entries.get(key);
    if (kept !== undefined && kept.untilMs > this.now()) return kept.answer as Promise<T>;
    const answer = load();
    this.entries.delete(key);
    this.entries.set(key, { answer, untilMs: this.now() + lifetimeMs });
    answer.catch(() => this.entries.delete(key));
    this.evict();
    return answer;
  }

  private evict(): void {
    for (const [key, entry] of this.entries) if (entry.untilMs <= this.now()) this.entries.delete(key);
    for (const key of this.entries.keys()) {
      if (this.entries.size <= this.limit) return;
      this.entries.delete(key);
    }
  }
}
