import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toKeptWindow } from '../../../../services/control-plane/query/kept-window.js';

const DAY = 86_400;
const now = 1_795_000_000;
const retention = { rawS: 30 * DAY, minuteS: 90 * DAY };
const kept = (from: number, to: number): { from: number; to: number } =>
  toKeptWindow({ from, to }, retention, now);
/** So many days ago, 37 s after 12 minutes past an hour. */
const ago = (days: number): number => {
  const second = now - days * DAY;
  return second - (second % 3600) + 12 * 60 + 37;
};

describe('windows whose rows are gone', () => {
  it('are taken as they are where seconds are kept', () => {
    expect(kept(ago(29), ago(1))).toEqual({ from: ago(29), to: ago(1) });
  });

  it('begin with their minute where only minutes are left', () => {
    expect(kept(ago(45), ago(1))).toEqual({ from: ago(45) - 37, to: ago(1) });
  });

  it('begin with their hour where only hours are left', () => {
    expect(kept(ago(100), ago(45))).toEqual({ from: ago(100) - 12 * 60 - 37, to: ago(45) - 37 });
  });

  it('within a single period become that period', () => {
    expect(kept(ago(45), ago(45) + 5)).toEqual({ from: ago(45) - 37, to: ago(45) + 23 });
  });

  it('count as gone an hour before they are dropped', () => {
    const nearly = now - retention.rawS + 1800;
    expect(kept(nearly, now).from).toBe(nearly - (nearly % 60));
  });

  it('stay side by side, so that sums of parts are the sum of the whole', () => {
    const second = fc.integer({ min: now - 200 * DAY, max: now });
    fc.assert(
      fc.property(second, second, second, (...edges) => {
        const [a = 0, b = 0, c = 0] = [...edges].sort((x, y) => x - y);
        fc.pre(b - a >= 3600 && c - b >= 3600);
        expect([kept(a, b).from, kept(b, c).to]).toEqual([kept(a, c).from, kept(a, c).to]);
        expect(kept(a, b).to).toBe(kept(b, c).from);
      }),
    );
  });
});
