import { describe, expect, it } from '@jest/globals';
import { decide, type DecisionInput } from '@kubehero/operator';
import { noonS, specOf, units, verdictOf } from '../../support/policy-factory.js';

const below = verdictOf({ exceeded: false, spend: units(3) });
const past = { nowS: verdictOf().periodEndsAtS };

type Row = readonly [title: string, input: Partial<DecisionInput>, outcome: string];

const rows: readonly Row[] = [
  ['armed, hardStop, above the ceiling', {}, 'enforce CeilingExceeded'],
  ['within the ceiling', { verdict: below }, 'release WithinCeiling'],
  ['not armed', { spec: specOf({ armed: false }) }, 'release NotArmed'],
  ['without hardStop', { spec: specOf({ hardStop: false }) }, 'release NoHardStop'],
  ['a dry run', { spec: specOf({ dryRun: true }) }, 'preview DryRun'],
  ['a dry run that is not armed', { spec: specOf({ dryRun: true, armed: false }) }, 'preview DryRun'],
  ['only Deny', { spec: specOf({ enforcement: { actions: ['Deny'] } }) }, 'enforce CeilingExceeded'],
  ['at the end of its period', past, 'release PeriodEnded'],
  ['a second before that', { nowS: past.nowS - 1 }, 'enforce CeilingExceeded'],
  ['being deleted', { isDeleting: true }, 'release Deleted'],
  ['withdrawn', { isWithdrawn: true, verdict: undefined }, 'release Withdrawn'],
  ['never judged, armed', { verdict: undefined }, 'keep AwaitingVerdict'],
  ['never judged, not armed', { verdict: undefined, spec: specOf({ armed: false }) }, 'release NotArmed'],
  ['its ceiling was raised above the spend', { spec: specOf({ ceiling: '$12/d' }) }, 'release CeilingRaised'],
  [
    'its ceiling was raised to below the spend',
    { spec: specOf({ ceiling: '$10.5/d' }) },
    'enforce CeilingExceeded',
  ],
  [
    'its ceiling was lowered to below the spend',
    { spec: specOf({ ceiling: '$2/d' }), verdict: below },
    'enforce CeilingExceeded',
  ],
  [
    'the same amount written differently',
    { spec: specOf({ ceiling: 'USD 10.00/d' }) },
    'enforce CeilingExceeded',
  ],
  ['another period', { spec: specOf({ ceiling: '$10/mo' }) }, 'keep QuestionChanged'],
  ['another scope', { spec: specOf({ scope: { namespaces: ['web', 'db'] } }) }, 'keep QuestionChanged'],
  [
    'another scope, disarmed',
    { spec: specOf({ scope: { namespaces: ['db'] }, armed: false }) },
    'release NotArmed',
  ],
  ['another time zone', { spec: specOf({ timeZone: 'Europe/Berlin' }) }, 'keep QuestionChanged'],
  ['the default time zone written out', { spec: specOf({ timeZone: 'UTC' }) }, 'enforce CeilingExceeded'],
  [
    'another scope at the end of the period',
    { ...past, spec: specOf({ scope: { namespaces: ['db'] } }) },
    'release PeriodEnded',
  ],
  ['a ceiling that does not parse', { spec: specOf({ ceiling: 'ten' }) }, 'keep InvalidCeiling'],
  ['a ceiling of zero', { spec: specOf({ ceiling: '$0/d' }) }, 'keep InvalidCeiling'],
  ['a negative ceiling', { spec: specOf({ ceiling: '$-5/d' }) }, 'keep InvalidCeiling'],
  ['an absurd ceiling', { spec: specOf({ ceiling: '$999999999999/d' }) }, 'keep InvalidCeiling'],
  ['another currency', { spec: specOf({ ceiling: 'EUR 10/d' }) }, 'keep QuestionChanged'],
];

describe('what a policy wants', () => {
  it.each(rows)('%s', (_title, input, outcome) => {
    const decision = decide({
      spec: specOf(),
      isDeleting: false,
      isWithdrawn: false,
      verdict: verdictOf(),
      nowS: noonS,
      ...input,
    });
    expect(`${decision.wanted} ${decision.reason}`).toBe(outcome);
  });

  it('looks again when the period ends, as long as that changes something', () => {
    const input = {
      spec: specOf(),
      isDeleting: false,
      isWithdrawn: false,
      verdict: verdictOf(),
      nowS: noonS,
    };
    expect(decide(input).changesAtS).toBe(verdictOf().periodEndsAtS);
    expect(decide({ ...input, ...past }).changesAtS).toBeUndefined();
  });

  it('says that the ceiling is exceeded whether or not it acts', () => {
    const spec = specOf({ armed: false });
    const input = { spec, isDeleting: false, isWithdrawn: false, verdict: verdictOf(), nowS: noonS };
    expect(decide(input).exceeded).toBe(true);
  });
});
