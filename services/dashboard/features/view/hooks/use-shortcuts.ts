'use client';

import { useEffect, useRef } from 'react';

/** What keys do anywhere on the page. */
export interface Shortcuts {
  readonly onSearch: () => void;
  readonly onJump: () => void;
  /** ⌘ or Ctrl is down: the jump list may be wanted in a moment. */
  readonly onNear: () => void;
  readonly slashKey: boolean;
}

/** `/` goes to the search, ⌘K or Ctrl+K opens the jump list. Typing into a field is left alone. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Meta' || event.key === 'Control') latest.current.onNear();
      const jump = event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey);
      const search = event.key === '/' && latest.current.slashKey && !isTyping(event.target);
      if (!jump && !search) return;
      event.preventDefault();
      if (jump) latest.current.onJump();
      else latest.current.onSearch();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches('input:not([type=radio], [type=checkbox]), textarea')
  );
}
