import { formatInstant, GapList, parseDuration, parseInstant, toWindow, WindowError } from '@kubehero/domain';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

describe('windows', () => {
  it.each([
    ['15m', 900],
    ['1s', 1],
    ['30d', 2_592_000],
    ['2w', 1_209_600],
  ])('read the duration %s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '0m', 'm', '1.5h', '-1h', '1y', '15 m'])('refuse the duration %j', (text) => {
    expect(() => parseDuration(text)).toThrow(WindowError);
  });

  it('read every instant that they write', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_294_967_295 }), (second) => {
        expect(parseInstant(formatInstant(second))).toBe(second);
      }),
    );
  });

  it.each(['2026-01-01', '2026-01-01T00:00:00', 'yesterday', '2026-13-01T00:00:00Z', '1969-12-31T23:59:59Z'])(
    'refuse the instant %s',
    (text) => {
      expect(() => parseInstant(text)).toThrow(WindowError);
    },
  );

  it('refuse to be empty', () => {
    expect(() => toWindow(10, 10)).toThrow(WindowError);
  });
});

describe('the list of gaps', () => {
  it('holds exactly the seconds that were added and not taken', () => {
    const history = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 });
    fc.assert(
      fc.property(history, (taken) => {
        const gaps = new GapList([{ from: 20, to: 120, ran: true, charged: false }]);
        gaps.add({ from: 200, to: 250, ran: false, charged: false });
        const missing = new Set(
          [...Array(301).keys()].filter((s) => (s >= 20 && s < 120) || (s >= 200 && s < 250)),
        );
        for (const second of taken) {
          expect(gaps.take(second) !== undefined).toBe(missing.delete(second));
        }
        const listed = gaps
          .list()
          .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
        expect(listed).toEqual([...missing].sort((a, b) => a - b));
        expect(gaps.countWithin({ from: 100, to: 210 })).toBe(
          [...missing].filter((s) => s >= 100 && s < 210).length,
        );
      }),
    );
  });

  it('tells the fate of the gap that a second was in', () => {
    const gaps = new GapList([{ from: 5, to: 8, ran: true, charged: true }]);

    expect(gaps.take(6)).toEqual({ from: 5, to: 8, ran: true, charged: true });
    expect(gaps.list()).toEqual([
      { from: 5, to: 6, ran: true, charged: true },
      { from: 7, to: 8, ran: true, charged: true },
    ]);
  });
});
