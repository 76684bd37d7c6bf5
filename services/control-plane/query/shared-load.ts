/**
 * One load for all who ask at the same time. Who asks while a load runs waits for the next one: an answer never shows
 * less than what was stored when it was asked for.
 */
export class SharedLoad<T> {
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(private readonly load: () => Promise<T>) {}

  /** What is stored now, or was a moment after the call. */
  async read(): Promise<T> {
    if (this.#running === undefined) return await this.#begin();
    this.#next ??= this.#afterRunning(this.#running);
    return await this.#next;
  }

  async #afterRunning(running: Promise<T>): Promise<T> {
    await running.catch(() => undefined); // whoever waits for it sees the failure
    this.#next = undefined;
    return await this.#begin();
  }

  async #begin(): Promise<T> {
    const running = this.load();
    this.#running = running;
    try {
      return await running;
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }
}
