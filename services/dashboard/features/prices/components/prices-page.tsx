'use client';

import { useMemo, useRef, type ReactNode } from 'react';
import { PageBar } from '../../jump/components/page-bar.js';
import { useNow } from '../../view/hooks/use-now.js';
import { createClock } from '../../view/model/time-format.js';
import { useAnswer } from '../../view/hooks/use-answer.js';
import { usePriceView } from '../hooks/use-price-view.js';
import type { Catalogue, PriceChanges } from '../model/price-messages.js';
import { CatalogueAge } from './catalogue-age.js';
import { ChangeTable } from './change-table.js';
import { ExplainPanel } from './explain-panel.js';
import { PriceSearch } from './price-search.js';
import styles from './prices-page.module.css';
import { QuarantineList } from './quarantine-list.js';
import { ReadFault } from './read-fault.js';

const REFRESH_MS = 30_000;

/** The prices page: how old prices are, what waits for a person, why something costs what it does, what changed. */
export function PricesPage(): ReactNode {
  const [view, setView] = usePriceView();
  const search = useRef<HTMLInputElement>(null);
  const catalogue = useAnswer<Catalogue>('/api/prices/catalogue', REFRESH_MS);
  const changes = useAnswer<PriceChanges>('/api/prices/changes', REFRESH_MS);
  const nowS = useNow(true);
  const clock = useMemo(() => createClock(view.tz), [view.tz]);
  return (
    <>
      <PageBar page="Prices" search={search} />
      <main className={styles.main}>
        <h1 className="visually-hidden">Prices</h1>
        <ReadFault what="The catalogue" answer={catalogue} />
        <QuarantineList parts={catalogue.value?.quarantined ?? []} clock={clock} />
        <ExplainPanel view={view} setView={setView} clock={clock} nowS={nowS} />
        <PriceSearch view={view} setView={setView} input={search} />
        <CatalogueAge catalogue={catalogue.value} clock={clock} nowS={nowS} />
        <ReadFault what="What changed" answer={changes} />
        <ChangeTable changes={changes.value} />
      </main>
    </>
  );
}
