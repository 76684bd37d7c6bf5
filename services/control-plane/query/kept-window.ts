import type { Window } from '@kubehero/domain';

/** How long rows are kept, in seconds; hours and days stay for ever. */
export interface Retention {
  readonly rawS: number;
  readonly minuteS: number;
}

const MINUTE_S = 60;
const HOUR_S = 3600;
/** Rows at the end of their life may go at any moment. */
const MARGIN_S = HOUR_S;

/**
 * Seconds of the finest period that is still kept at an instant: 1, 60 or 3600.
 */
export function keptUnitS(second: number, retention: Retention, nowS: number): number {
  const age = nowS - second + MARGIN_S;
  if (age > retention.minuteS) return HOUR_S;
  return age > retention.rawS ? MINUTE_S : 1;
}

/**
 * The window that can be told exactly: an edge from whose time only minutes or hours are left moves back to the
 * beginning of its period. Windows side by side stay side by side; one within a single period becomes that period.
 */
export function toKeptWindow(window: Window, retention: Retention, nowS: number): Window {
  const floor = (second: number): number => second - (second % keptUnitS(second, retention, nowS));
  const from = floor(window.from);
  const to = floor(window.to);
  return { from, to: to > from ? to : from + keptUnitS(window.from, retention, nowS) };
}
