'use client';

import type { ReactNode, RefObject } from 'react';
import { currencySymbol } from '../../money/model/money-format.js';
import { useAnswer } from '../../view/hooks/use-answer.js';
import { explainsNothing, providers, type PriceView, type SetPriceView } from '../hooks/use-price-view.js';
import type { FoundPrices, ListPrice } from '../model/price-messages.js';
import styles from './prices-page.module.css';
import { ReadFault } from './read-fault.js';

/** What the search shows. */
export interface PriceSearchProps {
  readonly view: PriceView;
  readonly setView: SetPriceView;
  readonly input: RefObject<HTMLInputElement | null>;
}

/** Prices in force by a part of their name or SKU. */
export function PriceSearch({ view, setView, input }: PriceSearchProps): ReactNode {
  const { q, provider } = view;
  const url = q === '' ? undefined : `/api/prices/search?${new URLSearchParams({ q, provider }).toString()}`;
  const found = useAnswer<FoundPrices>(url);
  return (
    <section aria-labelledby="search">
      <h2 id="search" className={styles.title}>
        Find a price
      </h2>
      <form className={styles.search} role="search" onSubmit={(event) => event.preventDefault()}>
        <input
          ref={input}
          type="search"
          className={styles.field}
          aria-label="Name or SKU"
          placeholder="m5.large, gp3, Standard_D4s_v5, a SKU"
          maxLength={100}
          value={q}
          onChange={({ target }) => void setView({ q: target.value || null }, { history: 'replace' })}
        />
        <select
          className={styles.field}
          aria-label="Cloud"
          value={provider}
          onChange={({ target }) =>
            void setView({ provider: providers.find((one) => one === target.value) ?? null })
          }
        >
          {providers.map((one) => (
            <option key={one} value={one}>
              {one === '' ? 'All clouds' : one}
            </option>
          ))}
        </select>
      </form>
      <ReadFault what="Prices" answer={found} />
      <p className={styles.note} role="status">
        {found.value && summary(found.value, q)}
      </p>
      {found.value !== undefined && found.value.prices.length > 0 && (
        <PriceTable prices={found.value.prices} setView={setView} />
      )}
    </section>
  );
}

function summary({ prices, truncated }: FoundPrices, text: string): string {
  if (prices.length === 0) return `No source lists “${text}”.`;
  return truncated ? `The first ${prices.length}; type more to narrow it down.` : `${prices.length} found`;
}

function PriceTable({
  prices,
  setView,
}: {
  readonly prices: readonly ListPrice[];
  readonly setView: SetPriceView;
}): ReactNode {
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Prices found">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Where</th>
            <th scope="col">For</th>
            <th scope="col" className={styles.number}>
              Price
            </th>
            <th scope="col">Per</th>
            <th scope="col">From</th>
            <th scope="col">SKU</th>
          </tr>
        </thead>
        <tbody>
          {prices.map((price, at) => (
            <tr key={at}>
              <th scope="row" className="mono">
                <Name price={price} setView={setView} />
              </th>
              <td>{[price.provider, price.zone || price.region].join(' ')}</td>
              <td>{[price.resource, price.os, price.purchaseModel].filter(Boolean).join(', ')}</td>
              <td className={styles.number}>
                {price.conflict === '' ? (
                  `${currencySymbol(price.currency)}${price.price}`
                ) : (
                  <strong className={styles.warn} title={price.conflict}>
                    contradicted
                  </strong>
                )}
              </td>
              <td>{price.unit}</td>
              <td>{price.source}</td>
              <td className={styles.long}>{price.sku}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A machine's name asks for its explanation. */
function Name({ price, setView }: { readonly price: ListPrice; readonly setView: SetPriceView }): ReactNode {
  const isMachine = price.resource === 'instance' && ['on-demand', 'spot'].includes(price.purchaseModel);
  if (!isMachine) return price.name;
  const explain = (): void =>
    void setView({
      ...explainsNothing,
      of: providers.find((one) => one === price.provider) ?? null,
      type: price.name,
      region: price.region,
      zone: price.zone || null,
      os: price.os || null,
      model: price.purchaseModel,
    });
  return (
    <button type="button" className={styles.link} onClick={explain} aria-label={`Explain ${price.name}`}>
      {price.name}
    </button>
  );
}
