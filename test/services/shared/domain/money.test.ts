import {
  costOfSecond,
  costOfSpan,
  formatPicounits,
  MAX_PICOUNITS_PER_HOUR,
  MoneyError,
  parsePicounits,
  toPriceCurve,
} from '@kubehero/domain';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

const price = fc.bigInt({ min: 0n, max: MAX_PICOUNITS_PER_HOUR });
const second = fc.integer({ min: 0, max: 4_000_000_000 });

describe('picounits', () => {
  it('read and write any amount without loss', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (picounits) => {
        expect(parsePicounits(formatPicounits(picounits))).toBe(picounits);
      }),
    );
  });

  it.each([
    ['0', 0n],
    ['0.40', 400_000_000_000n],
    ['1.000000000001', 1_000_000_000_001n],
    ['2.5000000000000000', 2_500_000_000_000n],
    ['-0.000000000001', -1n],
  ])('read %s', (text, picounits) => {
    expect(parsePicounits(text)).toBe(picounits);
  });

  it.each(['', 'N/A', '1e-3', '1,5', '.5', '0x10', '1.2.3', 'NaN', 'Infinity'])('refuse %j', (text) => {
    expect(() => parsePicounits(text)).toThrow(expect.objectContaining({ code: 'NOT_A_DECIMAL' }));
  });

  it('refuse what they cannot hold', () => {
    expect(() => parsePicounits('0.0000000000001')).toThrow(MoneyError);
  });
});

describe('the cost of a second', () => {
  it('sums over any hour to the price of the hour', () => {
    fc.assert(
      fc.property(price, fc.integer({ min: 0, max: 1_000_000 }), (perHour, hour) => {
        const curve = toPriceCurve(perHour);
        let sum = 0n;
        for (let k = 0; k < 3600; k += 1) sum += BigInt(costOfSecond(curve, hour * 3600 + k));
        expect(sum).toBe(perHour);
      }),
      { numRuns: 30 },
    );
  });

  it('is the difference of the floors that define it', () => {
    fc.assert(
      fc.property(price, second, (perHour, at) => {
        const k = BigInt(at % 3600);
        const expected = ((k + 1n) * perHour) / 3600n - (k * perHour) / 3600n;
        expect(BigInt(costOfSecond(toPriceCurve(perHour), at))).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('adds up over spans', () => {
    fc.assert(
      fc.property(price, second, fc.integer({ min: 0, max: 9000 }), (perHour, from, length) => {
        const curve = toPriceCurve(perHour);
        let sum = 0n;
        for (let at = from; at < from + length; at += 1) sum += BigInt(costOfSecond(curve, at));
        expect(costOfSpan(curve, from, from + length)).toBe(sum);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses prices that the arithmetic cannot take', () => {
    expect(() => toPriceCurve(MAX_PICOUNITS_PER_HOUR + 1n)).toThrow(RangeError);
    expect(() => toPriceCurve(-1n)).toThrow(RangeError);
  });
});
