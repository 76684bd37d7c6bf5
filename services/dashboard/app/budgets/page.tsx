import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { connection } from 'next/server.js';
import { redirect } from 'next/navigation.js';
import { BudgetsPage } from '../../features/budgets/components/budgets-page.js';
import { hasSession } from '../../features/session/server/has-session.js';

export const metadata: Metadata = { title: 'Budgets' };

/** Which ceiling breaks next, and what happens then. */
export default async function Page(): Promise<ReactNode> {
  await connection();
  if (!(await hasSession())) redirect('/login');
  return <BudgetsPage />;
}
