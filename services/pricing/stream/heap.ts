import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Keeps the young generation of this process small. A price file is a stream of short-lived records; letting the
 * young generation grow to its default of 3 × 16 MiB buys no speed here (measured: none) and costs a third of the
 * memory that a refresh may take. For commands that refresh and then end; harmless when called twice.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Gives back what a finished stage left behind before the next one allocates: the peak is then one stage's. */
export function releaseGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
