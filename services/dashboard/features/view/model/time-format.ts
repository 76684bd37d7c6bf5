/** Where clock times are shown: the browser's zone, or UTC. */
export type TimeZoneChoice = 'local' | 'utc';

/** Formats clock times of one zone; make one per zone, not per time. */
export interface Clock {
  /** `14:03:10`. */
  time(second: number): string;
  /** `14:03`. */
  minute(second: number): string;
  /** `22 Nov`. */
  day(second: number): string;
  /** `22 Nov 14:03:10`. */
  dateTime(second: number): string;
  /** What the zone is called at that second: `UTC`, `CET`, `GMT+2`. */
  zoneName(second: number): string;
}

/** A clock for a choice of zone; `local` is the zone of the machine that runs this code. */
export function createClock(choice: TimeZoneChoice): Clock {
  const timeZone = choice === 'utc' ? 'UTC' : undefined;
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = new Intl.DateTimeFormat('en-GB', {
    ...zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const minute = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit' });
  const date = new Intl.DateTimeFormat('en-GB', { ...zone, day: 'numeric', month: 'short' });
  const name = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', timeZoneName: 'short' });
  return {
    time: (second) => time.format(second * 1000),
    minute: (second) => minute.format(second * 1000),
    day: (second) => date.format(second * 1000),
    dateTime: (second) => `${date.format(second * 1000)} ${time.format(second * 1000)}`,
    zoneName: (second) =>
      name.formatToParts(second * 1000).find((part) => part.type === 'timeZoneName')?.value ?? 'UTC',
  };
}
