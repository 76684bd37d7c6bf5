import { describe, expect, it } from '@jest/globals';
import { fuzz, Random, SEEDS, tryInput } from '../../support/pricing/fuzz.js';

const INPUTS = 1500;

describe('parsers under mutated input', () => {
  it.each(SEEDS)('%s %s: the seed itself is taken', async (source, name, text) => {
    await expect(tryInput(source, name, text)).resolves.toBe(true);
  });

  it.each(SEEDS)(`%s %s: ${String(INPUTS)} mutations give sound prices or one sentence`, async (...seed) => {
    const result = await fuzz(seed, INPUTS, new Random(20261122));
    expect(result.taken + result.refused).toBe(INPUTS);
    expect(result.refused).toBeGreaterThan(0);
    // A bound that only an input which costs out of proportion to its length can break
    expect(result.slowestAgainMs).toBeLessThan(100);
  });
});
