'use client';

import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import styles from './login-form.module.css';

type Stage = { readonly kind: 'idle' | 'busy' } | { readonly kind: 'failed'; readonly message: string };

/**
 * Logs in by the token in the address's fragment, which browsers never send: it reaches no log and no referrer,
 * and it leaves the address bar and the history before it is used. Without one, a person can paste the link.
 */
export function LoginForm(): ReactNode {
  const [stage, setStage] = useState<Stage>({ kind: 'idle' });
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const logInByAddress = (): void => {
      const token = window.location.hash.slice(1);
      if (token === '') return;
      window.history.replaceState(null, '', '/login');
      setStage({ kind: 'busy' });
      void logIn(token).then(setStage);
    };
    logInByAddress();
    // A link that is opened where this page stands already loads nothing anew.
    window.addEventListener('hashchange', logInByAddress);
    return () => {
      window.removeEventListener('hashchange', logInByAddress);
    };
  }, []);

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = (field.current?.value ?? '').trim();
    setStage({ kind: 'busy' });
    void logIn(text.slice(text.lastIndexOf('#') + 1)).then(setStage);
  };

  return (
    <main className={styles.page}>
      <h1 className={styles.title}>KubeHero</h1>
      <p className={styles.lead}>
        Open the link that <code className="mono">kubehero up</code> printed, or paste it here. It works once.
      </p>
      <form onSubmit={submit}>
        <label className={styles.label} htmlFor="link">
          Login link
        </label>
        <div className={styles.line}>
          <input
            className={styles.input}
            ref={field}
            id="link"
            name="link"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            aria-describedby="login-message"
          />
          <button className={styles.button} type="submit" disabled={stage.kind === 'busy'}>
            Log in
          </button>
        </div>
      </form>
      <p className={styles.message} id="login-message" role="status">
        {stage.kind === 'busy' && 'Logging in'}
        {stage.kind === 'failed' && stage.message}
      </p>
    </main>
  );
}

async function logIn(token: string): Promise<Stage> {
  try {
    const response = await fetch('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (response.ok) {
      window.location.replace('/');
      return { kind: 'busy' };
    }
    const fault = (await response.json()) as { message?: string };
    return { kind: 'failed', message: sentence(fault.message ?? 'the login was refused') };
  } catch {
    return {
      kind: 'failed',
      message: 'The dashboard cannot be reached. Check that it runs, then try again.',
    };
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
