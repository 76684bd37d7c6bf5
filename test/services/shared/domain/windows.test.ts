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

  it('charges every second that the node ran through once, however it is cut into windows', () => {
    const edge = fc.integer({ min: 0, max: 130 });
    fc.assert(
      fc.property(fc.array(fc.tuple(edge, edge)), (windows) => {
        const gaps = new GapList([
          { from: 10, to: 60, ran: true, charged: false },
          { from: 70, to: 80, ran: false, charged: false },
          { from: 90, to: 120, ran: true, charged: false },
        ]);
        const ran = (second: number): boolean =>
          (second >= 10 && second < 60) || (second >= 90 && second < 120);
        const times = new Map<number, number>();
        for (const [from, to] of [...windows, [0, 130] as const]) {
          for (const piece of gaps.charge({ from, to })) {
            for (let second = piece.from; second < piece.to; second += 1)
              times.set(second, (times.get(second) ?? 0) + 1);
          }
        }
        const expected = Array.from({ length: 130 }, (_, second) => second).filter(ran);
        expect([...times.keys()].sort((a, b) => a - b)).toEqual(expected);
        expect(new Set(times.values())).toEqual(new Set([1]));
        expect(gaps.countWithin({ from: 0, to: 130 })).toBe(90);
      }),
    );
  });
});
