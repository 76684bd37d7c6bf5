import { sleep } from '@kubehero/runtime';

/** Something that is asked of the hub again and again. */
export interface HubTaskOptions {
  /** For notices: "follow the network topology". */
  readonly what: string;
  /**
   * Does it once, however long that takes. Calls `progress` when the hub has answered, which ends a row of failures.
   *
   * @returns pause before the next time, ms
   */
  readonly attempt: (signal: AbortSignal, progress: () => void) => Promise<number>;
  /** One sentence for the log: the first failure of a row. */
  readonly onNotice: (sentence: string) => void;
  /** @default 1000 */
  readonly firstBackoffMs?: number;
  /** @default 60000 */
  readonly longestBackoffMs?: number;
}

const firstBackoff = 1000;
const longestBackoff = 60_000;

/** Repeats a task until it is stopped; failures are followed by growing pauses, with some chance in them. */
export class HubTask {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly options: HubTaskOptions) {}

  /** Begins. */
  start(): void {
    this.running = this.run(this.stopping.signal);
  }

  /** Ends a running attempt and resolves when nothing runs. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    const progress = (): void => {
      failures = 0;
    };
    while (!signal.aborted) {
      let pauseMs: number;
      try {
        pauseMs = await this.options.attempt(signal, progress);
      } catch (error) {
        failures++;
        pauseMs = this.backoffMs(failures);
        if (failures === 1 && !signal.aborted) this.tell(error);
      }
      await sleep(pauseMs, signal);
    }
  }

  private backoffMs(failures: number): number {
    const { firstBackoffMs = firstBackoff, longestBackoffMs = longestBackoff } = this.options;
    const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 16));
    return backoffMs * (0.5 + Math.random());
  }

  private tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.options.onNotice(`could not ${this.options.what}, trying again: ${why}`);
  }
}
