import fc from 'fast-check';
import { histories, playHistory } from '../support/budget-history.js';

/**
 * Plays random histories of a budget on the incremental evaluation and on a slow model that is plainly right.
 *
 * `node dist/js/test/faults/budget-histories.js [COUNT] [SEED]`
 */
const count = Number(process.argv[2] ?? 1000);
const seed = Number(process.argv[3] ?? 1);
const CHUNK = 5000;
const started = performance.now();
let steps = 0;
for (let done = 0; done < count; done += CHUNK) {
  fc.assert(
    fc.property(histories, (history) => {
      steps += history.steps.length;
      playHistory(history);
    }),
    { numRuns: Math.min(CHUNK, count - done), seed: seed + done },
  );
}
const seconds = Math.round((performance.now() - started) / 100) / 10;
process.stdout.write(`${JSON.stringify({ histories: count, steps, seconds, differences: 0 })}\n`);
