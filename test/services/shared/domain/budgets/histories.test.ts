import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { histories, playHistory } from '../../../../support/budget-history.js';

describe('budgets under random histories', () => {
  it('spend and verdicts equal those of a slow model', () => {
    fc.assert(fc.property(histories, playHistory), { numRuns: 400, seed: 7 });
  });
});
