import { expect, it } from '@jest/globals';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import { describeWith } from '../support/requirements.js';
import { proveOperatorCrashSafety } from './operator-proof.js';

describeWith([clusterBinaries(...enforcementBinaries)], 'kill -9 of the operator', () => {
  it('ends enforced or released as it should, leaves nothing behind and records each action once', async () => {
    const proof = await proveOperatorCrashSafety({ kills: 28, seed: 7, killsPerCheck: 14 }, () => undefined);

    expect(proof.faults).toEqual([]);
    expect(proof.kills).toBe(28);
    expect(proof.killsInWrites).toBeGreaterThan(7);
    // What was done to a workload that somebody deleted meanwhile may be known to nobody.
    expect(proof.records).toBeLessThanOrEqual(proof.writes);
    expect(proof.records).toBeGreaterThanOrEqual(proof.writes - proof.deleted);
  }, 400_000);
});
