import { describe, expect, it } from '@jest/globals';
import { proveRefreshCrashSafety } from './refresh-crash-proof.js';

describe('kill -9 of a refresh into PostgreSQL', () => {
  it('leaves the old or the new version whole, and no lock', async () => {
    const proof = await proveRefreshCrashSafety({ kills: 8, seed: 20_261_123 }, () => undefined);

    expect(proof.faults).toEqual([]);
    expect(proof.died).toBeGreaterThan(2);
  }, 180_000);
});
