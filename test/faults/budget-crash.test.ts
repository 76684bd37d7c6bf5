import { expect, it } from '@jest/globals';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import { describeWith } from '../support/requirements.js';
import { proveBudgetCrashSafety } from './budget-crash-proof.js';

describeWith(
  [clusterBinaries(...enforcementBinaries)],
  'kill -9 of the control plane and of the operator',
  () => {
    it('ends enforced or released as it should, and the hub has the whole signed chain', async () => {
      const proof = await proveBudgetCrashSafety({ kills: 12, seed: 1, killsPerCheck: 12 }, () => undefined);

      expect(proof.faults).toEqual([]);
      expect(proof.kills.controlPlane).toBeGreaterThan(4);
      expect(proof.kills.operator).toBeGreaterThan(2);
      expect(proof.checks.enforced).toBeGreaterThan(0);
      // What was done to a workload that somebody deleted meanwhile may be known to nobody.
      expect(proof.records).toBeLessThanOrEqual(proof.writes);
      expect(proof.records).toBeGreaterThanOrEqual(proof.writes - proof.deleted);
    }, 600_000);
  },
);
