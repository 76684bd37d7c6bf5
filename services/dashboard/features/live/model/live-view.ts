import { assignColourSlots, COLOUR_SLOTS } from './colour-slots.js';
import { labelOf, matches, type Grouping, type Where } from './grouping.js';
import { HISTORY_SECONDS, type GroupColumn, type LiveHistory } from './live-history.js';
import { PicoColumn } from './pico-column.js';
import type { LiveSeries, LiveSnapshot, LiveTick } from './live-messages.js';

/** Which groups a view draws one by one; the rest that meets the filter is added up. */
export interface ViewPlan {
  readonly by: Grouping;
  readonly where: readonly Where[];
  readonly picked: readonly GroupColumn[];
  readonly series: readonly LiveSeries[];
}

/** Chooses the (at most eight) groups that cost most over the window, and their colours. */
export function planView(history: LiveHistory, by: Grouping, where: readonly Where[]): ViewPlan {
  const cells = history.presentSeconds().map((second) => second % HISTORY_SECONDS);
  const picked = matching(history, where)
    .map((column) => ({ column, sum: column.picoBySlot.sum(cells) }))
    .sort((a, b) => (a.sum === b.sum ? 0 : a.sum < b.sum ? 1 : -1))
    .slice(0, COLOUR_SLOTS)
    .map((ranked) => ranked.column);
  const slots = assignColourSlots(picked.map(identity));
  const series = picked.map((column) => ({
    label: labelOf(column.keys, by),
    keys: column.keys,
    slot: slots.get(identity(column)) ?? 0,
  }));
  return { by, where, picked, series };
}

/** True where both plans draw the same groups, in whatever order. */
export function samePicks(a: ViewPlan, b: ViewPlan): boolean {
  const names = new Set(a.picked.map(identity));
  return a.picked.length === b.picked.length && b.picked.every((column) => names.has(identity(column)));
}

/** The whole window of a view. */
export function toSnapshot(history: LiveHistory, plan: ViewPlan): LiveSnapshot {
  const all = matching(history, plan.where);
  const ticks = history
    .presentSeconds()
    .map((second) => tickOf(history, plan, { all, second }))
    .filter((tick) => tick !== undefined);
  const { currency } = history;
  return { currency, by: plan.by, series: plan.series, otherGroups: all.length - plan.picked.length, ticks };
}

/** One second of a view; undefined where that second is a gap. */
export function toTick(history: LiveHistory, plan: ViewPlan, second: number): LiveTick | undefined {
  return tickOf(history, plan, { all: matching(history, plan.where), second });
}

function tickOf(
  history: LiveHistory,
  plan: ViewPlan,
  at: { readonly all: readonly GroupColumn[]; readonly second: number },
): LiveTick | undefined {
  const summary = history.summary(at.second);
  if (summary === undefined) return undefined;
  const slot = at.second % HISTORY_SECONDS;
  const values = plan.picked.map((column) => column.picoBySlot.get(slot));
  const total = PicoColumn.sumAcross(
    at.all.map((column) => column.picoBySlot),
    slot,
  );
  const other = values.reduce((rest, value) => rest - value, total);
  const tick = {
    second: at.second,
    values: [...values, other].map(String),
    nodes: [summary.observedNodes, summary.expectedNodes, summary.unpricedNodes] as const,
  };
  if (plan.where.length > 0) return tick;
  return { ...tick, idle: String(summary.idlePico), unobserved: String(summary.unobservedPico) };
}

function matching(history: LiveHistory, where: readonly Where[]): GroupColumn[] {
  return [...history.groups].filter((column) => matches(column.keys, where));
}

function identity(column: GroupColumn): string {
  return Object.values(column.keys).join('\u0000');
}
