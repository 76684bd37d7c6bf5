import { connection } from 'next/server.js';
import type { ReactNode } from 'react';
import styles from './message.module.css';

/** A page that does not exist. */
export default async function NotFound(): Promise<ReactNode> {
  await connection();
  return (
    <main className={styles.page}>
      <h1>There is no such page</h1>
      <p>The address may be from another version.</p>
      {/* A full load: whatever state led here is left behind. */}
      <a className={styles.action} href="/">
        Go to the live costs
      </a>
    </main>
  );
}
