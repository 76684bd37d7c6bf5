import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignColourSlots } from '../../../../../../services/dashboard/features/live/model/colour-slots.js';
import {
  HISTORY_SECONDS,
  LiveHistory,
} from '../../../../../../services/dashboard/features/live/model/live-history.js';
import {
  planView,
  samePicks,
  toSnapshot,
  toTick,
} from '../../../../../../services/dashboard/features/live/model/live-view.js';
import { LiveWindow } from '../../../../../../services/dashboard/features/live/model/live-window.js';
import { findMovers } from '../../../../../../services/dashboard/features/live/model/movers.js';
import { PicoColumn } from '../../../../../../services/dashboard/features/live/model/pico-column.js';
import type {
  UpstreamSnapshot,
  UpstreamTick,
} from '../../../../../../services/dashboard/features/live/model/upstream-messages.js';

const START = 1_763_848_000;
const MAX_INT64 = 2n ** 63n - 1n;

function tick(second: number, values: readonly bigint[], part: Partial<UpstreamTick> = {}): UpstreamTick {
  return {
    second,
    groups: [],
    values: values.map((pico, index) => [index, pico] as const),
    idlePico: 7n,
    unobservedPico: 0n,
    observedNodes: 3,
    expectedNodes: 3,
    unpricedNodes: 0,
    ...part,
  };
}

function snapshot(names: readonly string[], ticks: readonly UpstreamTick[]): UpstreamSnapshot {
  const groups = names.map((namespace, index) => ({ index, keys: { cluster: 'c', namespace } }));
  return { currency: 'USD', by: 'namespace', groups, ticks };
}

function history(names: readonly string[], ticks: readonly UpstreamTick[]): LiveHistory {
  return new LiveHistory('USD', snapshot(names, ticks));
}

const letters = (count: number): string[] => Array.from({ length: count }, (_, at) => `ns-${at}`);

describe('a column of picounits', () => {
  it('sums as BigInt does, cell by cell and across columns', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 62n), max: MAX_INT64 }), { maxLength: 50 }), (values) => {
        const column = new PicoColumn(values.length);
        values.forEach((value, at) => column.set(at, value));
        const sum = values.reduce((all, value) => all + value, 0n);
        expect(column.sum(values.map((_, at) => at))).toBe(sum);
        const singles = values.map((value) => {
          const single = new PicoColumn(1);
          single.set(0, value);
          return single;
        });
        expect(PicoColumn.sumAcross(singles, 0)).toBe(sum);
      }),
    );
  });
});

describe('a view of the stream', () => {
  it('keeps every picounit: series, other, idle and unobserved are the second', () => {
    const costs = fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(costs, { minLength: 1, maxLength: 20 }), (seconds) => {
        const ticks = seconds.map((values, at) => tick(START + at, values, { unobservedPico: BigInt(at) }));
        const live = history(letters(30), ticks);
        const plan = planView(live, 'namespace', []);
        seconds.forEach((values, at) => {
          const shown = toTick(live, plan, START + at);
          const sum = [...(shown?.values ?? []), shown?.idle, shown?.unobserved].reduce(
            (all, text) => all + BigInt(text ?? '0'),
            0n,
          );
          expect(sum).toBe(values.reduce((all, value) => all + value, 0n) + 7n + BigInt(at));
        });
      }),
    );
  });

  it('draws the eight groups that cost most, and adds up the rest', () => {
    const live = history(letters(10), [tick(START, [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n])]);
    const shown = toSnapshot(live, planView(live, 'namespace', []));
    expect(shown.series.map((series) => series.label)).toEqual([
      'ns-9',
      'ns-8',
      'ns-7',
      'ns-6',
      'ns-5',
      'ns-4',
      'ns-3',
      'ns-2',
    ]);
    expect(shown.otherGroups).toBe(2);
    expect(shown.ticks[0]?.values.at(-1)).toBe('3');
  });

  it('has no idle where a filter is on, and counts what meets the filter alone', () => {
    const live = history(letters(3), [tick(START, [1n, 2n, 3n])]);
    const plan = planView(live, 'namespace', [{ key: 'namespace', value: 'ns-1' }]);
    expect(toTick(live, plan, START)).toEqual({ second: START, values: ['2', '0'], nodes: [3, 3, 0] });
  });

  it('is a gap where no second came, not a zero', () => {
    const live = history(letters(1), [tick(START, [1n]), tick(START + 3, [1n])]);
    const plan = planView(live, 'namespace', []);
    expect(toTick(live, plan, START + 1)).toBeUndefined();
    expect(toSnapshot(live, plan).ticks.map(({ second }) => second)).toEqual([START, START + 3]);
  });

  it('keeps its series while only their order changes', () => {
    const live = history(letters(2), [tick(START, [5n, 6n])]);
    const before = planView(live, 'namespace', []);
    live.apply(tick(START + 1, [9n, 1n]));
    const after = planView(live, 'namespace', []);
    expect(after.picked).not.toEqual(before.picked);
    expect(samePicks(before, after)).toBe(true);
  });
});

