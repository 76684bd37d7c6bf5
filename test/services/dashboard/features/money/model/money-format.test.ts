import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  exactDecimal,
  exactMoney,
  formatAmount,
  formatChange,
  formatChangeRatio,
  formatCost,
  formatMonth,
  formatRate,
  formatShare,
  joinParts,
  parsePico,
  rateParts,
} from '../../../../../../services/dashboard/features/money/model/money-format.js';

const pico = (decimal: string): bigint => {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
};
/** Narrow spaces as ordinary ones, so that expectations can be read. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');
/** The number that a formatted amount stands for, as picounits. */
const reread = (text: string): bigint => pico(plain(text).replaceAll(/[$, ]/g, ''));

describe('a rate', () => {
  it.each([
    ['1.2847', '$1.2847 /s'],
    ['0.000001284', '$0.000 001 284 /s'],
    ['0.012847', '$0.012 847 /s'],
    ['0.000000999999', '$0.000 000 999 999 /s'],
    ['0.000000000001', '$0.000 000 000 001 /s'],
    ['0', '$0 /s'],
    ['12.34567', '$12.3457 /s'],
    ['999.99994', '$999.9999 /s'],
    ['999.99996', '$1,000.00 /s'],
    ['1234567.891', '$1,234,567.89 /s'],
  ])('of %s reads %s', (amount, text) => {
    expect(plain(formatRate(pico(amount), 'USD'))).toBe(text);
  });

  it('is never rounded by more than half of its last digit, and never to zero', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 22n }), (amount) => {
        const text = joinParts(rateParts(amount, 'USD'));
        const digits = plain(text).replaceAll(' ', '').split('.')[1]?.length ?? 0;
        const error = reread(text) - amount;
        expect(2n * (error < 0n ? -error : error)).toBeLessThanOrEqual(10n ** BigInt(12 - digits));
        expect(reread(text)).not.toBe(0n);
      }),
    );
  });

  it('keeps the order of amounts', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        (a, b) => {
          const [low, high] = a < b ? [a, b] : [b, a];
          const read = (amount: bigint): bigint => reread(joinParts(rateParts(amount, 'USD')));
          expect(read(low)).toBeLessThanOrEqual(read(high));
        },
      ),
    );
  });
});

describe('a cost', () => {
  it.each([
    ['0', '$0.00'],
    ['12.345', '$12.35'],
    ['999.994', '$999.99'],
    ['999.996', '$1,000'],
    ['128470.4', '$128,470'],
    ['999999.4', '$999,999'],
    ['999999.6', '$1.00 M'],
    ['3330000', '$3.33 M'],
    ['999994999', '$999.99 M'],
    ['1284000000', '$1.28 B'],
    ['0.004', '$0.004 000'],
  ])('of %s reads %s', (amount, text) => {
    expect(plain(formatCost(pico(amount), 'USD'))).toBe(text);
  });

  it('of a month is the rate over 30 days', () => {
    expect(plain(formatMonth(pico('1.2847'), 'USD'))).toBe('$3.33 M');
  });

  it('has the symbol of its currency, or its code', () => {
    expect(formatCost(pico('5'), 'EUR')).toBe('€5.00');
    expect(plain(formatCost(pico('5'), 'CHF'))).toBe('CHF 5.00');
  });

  it('takes as many digits as an axis asks for', () => {
    expect(formatAmount(pico('0.125'), 'USD', 3)).toBe('$0.125');
    expect(formatAmount(pico('1.5'), 'USD', 1)).toBe('$1.5');
  });
});

describe('every digit', () => {
  it('survives the way to a plain decimal and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (amount) => {
        expect(pico(exactDecimal(amount))).toBe(amount);
        expect(reread(exactMoney(amount, 'USD'))).toBe(amount);
      }),
    );
  });

  it('of a negative amount has a plain minus, as spreadsheets want it', () => {
    expect(exactDecimal(-1_500_000_000_000n)).toBe('-1.5');
  });
});

describe('a change', () => {
  it.each([
    [12_300_000_000n, '+$0.012 300'],
    [-12_300_000_000n, '\u2212$0.012 300'],
    [0n, '±$0'],
  ])('of %s reads %s', (amount, text) => {
    expect(plain(formatChange(amount, 'USD'))).toBe(text);
  });

  it.each([
    [134n, 100n, '+34 %'],
    [1005n, 1000n, '+0.5 %'],
    [50n, 100n, '\u221250 %'],
    [100n, 0n, 'new'],
    [0n, 100n, 'gone'],
    [0n, 0n, '0 %'],
    [1_300n, 100n, '+1,200 %'],
  ])('from %s against %s is %s', (now, before, text) => {
    expect(formatChangeRatio(now, before)).toBe(text);
  });

  it.each([
    [41n, 100n, '41 %'],
    [4n, 1000n, '0.4 %'],
    [1n, 100_000n, '< 0.1 %'],
    [0n, 5n, '0 %'],
    [5n, 0n, '–'],
  ])('a part of %s in %s is %s', (part, whole, text) => {
    expect(plain(formatShare(part, whole))).toBe(text);
  });
});

describe('text of picounits', () => {
  it.each(['', '1.5', '1e9', ' 1', '0x1', '9'.repeat(39)])('%j is refused', (text) => {
    expect(() => parsePico(text)).toThrow(RangeError);
  });

  it('is read whole', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }), (n) => parsePico(String(n)) === n),
    );
  });
});
