'use client';

import { useState, type ReactNode } from 'react';
import type { Clock } from '../../view/model/time-format.js';
import type { QuarantinedPart } from '../model/price-messages.js';
import styles from './prices-page.module.css';

/** Prices that the plausibility gate holds back, with the command that lets them through. */
export function QuarantineList({
  parts,
  clock,
}: {
  readonly parts: readonly QuarantinedPart[];
  readonly clock: Clock;
}): ReactNode {
  if (parts.length === 0) return null;
  return (
    <section className={styles.held} aria-labelledby="held">
      <h2 id="held" className={styles.title}>
        {parts.length === 1 ? 'One part waits' : `${parts.length} parts wait`} for a person
      </h2>
      <p className={styles.note}>
        New prices look wrong. The last good ones stay in force until they are let through.
      </p>
      <ul>
        {parts.map((part) => (
          <li key={keyOf(part)} className={styles.heldPart}>
            <p>
              <strong>
                {part.region} / {part.family}
              </strong>{' '}
              <span className="muted">
                {part.purchaseModel}, {part.source}, since {clock.dateTime(part.sinceS)}
              </span>
            </p>
            <p>{part.reasons.join('; ')}</p>
            <Command text={part.acceptCommand} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function keyOf(part: QuarantinedPart): string {
  return [part.source, part.region, part.family, part.purchaseModel].join('/');
}

function Command({ text }: { readonly text: string }): ReactNode {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <p className={styles.command}>
      <code className="mono">{text}</code>
      <button type="button" className={styles.button} onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </p>
  );
}
