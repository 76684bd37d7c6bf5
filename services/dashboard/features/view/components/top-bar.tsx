'use client';

import { useState, type ReactNode } from 'react';
import { pages, type PageName } from '../model/pages.js';
import { isTheme, THEME_COOKIE, type Theme } from '../model/theme.js';
import { Segmented } from './segmented.js';
import styles from './top-bar.module.css';

/** What the bar shows and does. */
export interface TopBarProps {
  /** The page that this is. */
  readonly page: PageName;
  /** Opens the jump list. */
  readonly onJump: () => void;
  /** The jump list may be wanted in a moment. */
  readonly onNear: () => void;
  /** Whether `/` goes to the search; a single key can be in the way of speech input. */
  readonly slashKey: boolean;
  readonly onSlashKey: (on: boolean) => void;
}

const THEME_OPTIONS = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;
const YEAR_S = 31_536_000;

/** Name of the product, pages, and what concerns the display. */
export function TopBar({ page, onJump, onNear, slashKey, onSlashKey }: TopBarProps): ReactNode {
  return (
    <header className={styles.bar}>
      <a className={styles.brand} href="/" aria-label="KubeHero">
        <svg className={styles.mark} viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3.5 13V3M3.5 9 9.5 3M6 6.8 12.5 13" />
        </svg>
        <span className={styles.word}>KubeHero</span>
      </a>
      <nav className={styles.nav} aria-label="Pages">
        {pages.map(({ name, href }) => (
          <a key={name} className={styles.page} href={href} aria-current={name === page ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <button
        type="button"
        className={styles.jump}
        onPointerEnter={onNear}
        onFocus={onNear}
        onClick={onJump}
        aria-label="Jump to ⌘K"
        aria-keyshortcuts="Meta+K Control+K"
      >
        <Icon path="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14" />
        <span className={styles.word}>Jump to</span>
        <kbd className={styles.key}>⌘K</kbd>
      </button>
      <button type="button" className={styles.button} popoverTarget="display" aria-label="Display">
        <Icon path="M2 5h3M9 5h5M2 11h5M11 11h3M7 3.5v3M9 9.5v3" />
        <span className={styles.word}>Display</span>
      </button>
      <div id="display" popover="auto" className={styles.popover}>
        <ThemeChoice />
        <label className={styles.check}>
          <input type="checkbox" checked={slashKey} onChange={(event) => onSlashKey(event.target.checked)} />
          The key <kbd className={styles.key}>/</kbd> goes to the search
        </label>
        <button type="button" className={styles.logout} onClick={() => void logOut()}>
          Log out
        </button>
      </div>
    </header>
  );
}

/** Stands for a button's word where the bar is too narrow for it. */
function Icon({ path }: { readonly path: string }): ReactNode {
  return (
    <svg className={styles.icon} viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

function ThemeChoice(): ReactNode {
  const [theme, setTheme] = useState<Theme>(() => currentTheme());
  const choose = (next: Theme): void => {
    setTheme(next);
    document.cookie = `${THEME_COOKIE}=${next}; path=/; max-age=${YEAR_S}; samesite=strict`;
    if (next === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = next;
  };
  return (
    <div suppressHydrationWarning>
      <p className={styles.label} aria-hidden="true">
        Colours
      </p>
      <Segmented label="Colours" value={theme} options={THEME_OPTIONS} onChange={choose} />
    </div>
  );
}

function currentTheme(): Theme {
  if (typeof document === 'undefined') return 'system';
  const theme = document.documentElement.dataset['theme'] ?? 'system';
  return isTheme(theme) ? theme : 'system';
}

async function logOut(): Promise<void> {
  await fetch('/api/session', { method: 'DELETE' });
  window.location.assign('/login');
}
