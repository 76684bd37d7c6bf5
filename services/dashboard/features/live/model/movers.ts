import { labelOf, matches, type Grouping, type Where } from './grouping.js';
import { HISTORY_SECONDS, type GroupColumn, type LiveHistory } from './live-history.js';
import type { Mover } from './live-messages.js';

/** Seconds of "now". */
export const MOVER_NOW_SECONDS = 60;
/** Complete seconds that each of the two spans needs, so that a gap never looks like a saving. */
const MIN_COMPLETE_SECONDS = 20;
const MAX_MOVERS = 6;

/**
 * The groups whose mean rate of the last minute differs most, in money, from their mean rate of the rest of the
 * window. Only seconds in which every expected node reported count. Undefined where there are too few of them.
 */
export function findMovers(history: LiveHistory, by: Grouping, where: readonly Where[]): Mover[] | undefined {
  const complete = history.presentSeconds().filter((second) => isComplete(history, second));
  const border = history.newestSecond - MOVER_NOW_SECONDS;
  const now = toCells(complete.filter((second) => second > border));
  const before = toCells(complete.filter((second) => second <= border));
  if (now.length < MIN_COMPLETE_SECONDS || before.length < MIN_COMPLETE_SECONDS) return undefined;
  return [...history.groups]
    .filter((column) => matches(column.keys, where))
    .map((column) => ({ column, now: meanPico(column, now), before: meanPico(column, before) }))
    .filter((change) => isNoticeable(change.now, change.before))
    .sort((a, b) => Number(size(b.now - b.before) - size(a.now - a.before)))
    .slice(0, MAX_MOVERS)
    .map((change) => ({
      label: labelOf(change.column.keys, by),
      keys: change.column.keys,
      now: String(change.now),
      before: String(change.before),
    }));
}

function isComplete(history: LiveHistory, second: number): boolean {
  const summary = history.summary(second);
  return summary !== undefined && summary.observedNodes >= summary.expectedNodes;
}

/** A change below one per cent of the larger side is noise. */
function isNoticeable(now: bigint, before: bigint): boolean {
  const larger = now > before ? now : before;
  return size(now - before) * 100n >= larger && now !== before;
}

function toCells(seconds: readonly number[]): number[] {
  return seconds.map((second) => second % HISTORY_SECONDS);
}

function meanPico(column: GroupColumn, cells: readonly number[]): bigint {
  return column.picoBySlot.sum(cells) / BigInt(cells.length);
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}
