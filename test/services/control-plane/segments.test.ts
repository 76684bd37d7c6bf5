import { planSegments } from '@kubehero/control-plane';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

const CLEAN = { minute: new Set<number>(), hour: new Set<number>(), day: new Set<number>() };
const DAY = 86_400;

describe('the plan of a window', () => {
  it('covers every second exactly once, whatever is dirty', () => {
    const starts = (length: number): fc.Arbitrary<Set<number>> =>
      fc
        .array(fc.integer({ min: 0, max: Math.floor((4 * DAY) / length) }))
        .map((list) => new Set(list.map((n) => n * length)));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 * DAY }),
        fc.integer({ min: 1, max: 2 * DAY }),
        fc.record({ minute: starts(60), hour: starts(3600), day: starts(DAY) }),
        (from, length, dirty) => {
          const segments = planSegments({ from, to: from + length }, dirty);
          let at = from;
          for (const segment of segments) {
            expect(segment.from).toBe(at);
            at = segment.to;
          }
          expect(at).toBe(from + length);
        },
      ),
    );
  });

  it('reads days, hours, minutes and seconds from the coarsest table that is whole', () => {
    const plan = planSegments({ from: DAY - 3661, to: 2 * DAY + 1 }, CLEAN);

    expect(plan).toEqual([
      { from: DAY - 3661, to: DAY - 3660, level: 'second' },
      { from: DAY - 3660, to: DAY - 3600, level: 'minute' },
      { from: DAY - 3600, to: DAY, level: 'hour' },
      { from: DAY, to: 2 * DAY, level: 'day' },
      { from: 2 * DAY, to: 2 * DAY + 1, level: 'second' },
    ]);
  });

  it('goes below a period that is dirty', () => {
    const plan = planSegments(
      { from: 0, to: 7200 },
      { ...CLEAN, hour: new Set([3600]), minute: new Set([3660]) },
    );

    expect(plan.map(({ level, from }) => [level, from])).toEqual([
      ['hour', 0],
      ['minute', 3600],
      ['second', 3660],
      ['minute', 3720],
    ]);
  });
});
