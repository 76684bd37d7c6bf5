interface Flight<T> {
  readonly answer: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * Work that is shared by all who ask for the same while it runs: fifty viewers of one page cost one statement. Nothing
 * is kept once the work has ended. The work is stopped when the last of those who wait has left.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins the work that runs under a key, or begins it.
   *
   * @param key - equal for equal work
   * @param signal - leaves; the promise rejects with its reason
   */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#begin(key, work);
    flight.waiting += 1;
    let leave = (): void => undefined;
    const left = new Promise<never>((_resolve, reject) => {
      leave = (): void => {
        reject(signal?.reason as Error);
      };
    });
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([flight.answer, left]);
    } finally {
      signal?.removeEventListener('abort', leave);
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#end(key, flight);
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const stop = new AbortController();
    const flight = { answer: work(stop.signal), stop, waiting: 0 };
    flight.answer.catch(() => undefined); // whoever waits sees the failure; all may have left
    this.#flights.set(key, flight);
    return flight;
  }

  /** Without effect on work that has ended. */
  #end(key: string, flight: Flight<T>): void {
    flight.stop.abort();
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
