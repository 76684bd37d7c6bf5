import { describe, expect, it } from '@jest/globals';
import { BudgetError, forecastSpend, parseCeiling, periodAt, type BudgetPeriod } from '@kubehero/domain';
import fc from 'fast-check';

const at = (text: string): number => Date.parse(text) / 1000;

describe('ceilings', () => {
  it.each([
    ['$500000/mo', 500_000_000_000_000_000n, 'mo'],
    ['USD 5/h', 5_000_000_000_000n, 'h'],
    ['USD0.25/w', 250_000_000_000n, 'w'],
  ])('%s', (text, picounits, period) => {
    expect(parseCeiling(text, 'USD')).toEqual({ picounits, currency: 'USD', period });
  });

  it.each([
    ['$5', 'BAD_CEILING'],
    ['5/mo', 'BAD_CEILING'],
    ['$1e6/mo', 'BAD_CEILING'],
    ['$5/y', 'BAD_CEILING'],
    ['$0.00/d', 'NOT_POSITIVE'],
    ['$-5/d', 'NOT_POSITIVE'],
    ['$999999999999/h', 'ABSURD_CEILING'],
    ['EUR 5/h', 'OTHER_CURRENCY'],
  ])('refuses %s as %s', (text, code) => {
    expect(() => parseCeiling(text, 'USD')).toThrow(expect.objectContaining({ code }) as unknown as Error);
  });
});

describe('calendar periods', () => {
  it.each<[string, BudgetPeriod, string, string, number]>([
    ['Europe/Berlin', 'd', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', 23],
    ['Europe/Berlin', 'd', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z', 25],
    ['Europe/Berlin', 'w', '2026-03-29T12:00:00Z', '2026-03-22T23:00:00Z', 7 * 24 - 1],
    ['Europe/Berlin', 'mo', '2026-03-29T12:00:00Z', '2026-02-28T23:00:00Z', 31 * 24 - 1],
    ['America/Havana', 'd', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', 25],
    ['Africa/Cairo', 'd', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00Z', 23],
    ['Australia/Lord_Howe', 'd', '2026-10-03T20:00:00Z', '2026-10-03T13:30:00Z', 23.5],
    ['Asia/Kathmandu', 'h', '2026-01-01T00:20:00Z', '2026-01-01T00:15:00Z', 1],
    ['UTC', 'w', '2026-01-04T23:59:59Z', '2025-12-29T00:00:00Z', 168],
    ['UTC', 'mo', '2028-02-29T00:00:00Z', '2028-02-01T00:00:00Z', 29 * 24],
  ])('%s %s at %s begins at %s and lasts %d h', (...row) => {
    const [zone, period, instant, from, hours] = row;
    expect(periodAt(period, zone, at(instant))).toEqual({ from: at(from), to: at(from) + hours * 3600 });
  });

  it('leave out nothing, never overlap, and begin with their local date, in every zone', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    const dates = new Map<string, Intl.DateTimeFormat>();
    const dateOf = (zone: string, second: number): string => {
      const format = dates.get(zone) ?? new Intl.DateTimeFormat('en-CA', { timeZone: zone });
      dates.set(zone, format);
      return format.format(second * 1000);
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom<BudgetPeriod>('h', 'd', 'w', 'mo'),
        fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
        (zone, period, second) => {
          const { from, to } = periodAt(period, zone, second);
          expect(second >= from && second < to).toBe(true);
          expect(periodAt(period, zone, to).from).toBe(to);
          expect(periodAt(period, zone, from - 1).to).toBe(from);
          expect(periodAt(period, zone, from)).toEqual({ from, to });
          if (period !== 'h') expect(dateOf(zone, from)).not.toBe(dateOf(zone, from - 1));
          if (period === 'd') expect(dateOf(zone, to - 1)).toBe(dateOf(zone, from));
          if (period === 'mo') expect(dateOf(zone, from)).toMatch(/-01$/);
        },
      ),
      { numRuns: 1500, seed: 3 },
    );
  }, 60_000);

  it('refuse a zone that does not exist', () => {
    expect(() => periodAt('d', 'Mars/Olympus', 0)).toThrow(BudgetError);
  });
});

describe('forecasts', () => {
  const steady = Array.from({ length: 24 }, () => 100n);

  it('go on at the median rate, with a wider interval the more the hours vary', () => {
    const base = { spend: 1000n, current: { cost: 50n, seconds: 1800 }, remainingS: 36_000 };
    expect(forecastSpend({ ...base, wholeHours: steady })).toMatchObject({
      expected: 2000n,
      low: 2000n,
      high: 2000n,
    });
    const spiky = steady.map((cost, hour) => (hour % 2 === 0 ? cost : 140n));
    const varied = forecastSpend({ ...base, wholeHours: spiky });
    expect((varied?.high ?? 0n) - (varied?.low ?? 0n)).toBeGreaterThan(100n);
    const oneOutlier = [...steady.slice(1), 1_000_000n];
    expect(forecastSpend({ ...base, wholeHours: oneOutlier })?.expected).toBe(2000n);
  });

  it('are not made from less than ten minutes', () => {
    const young = { spend: 5n, wholeHours: [], current: { cost: 5n, seconds: 599 }, remainingS: 3600 };
    expect(forecastSpend(young)).toBeUndefined();
  });
});
