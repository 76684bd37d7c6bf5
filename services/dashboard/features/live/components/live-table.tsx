'use client';

import type { ReactNode } from 'react';
import { lookInto, viewHref, type SetView, type View } from '../../view/hooks/use-view.js';
import type { Clock } from '../../view/model/time-format.js';
import { narrow, whereOf, type Where } from '../model/grouping.js';
import type { NodeRow, TopRow } from '../model/table-messages.js';
import { CostTable } from './cost-table.js';
import { NodeTable } from './node-table.js';
import { stepBack } from './scope-bar.js';

/** What the table's part of the page shows and does. */
export interface LiveTableProps {
  readonly view: View;
  readonly setView: SetView;
  readonly clock: Clock;
  readonly live: boolean;
}

/** The table of the view: costs, or nodes. */
export function LiveTable({ view, setView, clock, live }: LiveTableProps): ReactNode {
  const onLeave = view.where.length === 0 ? undefined : () => setView(stepBack(view, view.where.length - 1));
  if (view.rows === 'node') {
    const openNode = (node: NodeRow): void =>
      setView(lookInto(narrow(view.where, whereOf({ cluster: node.cluster, node: node.name }, 'node'))));
    return <NodeTable view={view} clock={clock} onOpen={openNode} onLeave={onLeave} />;
  }
  const whereIn = (row: TopRow): Where[] => narrow(view.where, whereOf(row.keys, view.rows));
  const hrefOf = (row: TopRow): string | undefined =>
    view.rows === 'container' ? undefined : viewHref(view, lookInto(whereIn(row)));
  return (
    <CostTable
      key={view.rows}
      view={view}
      setView={setView}
      live={live}
      hrefOf={hrefOf}
      onOpen={(row) => setView(lookInto(whereIn(row)))}
      onLeave={onLeave}
    />
  );
}
