import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { connection } from 'next/server.js';
import { redirect } from 'next/navigation.js';
import { PricesPage } from '../../features/prices/components/prices-page.js';
import { hasSession } from '../../features/session/server/has-session.js';

export const metadata: Metadata = { title: 'Prices' };

/** What everything costs by the catalogue, and why. */
export default async function Page(): Promise<ReactNode> {
  await connection();
  if (!(await hasSession())) redirect('/login');
  return <PricesPage />;
}
