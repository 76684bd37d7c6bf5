'use client';

import { createSerializer, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';

const parsers = {
  policy: parseAsString.withDefault(''),
  cluster: parseAsString.withDefault(''),
  tz: parseAsStringLiteral(['local', 'utc'] as const).withDefault('local'),
};

/** What the budgets page shows, as the address says it: every policy, or one. */
export interface BudgetView {
  /** Empty: every policy. */
  readonly policy: string;
  /** Where it is written; may be empty while its name is the only one. */
  readonly cluster: string;
  readonly tz: 'local' | 'utc';
}

/** Changes the view and with it the address. */
export type SetBudgetView = (change: Partial<BudgetView>) => void;

const serialize = createSerializer(parsers);

/** The view that the address describes, and the way to change it. */
export function useBudgetView(): readonly [BudgetView, SetBudgetView] {
  const [view, setView] = useQueryStates(parsers, { history: 'push', scroll: true });
  return [view, (change) => void setView(change)];
}

/** The address of a policy, or of the list. */
export function budgetHref(view: BudgetView): string {
  return serialize('/budgets', { ...view });
}
