import { describe, expect, it } from '@jest/globals';
import { proveCrashSafety } from './crash-proof.js';

describe('kill -9 of the product under load', () => {
  it('loses nothing and counts nothing twice', async () => {
    const options = { kills: 2, seed: 11, nodes: 20, podsPerNode: 20, seconds: 240 };

    const proof = await proveCrashSafety(options, () => undefined);

    expect(Object.values(proof.stored).every((cost) => cost === proof.emitted)).toBe(true);
    expect(proof.observedNodeSeconds).toBe(options.nodes * options.seconds);
  }, 180_000);
});
