'use client';

import { useMemo, type ReactNode } from 'react';
import { formatSpan } from '../../money/model/quantity-format.js';
import type { View } from '../../view/hooks/use-view.js';
import type { Clock } from '../../view/model/time-format.js';
import { useNodes } from '../hooks/use-nodes.js';
import type { NodeRow } from '../model/table-messages.js';
import styles from './node-table.module.css';
import { TableMessage } from './table-message.js';
import { VirtualGrid, type GridColumn } from './virtual-grid.js';

/** What the table shows. */
export interface NodeTableProps {
  readonly view: View;
  readonly clock: Clock;
  readonly onOpen: (node: NodeRow) => void;
  readonly onLeave: (() => void) | undefined;
}

const SILENT_AFTER_S = 5;
const ignore = (): void => undefined;

/** Who reports and who does not, and at which price; those that need a person come first. */
export function NodeTable({ view, clock, onOpen, onLeave }: NodeTableProps): ReactNode {
  const { nodes, error, retry } = useNodes(true);
  const search = view.q.toLowerCase();
  const found = useMemo(
    () => (nodes ?? []).filter((node) => `${node.cluster} ${node.name}`.toLowerCase().includes(search)),
    [nodes, search],
  );
  const columns = useMemo(() => nodeColumns(clock), [clock]);
  const rows = { ready: nodes !== undefined, error, retry };
  return (
    <>
      <p className={styles.count} role="status">
        {nodes && summary(found)}
      </p>
      {(found.length === 0 || error !== undefined) && <TableMessage rows={rows} search={view.q} />}
      {found.length > 0 && (
        <VirtualGrid
          label="Nodes"
          columns={columns}
          layout={styles.layout}
          rowCount={found.length}
          rowAt={(index) => found[index]}
          onSight={ignore}
          onOpen={onOpen}
          onLeave={onLeave}
          busy={nodes === undefined}
        />
      )}
    </>
  );
}

function nodeColumns(clock: Clock): GridColumn<NodeRow>[] {
  return [
    {
      id: 'name',
      title: 'Node',
      render: (node) => (
        <>
          <span className="mono">{node.name}</span>
          <span className={styles.context}>{node.cluster}</span>
        </>
      ),
    },
    { id: 'price', title: 'Price per hour', className: styles.number, render: price },
    { id: 'priceSource', title: 'Price from', render: priceSource },
    { id: 'source', title: 'Measured by', render: (node) => node.source || '–' },
    { id: 'last', title: 'Last second', className: styles.number, render: (node) => lastSecond(node, clock) },
    { id: 'gaps', title: 'Gaps in 15 min', render: (node) => gaps(node, clock) },
  ];
}

function price(node: NodeRow): ReactNode {
  return node.pricePerHour === null ? (
    <strong className={styles.warn}>unpriced</strong>
  ) : (
    <span className="money">${node.pricePerHour}</span>
  );
}

/** Where the price is from, as a link to why. */
function priceSource(node: NodeRow): ReactNode {
  const href = `/prices?${new URLSearchParams({ cluster: node.cluster, node: node.name }).toString()}`;
  return (
    <a className={styles.why} href={href} onClick={(event) => event.stopPropagation()}>
      {node.priceSource || 'why unpriced'}
    </a>
  );
}

function lastSecond(node: NodeRow, clock: Clock): ReactNode {
  if (node.lastSecondS === 0) return <strong className={styles.warn}>never</strong>;
  const time = clock.time(node.lastSecondS);
  if (node.silentS <= SILENT_AFTER_S) return time;
  return <strong className={styles.warn}>silent for {formatSpan(node.silentS)}</strong>;
}

function gaps(node: NodeRow, clock: Clock): ReactNode {
  const newest = node.gaps[0];
  if (newest === undefined) return <span className="muted">none</span>;
  const more = node.gaps.length > 1 ? `, ${node.gaps.length - 1} more` : '';
  const span = `${clock.time(newest.fromS)}, ${formatSpan(newest.toS - newest.fromS)}`;
  return `${span}${newest.charged ? ', charged as unobserved' : ', not charged'}${more}`;
}

function summary(nodes: readonly NodeRow[]): string {
  const silent = nodes.filter((node) => node.silentS > SILENT_AFTER_S).length;
  const unpriced = nodes.filter((node) => node.pricePerHour === null).length;
  const parts = [`${nodes.length.toLocaleString('en-US')} node${nodes.length === 1 ? '' : 's'}`];
  if (silent > 0) parts.push(`${silent} silent`);
  if (unpriced > 0) parts.push(`${unpriced} unpriced: their time is not in any cost`);
  return parts.join(', ');
}
