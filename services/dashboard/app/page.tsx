import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { connection } from 'next/server.js';
import { LivePage } from '../features/live/components/live-page.js';

export const metadata: Metadata = { title: 'Live · KubeHero' };

/** What is spent this second, and on what. */
export default async function Page(): Promise<ReactNode> {
  await connection();
  return <LivePage />;
}
