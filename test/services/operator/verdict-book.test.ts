import { describe, expect, it } from '@jest/globals';
import { restoreVerdict, storeVerdict, VerdictBook, type Verdict } from '@kubehero/operator';
import { verdictOf } from '../../support/policy-factory.js';

const live: Verdict['live'] = {
  policyName: 'web',
  specJson: '{}',
  armedBy: '',
  burnPerHour: 0n,
  forecast: undefined,
  stillPaidPerHour: undefined,
  conditions: [],
  arrivedAt: 0,
};
const at = (epoch: bigint, version: bigint): Verdict => verdictOf({ epoch, version, live });

describe('the verdicts in force', () => {
  it.each<[[bigint, bigint], [bigint, bigint], boolean]>([
    [[1n, 5n], [1n, 6n], true],
    [[1n, 5n], [2n, 1n], true],
    [[1n, 5n], [1n, 5n], false],
    [[1n, 5n], [1n, 4n], false],
    [[2n, 1n], [1n, 900n], false],
  ])(
    'a verdict of %p is replaced by one of %p: %p',
    ([epoch, version], [laterEpoch, laterVersion], taken) => {
      const book = new VerdictBook();
      expect(book.accept('a', at(epoch, version))).toBe(true);
      expect(book.accept('a', at(laterEpoch, laterVersion))).toBe(taken);
      expect(book.tryFind('a')?.epoch).toBe(taken ? laterEpoch : epoch);
    },
  );

  it('completes a verdict that was restored from the object with the same one from the hub', () => {
    const book = new VerdictBook();
    book.accept('a', verdictOf());
    expect(book.held()).toEqual([]);
    expect(book.accept('a', at(1n, 1n))).toBe(true);
    expect(book.held()).toEqual([{ policyUid: 'a', epoch: '1', version: '1' }]);
  });

  it('takes back what the hub withdraws, unless a newer verdict is there', () => {
    const book = new VerdictBook();
    book.accept('a', at(2n, 3n));
    expect(book.withdraw('a', { epoch: 1n, version: 9n })).toBe(false);
    expect(book.withdraw('a', { epoch: 2n, version: 4n })).toBe(true);
    expect([book.tryFind('a'), book.isWithdrawn('a')]).toEqual([undefined, true]);
    expect(book.accept('a', at(2n, 4n))).toBe(false);
    expect(book.accept('a', at(2n, 5n))).toBe(true);
    expect(book.isWithdrawn('a')).toBe(false);
  });

  it('withdraws what the hub did not name once it has told everything', () => {
    const book = new VerdictBook();
    for (const uid of ['a', 'b', 'c']) book.accept(uid, at(1n, 1n));
    book.accept('newer', at(3n, 1n));
    expect(book.sync(2n, ['b'])).toEqual(['a', 'c']);
    expect(book.uids()).toEqual(['b', 'newer']);
  });

  it('survives a restart in the status of its object', () => {
    const verdict = verdictOf({ crossed: [{ percent: 80, on: 'Spend' }] });
    expect(restoreVerdict(storeVerdict(verdict))).toEqual(verdict);
  });

  it('is none where half of it is missing', () => {
    const { verdict, ...rest } = storeVerdict(verdictOf());
    expect(restoreVerdict(rest)).toBeUndefined();
    expect(restoreVerdict({ verdict: { ...verdict, spend: '5' } })).toBeUndefined();
  });
});
