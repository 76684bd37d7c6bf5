import type { Metadata } from 'next';
import { connection } from 'next/server.js';
import type { ReactNode } from 'react';
import { LoginForm } from '../../features/session/components/login-form.js';

export const metadata: Metadata = { title: 'Log in' };

/** Trades the one-time link for a session. */
export default async function Page(): Promise<ReactNode> {
  await connection();
  return <LoginForm />;
}
