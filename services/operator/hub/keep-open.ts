import { sleep, type Logger } from '@kubehero/runtime';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
const STEADY_MS = 30_000;

/** What {@link keepOpen} repeats. */
export interface KeepOpenOptions {
  /** For the log: "stream to the hub". */
  readonly what: string;
  /** Resolves or rejects when the stream is over. */
  readonly open: (signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Opens a stream again and again until the signal aborts, with growing pauses; one that held begins anew with small ones. */
export async function keepOpen({ what, open, logger, signal }: KeepOpenOptions): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await open(signal);
    } catch (error) {
      if (!signal.aborted) logger.warn(`the ${what} broke`, { error, pauseMs });
    }
    if (performance.now() - startedAt > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
    // Operators that were cut together do not come back together.
    await sleep(pauseMs * (0.5 + Math.random()), signal);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}
