/** A half-open span of whole epoch seconds: `from` is in, `to` is not. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Why a window was refused. */
export class WindowError extends Error {
  readonly code = 'BAD_WINDOW';

  constructor(message: string) {
    super(message);
    this.name = 'WindowError';
  }
}

const DURATION = /^(\d{1,6})(s|m|h|d|w)$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const MAX_EPOCH_SECOND = 4_294_967_295;

/**
 * Reads a duration such as `15m`.
 *
 * @returns seconds, at least 1
 * @throws WindowError
 */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * (UNIT_SECONDS[match[2] ?? ''] ?? 0);
  if (seconds < 1) {
    throw new WindowError(`'${text}' is no duration: give a number and s, m, h, d or w, for example 15m`);
  }
  return seconds;
}

/**
 * Reads an instant.
 *
 * @param text - RFC 3339 with a zone; fractions of a second are cut off
 * @returns epoch second
 * @throws WindowError
 */
export function parseInstant(text: string): number {
  const milliseconds = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  const second = Math.floor(milliseconds / 1000);
  if (!(second >= 0 && second <= MAX_EPOCH_SECOND)) {
    throw new WindowError(
      `'${text}' is no instant: give RFC 3339 with a zone, for example 2026-01-31T08:00:00Z`,
    );
  }
  return second;
}

/** The instant as RFC 3339 in UTC without fractions. */
export function formatInstant(second: number): string {
  return new Date(second * 1000).toISOString().replace('.000Z', 'Z');
}

/**
 * The window between two instants.
 *
 * @throws WindowError where `to` does not lie after `from`
 */
export function toWindow(from: number, to: number): Window {
  if (!(to > from)) {
    throw new WindowError(
      `a window from ${formatInstant(from)} to ${formatInstant(to)} is empty: 'to' must be later than 'from'`,
    );
  }
  return { from, to };
}
