import type { ReactNode } from 'react';
import { currencySymbol } from '../../money/model/money-format.js';
import type { PriceChange, PriceChanges } from '../model/price-messages.js';
import styles from './prices-page.module.css';

/** What the newest version changed. */
export function ChangeTable({ changes }: { readonly changes: PriceChanges | undefined }): ReactNode {
  if (changes === undefined || changes.version === 0) return null;
  const total = changes.added + changes.changed + changes.removed;
  const shown = changes.changes.length;
  return (
    <section aria-labelledby="changes">
      <h2 id="changes" className={styles.title}>
        What version {changes.version} changed
      </h2>
      <p className={styles.note}>
        {total === 0
          ? 'No price.'
          : `${changes.changed.toLocaleString('en-US')} changed, ${changes.added.toLocaleString('en-US')} new, ${changes.removed.toLocaleString('en-US')} gone${shown < total ? `; the first ${shown}` : ''}.`}
      </p>
      {shown > 0 && (
        <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="changes">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Where</th>
                <th scope="col">For</th>
                <th scope="col" className={styles.number}>
                  Before
                </th>
                <th scope="col" className={styles.number}>
                  After
                </th>
                <th scope="col" className={styles.number}>
                  Change
                </th>
                <th scope="col">Per</th>
              </tr>
            </thead>
            <tbody>
              {changes.changes.map((change, at) => (
                <tr key={at}>
                  <th scope="row" className="mono">
                    {change.name}
                  </th>
                  <td>{[change.provider, change.zone || change.region].join(' ')}</td>
                  <td>{[change.resource, change.os, change.purchaseModel].filter(Boolean).join(', ')}</td>
                  <td className={styles.number}>{amount(change.before, change.currency)}</td>
                  <td className={styles.number}>{amount(change.after, change.currency)}</td>
                  <td className={styles.number}>{difference(change)}</td>
                  <td>{change.unit}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function amount(text: string, currency: string): string {
  return text === '' ? '–' : `${currencySymbol(currency)}${text}`;
}

/** Relative change for the eye; the amounts beside it are exact. */
function difference({ before, after }: PriceChange): string {
  if (before === '') return 'new';
  if (after === '') return 'gone';
  const percent = (Number(after) / Number(before) - 1) * 100;
  return `${percent > 0 ? '+' : '\u2212'}${Math.abs(percent).toFixed(1)}\u202f%`;
}
