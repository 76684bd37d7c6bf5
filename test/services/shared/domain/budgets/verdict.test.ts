import { describe, expect, it } from '@jest/globals';
import { DEFAULT_THRESHOLDS, judge, type JudgeInput } from '@kubehero/domain';

const asked: JudgeInput = {
  generation: 1,
  periodStartsAtS: 0,
  nowS: 3600,
  ceiling: 1000n,
  spend: 0n,
  forecast: undefined,
  thresholds: DEFAULT_THRESHOLDS,
};
const crossed = (input: Partial<JudgeInput>, before?: Parameters<typeof judge>[0]): string[] =>
  judge(before, { ...asked, ...input }).crossed.map(({ on, percent }) => `${on} ${percent}`);

describe('what a policy warns of', () => {
  it.each([
    [{ spend: 499n }, []],
    [{ spend: 500n }, ['Spend 50']],
    [{ spend: 500n, forecast: 1000n }, ['Spend 50', 'Forecast 100']],
    [{ spend: 950n }, ['Spend 50', 'Spend 80', 'Spend 95']],
  ])('%o crosses %j', (input, expected) => {
    expect(crossed(input)).toEqual(expected);
  });

  it.each([[undefined], [400n]])('what is spent passes the forecast, also where that says %s', (forecast) => {
    expect(crossed({ spend: 1000n, forecast })).toEqual(['Spend 50', 'Spend 80', 'Spend 95', 'Forecast 100']);
  });

  it('takes a warning of a forecast back, and never one of spend within a period of the same policy', () => {
    const before = judge(undefined, { ...asked, spend: 800n, forecast: 1200n });
    expect(crossed({ spend: 300n, forecast: 900n }, before)).toEqual(['Spend 50', 'Spend 80']);
    expect(crossed({ spend: 300n, generation: 2 }, before)).toEqual([]);
    expect(crossed({ spend: 300n, periodStartsAtS: 86_400 }, before)).toEqual([]);
  });
});
