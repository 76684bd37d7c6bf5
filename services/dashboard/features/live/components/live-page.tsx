'use client';

import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { PageBar } from '../../jump/components/page-bar.js';
import { useExactCopy } from '../../money/components/use-exact-copy.js';
import { useNow } from '../../view/hooks/use-now.js';
import { useReducedMotion } from '../../view/hooks/use-reduced-motion.js';
import { lookInto, useView } from '../../view/hooks/use-view.js';
import { createClock } from '../../view/model/time-format.js';
import { useLive } from '../hooks/use-live.js';
import { tellingGrouping, toLiveScope, type Grouping } from '../model/grouping.js';
import { liveActions } from './live-actions.js';
import type { LiveWindow } from '../model/live-window.js';
import { EmptyState } from './empty-state.js';
import { Headline } from './headline.js';
import { LinkStrip } from './link-strip.js';
import { LiveChart } from './live-chart.js';
import styles from './live-page.module.css';
import { LiveTable } from './live-table.js';
import { ScopeBar } from './scope-bar.js';

/** A second older than this is stale. */
const STALE_AFTER_S = 6;
/** Without motion, figures change so seldom. */
const CALM_EVERY_MS = 10_000;

/** The live page: the rate, the last 15 minutes, the movers, the table. */
export function LivePage(): ReactNode {
  const [view, setView] = useView();
  const [paused, setPaused] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const [usual, setUsual] = useState<Grouping>('namespace');
  const by = view.by ?? usual;
  const scope = useMemo(() => toLiveScope(by, view.where), [by, view.where]);
  const everyMs = useReducedMotion() ? CALM_EVERY_MS : 0;
  const live = useLive({ ...scope, everyMs, paused });
  const nowS = useNow(!paused);
  const clock = useMemo(() => createClock(view.tz), [view.tz]);
  useExactCopy();
  useTelling(live.window, setUsual);

  const newest = live.window?.newestSecond ?? 0;
  const ageS = newest === 0 ? 0 : Math.max(0, nowS - newest);
  const stale = !paused && ageS > STALE_AFTER_S + everyMs / 1000;
  const isEmpty = live.link.kind === 'live' && live.window?.isEmpty === true && view.where.length === 0;

  return (
    <>
      <PageBar
        page="Live"
        actions={liveActions(setView)}
        onCost={({ where }) => setView(lookInto([...where]))}
        search={search}
      />
      <LinkStrip link={live.link} nowS={nowS} clock={clock} stale={stale} newestSecond={newest} />
      <main className={styles.main}>
        {isEmpty ? (
          <EmptyState />
        ) : (
          <>
            <Headline {...{ view, setView, clock, ageS, stale }} window={live.window} where={scope.where} />
            <LiveChart
              {...{ view, setView, scope, live, clock, nowS, paused }}
              onPause={setPaused}
              stale={stale}
            />
            <ScopeBar view={view} setView={setView} search={search} />
            <LiveTable view={view} setView={setView} clock={clock} live={!paused} />
          </>
        )}
      </main>
    </>
  );
}

/** Settles on the grouping that tells most, for as long as nobody chooses one. */
function useTelling(live: LiveWindow | undefined, settle: (by: Grouping) => void): void {
  const telling = live && tellingGrouping(live.snapshot);
  useEffect(() => {
    if (telling !== undefined) settle(telling);
  }, [telling, settle]);
}
