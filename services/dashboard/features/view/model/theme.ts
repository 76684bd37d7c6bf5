/** Name of the cookie that keeps the choice of colours. */
export const THEME_COOKIE = 'kubehero_theme';

/** What can be chosen; `system` follows the operating system. */
export const themes = ['system', 'light', 'dark'] as const;

/** One of {@link themes}. */
export type Theme = (typeof themes)[number];

/** True for a text that is a theme. */
export function isTheme(text: string): text is Theme {
  return (themes as readonly string[]).includes(text);
}
