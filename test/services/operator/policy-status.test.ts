import { describe, expect, it } from '@jest/globals';
import {
  compareStatus,
  computeStatus,
  decide,
  type EnforcementResult,
  type PolicyStatus,
  type StatusFacts,
} from '@kubehero/operator';
import { noonS, policyObject, specOf, units, verdictOf } from '../../support/policy-factory.js';

const enforced: EnforcementResult = {
  state: 'enforced',
  objects: [
    { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name: 'shop', uid: 'u', action: 'Scaled' },
  ],
  objectCount: 1,
  message: '',
  findings: [],
};

function statusOf(facts: Partial<StatusFacts> = {}): PolicyStatus {
  const policy = facts.policy ?? policyObject();
  const verdict = 'verdict' in facts ? facts.verdict : verdictOf();
  const decision = decide({ spec: policy.spec, isDeleting: false, isWithdrawn: false, verdict, nowS: noonS });
  return computeStatus({
    policy,
    verdict,
    decision,
    result: undefined,
    hubConnected: true,
    cluster: 'east',
    nowS: noonS,
    ...facts,
  });
}

const below = verdictOf({ exceeded: false, spend: units(3) });
const say = (status: PolicyStatus, type: string): string => {
  const found = status.conditions?.find((condition) => condition.type === type);
  return `${found?.status} ${found?.reason}`;
};

describe('the status of a policy', () => {
  it.each<[string, Partial<StatusFacts>]>([
    ['Tracking', { verdict: below }],
    ['Warning', { verdict: { ...below, crossed: [{ percent: 80, on: 'Spend' }] } }],
    ['Exceeded', { policy: policyObject({ spec: specOf({ armed: false }) }) }],
    ['Exceeded', { result: { ...enforced, state: 'enforcing' } }],
    ['Enforced', { result: enforced }],
    ['Enforced', { verdict: below, result: { ...enforced, state: 'releasing' } }],
    ['Released', { verdict: below, result: { ...enforced, state: 'released' } }],
    ['Stale', { verdict: { ...below, spentThroughS: noonS - 600 } }],
    ['Tracking', { verdict: undefined }],
  ])('is %s', (phase, facts) => {
    expect(statusOf(facts).phase).toBe(phase);
  });

  it('is Released until the period ends, then Tracking', () => {
    const status = statusOf({ verdict: below, result: { ...enforced, state: 'released' } });
    const policy = policyObject({ status });
    expect(statusOf({ policy, verdict: below }).phase).toBe('Released');
    const next = {
      ...below,
      periodStartsAtS: below.periodEndsAtS,
      periodEndsAtS: below.periodEndsAtS + 86_400,
    };
    const nowS = next.periodStartsAtS + 10;
    expect(statusOf({ policy, verdict: { ...next, spentThroughS: nowS }, nowS }).phase).toBe('Tracking');
  });

  it('keeps what is enforced so where nobody judged the new question yet', () => {
    const policy = policyObject({
      spec: specOf({ scope: { namespaces: ['other'] } }),
      status: { phase: 'Enforced' },
    });
    expect(statusOf({ policy }).phase).toBe('Enforced');
  });

  it('shows amounts as people read them', () => {
    const { spend, remaining, currency } = statusOf({ verdict: { ...below, spend: 3_123_456_789_123n } });
    expect([spend, remaining, currency]).toEqual(['3.123456', '6.876543', 'USD']);
  });

  it('names what is stopped, and in which cluster', () => {
    const { stopped, stoppedCount } = statusOf({ result: enforced });
    expect([stopped, stoppedCount]).toEqual([
      [{ cluster: 'east', kind: 'Deployment', namespace: 'web', name: 'shop' }],
      1,
    ]);
  });

  it('gives each thing that is wrong its reason', () => {
    const bad = statusOf({ policy: policyObject({ spec: specOf({ ceiling: 'ten' }) }) });
    expect(say(bad, 'Valid')).toBe('False InvalidCeiling');
    const refused = statusOf({ result: { ...enforced, state: 'refused', message: 'no' } });
    expect([say(refused, 'Valid'), say(refused, 'Enforced')]).toEqual(['False Refused', 'False Refused']);
    expect(say(statusOf({ hubConnected: false }), 'Tracked')).toBe('False HubAway');
    expect(say(statusOf({ verdict: undefined }), 'Tracked')).toBe('False AwaitingVerdict');
    const finding = { type: 'Overlaps', reason: 'Stricter', message: 'policy b is stricter' };
    expect(say(statusOf({ result: { ...enforced, findings: [finding] } }), 'Overlaps')).toBe('True Stricter');
  });

  it('keeps the time of a condition that says what it said before', () => {
    const first = statusOf();
    const later = statusOf({ policy: policyObject({ status: first }), nowS: noonS + 60 });
    expect(later.conditions).toEqual(first.conditions);
    expect(compareStatus(first, later)).toBe('same');
  });

  it('tells figures that move from what matters', () => {
    const first = statusOf();
    expect(compareStatus(first, statusOf({ verdict: verdictOf({ spend: units(12), version: 9n }) }))).toBe(
      'figures',
    );
    expect(compareStatus(first, statusOf({ result: enforced }))).toBe('material');
  });
});