describe('the history', () => {
  it('replaces a second that comes again with late nodes', () => {
    const live = history(letters(2), [tick(START, [1n, 1n]), tick(START + 1, [1n, 1n])]);
    live.apply(tick(START, [4n], { observedNodes: 2 }));
    expect(toTick(live, planView(live, 'namespace', []), START)?.values).toEqual(['4', '0', '0']);
    expect(live.newestSecond).toBe(START + 1);
  });

  it('forgets what is older than 15 minutes, and never shows an old second as a new one', () => {
    const live = history(letters(2), [tick(START, [1n, 5n])]);
    live.apply(tick(START + HISTORY_SECONDS, [2n]));
    expect(live.presentSeconds()).toEqual([START + HISTORY_SECONDS]);
    const plan = planView(live, 'namespace', []);
    expect(toTick(live, plan, START)).toBeUndefined();
    expect(toSnapshot(live, plan).ticks).toHaveLength(1);
    live.apply(tick(START + 1, [9n, 9n]));
    expect(live.summary(START + 1)).toBeDefined();
    live.apply(tick(START - 1, [9n, 9n]));
    expect(live.summary(START - 1)).toBeUndefined();
  });

  it('lets go of groups that cost nothing within the window', () => {
    const live = history(letters(2), [tick(START, [1n, 5n])]);
    live.apply(tick(START + HISTORY_SECONDS + 61, [2n]));
    expect([...live.groups].map(({ keys }) => keys['namespace'])).toEqual(['ns-0']);
  });
});

describe('movers', () => {
  const steady = (
    from: number,
    count: number,
    values: readonly bigint[],
    part?: Partial<UpstreamTick>,
  ): UpstreamTick[] => Array.from({ length: count }, (_, at) => tick(from + at, values, part));

  it('come in the order of money, with means of the last minute and of what was before', () => {
    const live = history(letters(3), [
      ...steady(START, 100, [100n, 1000n, 50n]),
      ...steady(START + 100, 60, [150n, 700n, 50n]),
    ]);
    expect(findMovers(live, 'namespace', [])?.map(({ label, now, before }) => [label, now, before])).toEqual([
      ['ns-1', '700', '1000'],
      ['ns-0', '150', '100'],
    ]);
  });

  it('are not made of seconds in which nodes were silent', () => {
    const live = history(letters(1), [
      ...steady(START, 100, [100n]),
      ...steady(START + 100, 30, [10n], { observedNodes: 1 }),
      ...steady(START + 130, 30, [100n]),
    ]);
    expect(findMovers(live, 'namespace', [])).toEqual([]);
  });

  it('are not told from too few seconds', () => {
    expect(findMovers(history(letters(1), steady(START, 70, [1n])), 'namespace', [])).toBeUndefined();
  });
});

describe('colours', () => {
  it('are different for up to eight names, and do not depend on their order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 }), (names) => {
        const slots = assignColourSlots(names);
        expect(new Set(slots.values()).size).toBe(names.length);
        expect(assignColourSlots(names.toReversed())).toEqual(slots);
      }),
    );
  });

  it('stay with a name that is alone or among others where nobody else asks for its colour', () => {
    expect(assignColourSlots(['web']).get('web')).toBe(assignColourSlots(['web', 'web']).get('web'));
  });
});

describe("the page's window", () => {
  const wire = (names: readonly string[], ticks: readonly UpstreamTick[]): LiveWindow => {
    const live = history(names, ticks);
    return new LiveWindow(toSnapshot(live, planView(live, 'namespace', [])));
  };

  it('says what is missing and why', () => {
    const shown = wire(letters(1), [
      tick(START, [1n]),
      tick(START + 1, [1n], { observedNodes: 2 }),
      tick(START + 2, [1n], { observedNodes: 1 }),
      tick(START + 5, [1n]),
    ]);
    expect(shown.gaps(START - 10, START + 7)).toEqual([
      { fromS: START + 1, toS: START + 3, kind: 'partial', missingNodes: 2 },
      { fromS: START + 3, toS: START + 5, kind: 'none', missingNodes: 0 },
      { fromS: START + 6, toS: START + 8, kind: 'none', missingNodes: 0 },
    ]);
  });

  it('stacks its layers, highest sum first, with holes where seconds are missing', () => {
    const shown = wire(letters(2), [
      tick(START, [2_000_000_000_000n, 1_000_000_000_000n]),
      tick(START + 2, [1n, 1n]),
    ]);
    const [times, top, , , , lowest] = shown.toColumns(START, START + 1);
    expect(times).toEqual([START, START + 1]);
    expect(top?.[0]).toBeCloseTo(3);
    expect(lowest?.[0]).toBe(2);
    expect([top?.[1], lowest?.[1]]).toEqual([null, null]);
  });

  it('totals exactly what came', () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 62n });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 12 }), (values) => {
        const shown = wire(letters(12), [tick(START, values)]);
        expect(shown.newest?.totalPico).toBe(values.reduce((sum, value) => sum + value, 7n));
      }),
    );
  });

  it('is empty until a node is expected', () => {
    expect(wire([], [tick(START, [], { idlePico: 0n, expectedNodes: 0, observedNodes: 0 })]).isEmpty).toBe(
      true,
    );
    expect(wire([], [tick(START, [], { idlePico: 0n })]).isEmpty).toBe(false);
  });

  it('holds 900 seconds at most', () => {
    const shown = wire(letters(1), [tick(START, [1n])]);
    for (let at = 1; at <= 2000; at += 1)
      shown.apply({ second: START + at, values: ['1', '0'], nodes: [1, 1, 0] });
    expect(shown.at(START + 1100)).toBeUndefined();
    expect(shown.at(START + 1101)).toBeDefined();
  });
});
