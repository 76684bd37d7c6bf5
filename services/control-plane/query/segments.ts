import type { Window } from '@kubehero/domain';
import { SECONDS_OF, type Level } from '@kubehero/store-clickhouse';

/** A part of a window that is read from one table. */
export interface Segment extends Window {
  readonly level: Level;
}

/** Starts of periods that must not be read from their rollup. */
export type DirtyStarts = Readonly<Record<Exclude<Level, 'second'>, ReadonlySet<number>>>;

const COARSER: Readonly<Record<Exclude<Level, 'day'>, Exclude<Level, 'second'>>> = {
  second: 'minute',
  minute: 'hour',
  hour: 'day',
};

/**
 * Covers a window with the coarsest tables that are clean: days inside, then hours, minutes and seconds towards
 * the edges and around what is not rolled up yet.
 *
 * @param coarsest - no table coarser than this one is read
 * @returns disjoint segments in rising order; neighbours of one level are joined
 */
export function planSegments(window: Window, dirty: DirtyStarts, coarsest: Level = 'day'): Segment[] {
  const segments: Segment[] = [];
  cover(window, coarsest, dirty, segments);
  return segments;
}

function cover(window: Window, level: Level, dirty: DirtyStarts, into: Segment[]): void {
  if (window.to <= window.from) return;
  if (level === 'second') {
    push(into, { ...window, level });
    return;
  }
  const length = SECONDS_OF[level];
  const finer = finerOf(level);
  const firstWhole = Math.ceil(window.from / length) * length;
  const endWhole = Math.floor(window.to / length) * length;
  if (firstWhole >= endWhole) {
    cover(window, finer, dirty, into);
    return;
  }
  cover({ from: window.from, to: firstWhole }, finer, dirty, into);
  for (let start = firstWhole; start < endWhole; start += length) {
    const whole = { from: start, to: start + length };
    if (dirty[level].has(start)) cover(whole, finer, dirty, into);
    else push(into, { ...whole, level });
  }
  cover({ from: endWhole, to: window.to }, finer, dirty, into);
}

function finerOf(level: Exclude<Level, 'second'>): Level {
  const entry = Object.entries(COARSER).find(([, coarser]) => coarser === level);
  return (entry?.[0] ?? 'second') as Level;
}

function push(into: Segment[], segment: Segment): void {
  const last = into.at(-1);
  if (last?.level === segment.level && last.to === segment.from) {
    into[into.length - 1] = { ...last, to: segment.to };
    return;
  }
  into.push(segment);
}
