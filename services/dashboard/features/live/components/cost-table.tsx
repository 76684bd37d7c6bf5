'use client';

import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { AlignedRate, Cost } from '../../money/components/money.js';
import { exactDecimal, parsePico, SECONDS_PER_MONTH } from '../../money/model/money-format.js';
import { formatByteRate, formatBytes, formatCores } from '../../money/model/quantity-format.js';
import type { SetView, View } from '../../view/hooks/use-view.js';
import { useTopRows, type TopRows } from '../hooks/use-top-rows.js';
import { keysOf, labelOf, type TableLevel } from '../model/grouping.js';
import type { SortKey, TopRow } from '../model/table-messages.js';
import styles from './cost-table.module.css';
import { TableMessage } from './table-message.js';
import { VirtualGrid, type GridColumn } from './virtual-grid.js';

/** What the table shows. */
export interface CostTableProps {
  readonly view: View;
  readonly setView: SetView;
  readonly live: boolean;
  /** Where a row leads; undefined: nowhere further. */
  readonly hrefOf: (row: TopRow) => string | undefined;
  readonly onOpen: (row: TopRow) => void;
  readonly onLeave: (() => void) | undefined;
}

/** The most expensive things now. */
export function CostTable(props: CostTableProps): ReactNode {
  const { view, onOpen } = props;
  const [sight, setSight] = useState({ first: 0, last: 30 });
  const onSight = useCallback((first: number, last: number) => setSight({ first, last }), []);
  const rows = useTopRows(view, sight, props.live);
  const columns = useColumns(props, rows.currency);
  const shown = rows.totalRows > 0;
  return (
    <>
      <p className={styles.count} role="status">
        {countText(rows, view)}
      </p>
      {!shown && <TableMessage rows={rows} search={view.q} />}
      {shown && rows.error !== undefined && <TableMessage rows={rows} search={view.q} />}
      {shown && (
        <VirtualGrid
          label={`Most expensive ${view.rows}s`}
          columns={columns}
          layout={styles.layout}
          rowCount={rows.totalRows}
          rowAt={rows.rowAt}
          onSight={onSight}
          onOpen={view.rows === 'container' ? undefined : onOpen}
          onLeave={props.onLeave}
          toText={(row) => rowText(row, view.rows, rows.currency)}
          busy={!rows.ready}
        />
      )}
    </>
  );
}

function useColumns(props: CostTableProps, currency: string): GridColumn<TopRow>[] {
  const { view, setView, hrefOf } = props;
  return useMemo(() => {
    const sort = (key: SortKey): NonNullable<GridColumn<TopRow>['sort']> => ({
      direction: view.sort === key ? view.dir : undefined,
      toggle: () => setView(nextSort(view, key)),
    });
    const number = styles.number;
    return [
      {
        id: 'name',
        title: title(view.rows),
        sort: sort('name'),
        render: (row) => name(row, view, hrefOf(row)),
      },
      {
        id: 'cost',
        title: `Cost, ${currency} /s`,
        className: styles.cost,
        sort: sort('cost'),
        render: (row) => <AlignedRate pico={parsePico(row.cost)} currency={currency} />,
      },
      {
        id: 'month',
        title: '≈ per month',
        className: styles.month,
        render: (row) => <Cost pico={parsePico(row.cost) * SECONDS_PER_MONTH} currency={currency} />,
      },
      {
        id: 'cpu',
        title: 'CPU, cores',
        className: number,
        sort: sort('cpu'),
        render: (row) => formatCores(row.cpuCores),
      },
      {
        id: 'memory',
        title: 'Memory',
        className: number,
        sort: sort('memory'),
        render: (row) => formatBytes(row.memoryBytes),
      },
      {
        id: 'network',
        title: 'Network',
        className: number,
        sort: sort('network'),
        render: (row) => formatByteRate(row.networkBytesPerSecond),
      },
    ];
    // hrefOf is made anew with each view and depends on nothing else.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [view, currency]);
}

function name(row: TopRow, view: View, href: string | undefined): ReactNode {
  const level = view.rows;
  const label = labelOf(row.keys, level);
  const known = new Set<string>(['cluster', level, ...view.where.map((filter) => filter.key)]);
  const context = keysOf(level)
    .filter((key) => !known.has(key) && (key !== 'workload' || level === 'pod'))
    .map((key) => row.keys[key])
    .filter(Boolean)
    .join(' / ');
  return (
    <>
      {href === undefined ? (
        <span className="mono">{label}</span>
      ) : (
        <a className="mono" href={href} tabIndex={-1}>
          {label}
        </a>
      )}
      {context !== '' && <span className={styles.context}>{context}</span>}
    </>
  );
}

function title(level: TableLevel): string {
  return `${level.charAt(0).toUpperCase()}${level.slice(1)}`;
}

function nextSort(view: View, key: SortKey): { sort: SortKey; dir: 'asc' | 'desc' } {
  const natural = key === 'name' ? 'asc' : 'desc';
  if (view.sort !== key) return { sort: key, dir: natural };
  return { sort: key, dir: view.dir === 'asc' ? 'desc' : 'asc' };
}

function countText(rows: TopRows, view: View): string {
  if (!rows.ready) return '';
  const count = rows.totalRows.toLocaleString('en-US');
  const span = rows.window === undefined ? '' : `, mean of ${rows.window.toS - rows.window.fromS} s`;
  return `${count} ${view.rows}${rows.totalRows === 1 ? '' : 's'}${span}`;
}

function rowText(row: TopRow, level: TableLevel, currency: string): string {
  const names = Object.values(row.keys).join('/');
  return [
    names,
    level,
    `${exactDecimal(parsePico(row.cost))} ${currency}/s`,
    row.cpuCores,
    row.memoryBytes,
  ].join('\t');
}
