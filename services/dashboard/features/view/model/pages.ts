/** Pages of the dashboard in the order of the bar. */
export const pages = [
  { name: 'Live', href: '/' },
  { name: 'Budgets', href: '/budgets' },
  { name: 'Prices', href: '/prices' },
] as const;

/** One of {@link pages}. */
export type PageName = (typeof pages)[number]['name'];
