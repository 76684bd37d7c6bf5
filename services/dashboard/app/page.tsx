import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { connection } from 'next/server.js';
import { redirect } from 'next/navigation.js';
import { LivePage } from '../features/live/components/live-page.js';
import { hasSession } from '../features/session/server/has-session.js';

export const metadata: Metadata = { title: 'Live · KubeHero' };

/** What is spent this second, and on what. */
export default async function Page(): Promise<ReactNode> {
  await connection();
  if (!(await hasSession())) redirect('/login');
  return <LivePage />;
}
