import type { ReactNode } from 'react';
import { formatSpan } from '../../money/model/quantity-format.js';
import type { Clock } from '../../view/model/time-format.js';
import type { Catalogue } from '../model/price-messages.js';
import styles from './prices-page.module.css';

/** Older than this, a refresh every six hours has failed several times. */
const OLD_AFTER_S = 86_400;

/** How old the prices of each source and region are. */
export function CatalogueAge({
  catalogue,
  clock,
  nowS,
}: {
  readonly catalogue: Catalogue | undefined;
  readonly clock: Clock;
  readonly nowS: number;
}): ReactNode {
  if (catalogue === undefined) return <div className={styles.shape} aria-hidden="true" />;
  const { version, parts, builtInVersion } = catalogue;
  return (
    <section aria-labelledby="age">
      <h2 id="age" className={styles.title}>
        {version === 0 ? 'No refresh yet' : `Version ${version}, of ${clock.dateTime(catalogue.createdAtS)}`}
      </h2>
      <p className={styles.note}>
        {version === 0
          ? `Prices come from the list that ships with the product (${builtInVersion}). Run kubehero pricing refresh.`
          : `What no source lists comes from the list that ships with the product (${builtInVersion}).`}
      </p>
      {parts.length > 0 && (
        <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="age">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col" className={styles.number}>
                  Age
                </th>
                <th scope="col">Refreshed for</th>
                <th scope="col">Version of the source</th>
                <th scope="col" className={styles.number}>
                  Prices
                </th>
              </tr>
            </thead>
            <tbody>
              {parts.map((part) => (
                <tr key={part.name}>
                  <th scope="row" className="mono">
                    {part.name}
                  </th>
                  <td className={styles.number}>{age(part.asOfS, nowS)}</td>
                  <td>{clock.dateTime(part.asOfS)}</td>
                  <td className={styles.long}>{part.sourceVersion || '–'}</td>
                  <td className={styles.number}>{part.rows.toLocaleString('en-US')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function age(asOfS: number, nowS: number): ReactNode {
  if (nowS === 0) return '';
  const seconds = nowS - asOfS;
  const text = formatSpan(seconds);
  return seconds > OLD_AFTER_S ? <strong className={styles.warn}>{text}</strong> : text;
}
