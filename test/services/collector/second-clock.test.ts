import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SecondClock, type TickVerdict } from '../../../services/collector/buffer/second-clock.js';

/** A clock whose ticks are given as wall time and steady time in milliseconds. */
function run(
  ticks: readonly (readonly [wallMs: number, steadyMs: number])[],
  sealedThrough = 0,
): TickVerdict[] {
  let at: readonly [number, number] = [0, 0];
  const clock = new SecondClock({ wallMs: () => at[0], steadyMs: () => at[1] }, sealedThrough);
  return ticks.map((tick) => {
    at = tick;
    return clock.tick();
  });
}

const sealed = (verdicts: readonly TickVerdict[]): number[] =>
  verdicts.flatMap((verdict) => (verdict.kind === 'seal' ? verdict.seconds : []));

describe('the clock of seconds', () => {
  it('seals nothing at first, then every second at its end', () => {
    const verdicts = run([
      [100_001, 1],
      [101_001, 1001],
      [102_002, 2002],
    ]);
    expect(verdicts).toEqual([
      { kind: 'drop', missing: 0 },
      { kind: 'seal', seconds: [100], carriedPart: 0 },
      { kind: 'seal', seconds: [101], carriedPart: 0 },
    ]);
  });

  it('does not seal the second in the midst of which it started', () => {
    expect(
      sealed(
        run([
          [100_400, 0],
          [101_001, 601],
          [102_001, 1601],
        ]),
      ),
    ).toEqual([101]);
  });

  it('waits when the second is not over', () => {
    expect(
      run([
        [100_001, 1],
        [100_999, 999],
      ])[1],
    ).toEqual({ kind: 'early' });
  });

  it('gives what a late tick read beyond its second to the next one, by time', () => {
    const verdicts = run([
      [100_000, 0],
      [101_600, 1600],
      [102_000, 2000],
    ]);
    expect(verdicts[1]).toEqual({ kind: 'seal', seconds: [100], carriedPart: 600 / 1600 });
    expect(verdicts[2]).toEqual({ kind: 'seal', seconds: [101], carriedPart: 0 });
  });

  it('seals a stall of up to five seconds as their mean', () => {
    expect(
      sealed(
        run([
          [100_000, 0],
          [104_001, 4001],
        ]),
      ),
    ).toEqual([100, 101, 102, 103]);
  });

  it('says nothing about a longer stall and counts its seconds', () => {
    const verdicts = run([
      [100_000, 0],
      [101_000, 1000],
      [120_000, 20_000],
      [121_000, 21_000],
    ]);
    expect(verdicts[2]).toEqual({ kind: 'drop', missing: 19 });
    expect(sealed(verdicts)).toEqual([100, 120]);
  });

  it('leaves a hole when the machine was suspended', () => {
    const verdicts = run([
      [100_000, 0],
      [101_000, 1000],
      [104_000, 2000],
      [105_000, 3000],
    ]);
    expect(verdicts[2]).toEqual({ kind: 'drop', missing: 3 });
    expect(sealed(verdicts)).toEqual([100, 104]);
  });

  it('repeats no second after the clock was set back', () => {
    const ticks = [100_000, 101_000, 102_000, 99_000, 100_000, 101_000, 102_000, 103_000, 104_000];
    const verdicts = run(ticks.map((wallMs, index) => [wallMs, index * 1000]));
    expect(sealed(verdicts)).toEqual([100, 101, 102, 103]);
  });

  it('seals nothing that an earlier run sealed', () => {
    const ticks = [100_000, 101_000, 102_000, 103_000];
    expect(
      sealed(
        run(
          ticks.map((wallMs, index) => [wallMs, index * 1000]),
          101,
        ),
      ),
    ).toEqual([102]);
  });

  it('never seals a second twice nor goes back, whatever the clocks do', () => {
    const step = fc.record({
      wall: fc.integer({ min: -5000, max: 8000 }),
      steady: fc.integer({ min: 0, max: 8000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let wall = 1_000_000;
        let steady = 0;
        const seconds = sealed(run(steps.map((each) => [(wall += each.wall), (steady += each.steady)])));
        expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
      }),
    );
  });
});
