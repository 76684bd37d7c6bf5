import type { Window } from '../windows/window.js';
import { BudgetError } from './budget-error.js';
import type { BudgetPeriod } from './ceiling.js';

const HOUR_S = 3600;
const DAY_S = 86_400;
const MAX_ZONES = 1024;
/** The period that was asked for last, by zone: most ask for the current one. */
const LATEST = new Map<string, Window>();
const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** @throws BudgetError `BAD_TIME_ZONE` where the zone is not in the time zone database */
export function checkTimeZone(zone: string): void {
  formatOf(zone);
}

/**
 * The calendar period that an instant lies in. Days, weeks and months begin at the first instant of their local date,
 * so that they have an hour less or more where clocks change, and follow each other without a gap.
 *
 * @param second - epoch second
 * @returns epoch seconds, half open
 * @throws BudgetError `BAD_TIME_ZONE`
 */
export function periodAt(period: BudgetPeriod, zone: string, second: number): Window {
  const key = `${period}/${zone}`;
  const known = LATEST.get(key);
  if (known !== undefined && second >= known.from && second < known.to) return known;
  const found = findPeriod(period, formatOf(zone), second);
  if (LATEST.size >= MAX_ZONES) LATEST.clear();
  LATEST.set(key, found);
  return found;
}

function findPeriod(period: BudgetPeriod, format: Intl.DateTimeFormat, second: number): Window {
  if (period === 'h') return hourAt(format, second);
  const date = localDate(format, second);
  const first = firstDate(period, date);
  const next = nextDate(period, first);
  return { from: startOfDate(format, first), to: startOfDate(format, next) };
}

/** Days since 1970-01-01 of a local date. */
type DayNumber = number;

function localDate(format: Intl.DateTimeFormat, second: number): DayNumber {
  return Math.floor((second + offsetAt(format, second)) / DAY_S);
}

/** First date of the period that a date lies in. 1970-01-01 was a Thursday. */
function firstDate(period: Exclude<BudgetPeriod, 'h'>, date: DayNumber): DayNumber {
  if (period === 'd') return date;
  if (period === 'w') return date - ((((date + 3) % 7) + 7) % 7);
  const day = new Date(date * DAY_S * 1000);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1) / 1000 / DAY_S;
}

function nextDate(period: Exclude<BudgetPeriod, 'h'>, first: DayNumber): DayNumber {
  if (period === 'd') return first + 1;
  if (period === 'w') return first + 7;
  const day = new Date(first * DAY_S * 1000);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1) / 1000 / DAY_S;
}

/** First instant whose local date is not before the given one; where midnight is left out, that is after the leap. */
function startOfDate(format: Intl.DateTimeFormat, date: DayNumber): number {
  const midnight = date * DAY_S;
  const offsets = [-DAY_S, 0, DAY_S].map((shift) => offsetAt(format, midnight + shift));
  const starts = offsets.map((offset) => midnight - offset);
  const real = starts.filter((start, at) => offsetAt(format, start) === offsets[at]);
  if (real.length > 0) return Math.min(...real);
  return firstWhere(midnight - DAY_S, midnight + DAY_S, (second) => localDate(format, second) >= date);
}

/** Local hours; a change of clocks by less than an hour makes one of another length. */
function hourAt(format: Intl.DateTimeFormat, second: number): Window {
  const offset = offsetAt(format, second);
  const from = second - modulo(second + offset, HOUR_S);
  const to = from + HOUR_S;
  const isBroken = (at: number): boolean => modulo(offsetAt(format, at) - offset, HOUR_S) !== 0;
  return {
    from: isBroken(from) ? firstWhere(from, second, (at) => !isBroken(at)) : from,
    to: isBroken(to - 1) ? firstWhere(second, to - 1, isBroken) : to,
  };
}

/** First second in (from, to] for which something holds that holds at `to` and, once it does, from then on. */
function firstWhere(from: number, to: number, holds: (second: number) => boolean): number {
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Seconds that local clocks are ahead of UTC. */
function offsetAt(format: Intl.DateTimeFormat, second: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(second * 1000)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: s = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, s) / 1000 - second;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone);
  if (known !== undefined) return known;
  const format = makeFormat(zone);
  if (FORMATS.size >= MAX_ZONES) FORMATS.clear();
  FORMATS.set(zone, format);
  return format;
}

function makeFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new BudgetError(
      'BAD_TIME_ZONE',
      `'${zone}' is no time zone: give a name of the IANA database, for example Europe/Berlin`,
      { cause },
    );
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
