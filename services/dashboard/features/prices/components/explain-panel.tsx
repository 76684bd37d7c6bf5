'use client';

import type { ReactNode } from 'react';
import { currencySymbol } from '../../money/model/money-format.js';
import type { Clock } from '../../view/model/time-format.js';
import { useAnswer } from '../../view/hooks/use-answer.js';
import { explainsNothing, explainUrl, type PriceView, type SetPriceView } from '../hooks/use-price-view.js';
import type { ExplainedPrice, Explanation } from '../model/price-messages.js';
import styles from './prices-page.module.css';
import { ReadFault } from './read-fault.js';

/** What the panel shows. */
export interface ExplainPanelProps {
  readonly view: PriceView;
  readonly setView: SetPriceView;
  readonly clock: Clock;
  readonly nowS: number;
}

/** Why a node or a machine costs what it does: what was tried, in order, and what came of it. */
export function ExplainPanel({ view, setView, clock, nowS }: ExplainPanelProps): ReactNode {
  const url = explainUrl(view);
  const answer = useAnswer<Explanation>(url);
  if (url === undefined) return null;
  const { node, cluster, type, region, zone } = view;
  const what = node === '' ? `${type} in ${zone || region}` : [cluster, node].filter(Boolean).join(' / ');
  return (
    <section className={styles.panel} aria-labelledby="why">
      <h2 id="why" className={styles.title}>
        Why <span className="mono">{what}</span> costs what it does
        <button type="button" className={styles.close} onClick={() => void setView(explainsNothing)}>
          Close
        </button>
      </h2>
      <ReadFault what="The explanation" answer={answer} />
      {(answer.value?.prices ?? []).map((price, at) => (
        <Price key={at} price={price} clock={clock} nowS={nowS} isNode={node !== ''} />
      ))}
    </section>
  );
}

function Price({
  price,
  clock,
  nowS,
  isNode,
}: {
  readonly price: ExplainedPrice;
  readonly clock: Clock;
  readonly nowS: number;
  readonly isNode: boolean;
}): ReactNode {
  return (
    <div className={styles.explained}>
      <p>
        <Amount price={price} />{' '}
        {isNode && <span className="muted">{since(price.effectiveFromS, clock, nowS)}</span>}
      </p>
      <p className={styles.note}>
        {[
          price.source,
          price.sourceVersion,
          price.sku && `SKU ${price.sku}`,
          price.catalogueVersion > 0 && `catalogue version ${price.catalogueVersion}`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <ol className={styles.chain}>
        {price.explanation.map((line, at) => (
          <li key={at}>{line}</li>
        ))}
      </ol>
    </div>
  );
}

function Amount({ price }: { readonly price: ExplainedPrice }): ReactNode {
  if (price.price === '') return <strong className={styles.warn}>unpriced</strong>;
  const symbol = currencySymbol(price.currency);
  return (
    <>
      <strong className={styles.amount}>
        {symbol}
        {price.price}
      </strong>{' '}
      per hour
      {price.listPrice !== price.price && price.listPrice !== '' && `, list ${symbol}${price.listPrice}`}
    </>
  );
}

function since(fromS: number, clock: Clock, nowS: number): string {
  if (fromS === 0) return 'from its first second';
  const at = `${clock.dateTime(fromS)} ${clock.zoneName(fromS)}`;
  return nowS !== 0 && fromS > nowS ? `takes effect ${at}` : `since ${at}`;
}
