'use client';

import { lazy, Suspense, useState, type ReactNode, type RefObject } from 'react';
import { budgetHref } from '../../budgets/hooks/use-budget-view.js';
import { TopBar } from '../../view/components/top-bar.js';
import { useShortcuts } from '../../view/hooks/use-shortcuts.js';
import { whereHref } from '../../view/hooks/use-view.js';
import type { PageName } from '../../view/model/pages.js';
import { pageActions, type Command } from '../model/command.js';
import type { CostPlace, Place } from '../model/places.js';

const loadPalette = (): Promise<typeof import('./command-palette.js')> => import('./command-palette.js');
const CommandPalette = lazy(async () => ({ default: (await loadPalette()).CommandPalette }));

/** What a page tells its bar. */
export interface PageBarProps {
  readonly page: PageName;
  /** What this page can do besides going elsewhere. @default - nothing */
  readonly actions?: readonly Command[];
  /** Looks into something without leaving the page. @default - goes to the live page */
  readonly onCost?: (place: CostPlace) => void;
  /** What `/` goes to. @default - the page has no search */
  readonly search?: RefObject<HTMLInputElement | null>;
}

/** The bar of every page with its keys and the jump list behind it. */
export function PageBar({ page, actions = [], onCost, search }: PageBarProps): ReactNode {
  const [palette, setPalette] = useState<'never' | 'open' | 'closed'>('never');
  const [slashKey, setSlashKey] = useState(true);
  const jump = { onJump: (): void => setPalette('open'), onNear: (): void => void loadPalette() };
  useShortcuts({ onSearch: () => search?.current?.focus(), ...jump, slashKey });
  const go = (place: Place): void => {
    if (place.kind === 'policy') window.location.assign(budgetHref({ ...place, tz: 'local' }));
    else if (onCost === undefined) window.location.assign(whereHref(place.where));
    else onCost(place);
  };
  return (
    <>
      <TopBar page={page} {...jump} slashKey={slashKey} onSlashKey={setSlashKey} />
      {palette !== 'never' && (
        <Suspense>
          <CommandPalette
            open={palette === 'open'}
            onClose={() => setPalette('closed')}
            actions={[...actions, ...pageActions(page, (href) => window.location.assign(href))]}
            onPlace={go}
          />
        </Suspense>
      )}
    </>
  );
}
