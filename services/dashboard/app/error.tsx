'use client';

import type { ReactNode } from 'react';

/** What is shown when a page breaks; its address, and with it the view, is kept. */
export default function ErrorPage(props: { readonly error: Error; readonly reset: () => void }): ReactNode {
  return (
    <main className="message">
      <h1>This page broke</h1>
      <p>{props.error.message}</p>
      <button className="message-action" type="button" onClick={props.reset}>
        Try again
      </button>
    </main>
  );
}
