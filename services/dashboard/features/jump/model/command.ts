import { pages, type PageName } from '../../view/model/pages.js';

/** An entry of the jump list. */
export interface Command {
  readonly id: string;
  /** What it is: `action`, or the kind of the place that it goes to. */
  readonly kind: string;
  readonly label: string;
  readonly run: () => void;
}

/** An entry that does something to the page. */
export function action(label: string, run: () => void): Command {
  return { id: label, kind: 'action', label, run };
}

/** Entries for the other pages. */
export function pageActions(current: PageName, go: (href: string) => void): Command[] {
  return pages
    .filter(({ name }) => name !== current)
    .map(({ name, href }) => action(`Go to ${name}`, () => go(href)));
}
