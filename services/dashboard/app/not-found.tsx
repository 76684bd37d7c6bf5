import { connection } from 'next/server.js';
import type { ReactNode } from 'react';

/** A page that does not exist. */
export default async function NotFound(): Promise<ReactNode> {
  await connection();
  return (
    <main className="message">
      <h1>There is no such page</h1>
      <p>The address may be from another version.</p>
      {/* A full load: whatever state led here is left behind. */}
      <a className="message-action" href="/">
        Go to the live costs
      </a>
    </main>
  );
}
