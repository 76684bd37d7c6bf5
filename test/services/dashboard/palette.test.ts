import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Full strength of each deficiency, on linear RGB (Machado, Oliveira and Fernandes 2009, table 1). */
const sights: Readonly<Record<string, Matrix>> = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Hundredths of an Oklab unit; two areas side by side are told apart from about 5 up. */
const MIN_DISTANCE = 8;

const css = readFileSync(
  join(import.meta.dirname, '../../../../../services/dashboard/app/globals.css'),
  'utf8',
);
const palette = [...css.matchAll(/--series-\d: light-dark\((#\w{6}), (#\w{6})\)/g)];

const times = (matrix: Matrix, v: Triple): Triple => {
  const row = (at: Triple): number => at[0] * v[0] + at[1] * v[1] + at[2] * v[2];
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
};

function toLinear(hex: string): Triple {
  const channel = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** Oklab (https://bottosson.github.io/posts/oklab/). */
function toOklab(linear: Triple): Triple {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    linear,
  ).map((value) => Math.cbrt(Math.max(0, value))) as unknown as Triple;
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones,
  );
}

describe('the palette of series', () => {
  it('has eight colours for light and for dark', () => {
    expect(palette).toHaveLength(8);
  });

  describe.each(Object.entries(sights))('seen with %s', (_name, matrix) => {
    it.each([
      ['light', 1],
      ['dark', 2],
    ])('has no two alike in %s', (_theme, group) => {
      const seen = palette.map((match) => toOklab(times(matrix, toLinear(match[group] ?? ''))));
      const distances = seen.flatMap((a, at) =>
        seen.slice(at + 1).map((b) => 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])),
      );
      expect(Math.min(...distances)).toBeGreaterThan(MIN_DISTANCE);
    });
  });
});
