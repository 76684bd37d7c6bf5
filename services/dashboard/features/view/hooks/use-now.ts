'use client';

import { useEffect, useState } from 'react';

/** The unix second, once a second while it is wanted; 0 until the page runs in a browser. */
export function useNow(wanted: boolean): number {
  const [second, setSecond] = useState(0);
  useEffect(() => {
    const read = (): void => setSecond(Math.floor(Date.now() / 1000));
    read();
    if (!wanted) return;
    const timer = setInterval(read, 1000);
    return () => clearInterval(timer);
  }, [wanted]);
  return second;
}
