'use client';

import { useMemo, type ReactNode } from 'react';
import { createClock, type TimeZoneChoice } from '../model/time-format.js';
import { Segmented } from './segmented.js';

/** What the switch shows and does. */
export interface TimeZoneSwitchProps {
  readonly value: TimeZoneChoice;
  /** Seconds since 1970, for the name of the zone at that time; 0 while the server renders. */
  readonly nowS: number;
  readonly onChange: (choice: TimeZoneChoice) => void;
}

/** In whose time the page speaks: the browser's, called by the name of its zone, or UTC. */
export function TimeZoneSwitch({ value, nowS, onChange }: TimeZoneSwitchProps): ReactNode {
  const local = useMemo(() => createClock('local'), []);
  const zone = nowS === 0 ? 'UTC' : local.zoneName(nowS);
  const options = [
    // A browser in UTC, or one whose zone is not known yet: two choices of one name would tell nobody anything.
    ['local', zone === 'UTC' ? 'Local' : zone],
    ['utc', 'UTC'],
  ] as const;
  return <Segmented label="Time zone" value={value} options={options} onChange={onChange} />;
}
