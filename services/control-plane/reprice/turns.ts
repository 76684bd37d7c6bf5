const TURN_MS = 5;

/** Lets others run between pieces of work that would hold the event loop for long. */
export class Turns {
  #ends = performance.now() + TURN_MS;

  /** True where it is somebody else's turn: await {@link pass}. */
  get isOver(): boolean {
    return performance.now() >= this.#ends;
  }

  /** Lets others run. */
  async pass(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#ends = performance.now() + TURN_MS;
  }
}
