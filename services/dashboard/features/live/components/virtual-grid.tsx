'use client';

import { useWindowVirtualizer } from '@tanstack/react-virtual';
import {
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import styles from './virtual-grid.module.css';

/** A column of a grid. */
export interface GridColumn<Row> {
  readonly id: string;
  readonly title: string;
  readonly className?: string | undefined;
  /** Present where the grid can be sorted by it. */
  readonly sort?: { readonly direction: 'asc' | 'desc' | undefined; readonly toggle: () => void };
  readonly render: (row: Row) => ReactNode;
}

/** What a grid shows. */
export interface VirtualGridProps<Row> {
  readonly label: string;
  readonly columns: readonly GridColumn<Row>[];
  /** Class that sets `grid-template-columns` for rows and head. */
  readonly layout: string | undefined;
  readonly rowCount: number;
  readonly rowAt: (index: number) => Row | undefined;
  readonly onSight: (first: number, last: number) => void;
  readonly onOpen?: ((row: Row) => void) | undefined;
  readonly onLeave?: (() => void) | undefined;
  /** A row's text for the clipboard, every digit. */
  readonly toText?: (row: Row) => string;
  readonly busy: boolean;
}

const ROW_PX = 32;

/**
 * A grid of any number of rows in which only those in sight exist. One tab stop: arrows, Page Up and Down, Home and
 * End move, Enter opens, Escape leaves (https://www.w3.org/WAI/ARIA/apg/patterns/grid/).
 */
export function VirtualGrid<Row>(props: VirtualGridProps<Row>): ReactNode {
  const id = useId();
  const body = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const margin = useDistanceFromTop(body);
  const { rowCount, onSight } = props;
  const virtual = useWindowVirtualizer({
    count: rowCount,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: margin,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 30;

  useEffect(() => onSight(first, last), [onSight, first, last]);

  const current = Math.min(active, Math.max(0, rowCount - 1));
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.target instanceof HTMLElement && event.target.closest('[role=columnheader]')) return;
    if (copyRow(event, props, current)) return;
    const next = nextRow(event.key, current, rowCount);
    if (next !== undefined) {
      event.preventDefault();
      setActive(next);
      virtual.scrollToIndex(next, { align: 'auto' });
    } else {
      openOrLeave(event, props, current);
    }
  };

  return (
    <div
      className={styles.grid}
      role="grid"
      aria-label={props.label}
      aria-rowcount={rowCount + 1}
      aria-busy={props.busy}
      aria-activedescendant={rowCount > 0 ? `${id}-${current}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <GridHead columns={props.columns} layout={props.layout} />
      <div ref={body} role="rowgroup" className={styles.body} {...heightOf(virtual.getTotalSize())}>
        {items.map((item) => (
          <GridRow
            key={item.key}
            id={`${id}-${item.index}`}
            index={item.index}
            top={item.start - margin}
            active={item.index === current}
            row={props.rowAt(item.index)}
            grid={props}
            onActive={setActive}
          />
        ))}
      </div>
    </div>
  );
}

/** Pixels from the page's top to the element; what stands above it changes its height now and then. */
function useDistanceFromTop(element: RefObject<HTMLElement | null>): number {
  const [distance, setDistance] = useState(0);
  useLayoutEffect(() => {
    const measure = (): void =>
      setDistance(Math.round((element.current?.getBoundingClientRect().top ?? 0) + window.scrollY));
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(document.body);
    return () => sizes.disconnect();
  }, [element]);
  return distance;
}

function GridHead<Row>(props: Pick<VirtualGridProps<Row>, 'columns' | 'layout'>): ReactNode {
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={`${styles.headRow} ${props.layout}`}>
        {props.columns.map((column) => (
          <div
            key={column.id}
            role="columnheader"
            className={`${styles.cell} ${column.className ?? ''}`}
            aria-sort={ariaSort(column)}
          >
            <HeadTitle column={column} />
          </div>
        ))}
      </div>
    </div>
  );
}

function HeadTitle<Row>({ column }: { readonly column: GridColumn<Row> }): ReactNode {
  const { sort } = column;
  if (sort === undefined) return column.title;
  return (
    <button type="button" className={styles.sort} onClick={sort.toggle}>
      {column.title}
      <svg
        className={styles.arrow}
        viewBox="0 0 8 8"
        aria-hidden="true"
        data-direction={sort.direction ?? 'none'}
      >
        <path d="M1.5 3 4 5.5 6.5 3" fill="none" stroke="currentColor" strokeWidth="1.4" />
      </svg>
    </button>
  );
}

interface GridRowProps<Row> {
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly active: boolean;
  readonly row: Row | undefined;
  readonly grid: VirtualGridProps<Row>;
  readonly onActive: (index: number) => void;
}

function GridRow<Row>({ id, index, top, active, row, grid, onActive }: GridRowProps<Row>): ReactNode {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={active}
      className={`${styles.row} ${grid.layout} ${grid.onOpen ? styles.opens : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => {
        onActive(index);
        if (row !== undefined && isPlainClick(event)) grid.onOpen?.(row);
      }}
    >
      {grid.columns.map((column) => (
        <div key={column.id} role="gridcell" className={`${styles.cell} ${column.className ?? ''}`}>
          {row === undefined ? <span className={styles.blank} /> : column.render(row)}
        </div>
      ))}
    </div>
  );
}

/** Not rendered on the server, where the site's policy would refuse a style attribute. */
function heightOf(px: number): { readonly style?: { readonly height: number } } {
  return typeof window === 'undefined' ? {} : { style: { height: px } };
}

function ariaSort<Row>({ sort }: GridColumn<Row>): 'ascending' | 'descending' | 'none' | undefined {
  if (sort === undefined) return undefined;
  return sort.direction === undefined ? 'none' : sort.direction === 'asc' ? 'ascending' : 'descending';
}

function nextRow(key: string, current: number, count: number): number | undefined {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };
  if (key === 'Home') return 0;
  if (key === 'End') return Math.max(0, count - 1);
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(count - 1, current + step));
}

function openOrLeave<Row>(event: KeyboardEvent, grid: VirtualGridProps<Row>, current: number): void {
  const row = grid.rowAt(current);
  if (event.key === 'Enter' && row !== undefined && grid.onOpen !== undefined) {
    event.preventDefault();
    grid.onOpen(row);
  }
  if ((event.key === 'Escape' || event.key === 'Backspace') && grid.onLeave !== undefined) {
    event.preventDefault();
    grid.onLeave();
  }
}

/** ⌘C on a row, where nothing is selected, copies the row with every digit. */
function copyRow<Row>(event: KeyboardEvent, grid: VirtualGridProps<Row>, current: number): boolean {
  const row = grid.rowAt(current);
  const asked =
    event.key === 'c' && (event.metaKey || event.ctrlKey) && window.getSelection()?.isCollapsed !== false;
  if (!asked || row === undefined || grid.toText === undefined) return false;
  event.preventDefault();
  void navigator.clipboard?.writeText(grid.toText(row));
  return true;
}

function isPlainClick(event: React.MouseEvent): boolean {
  if (event.metaKey || event.ctrlKey || event.shiftKey || window.getSelection()?.isCollapsed === false)
    return false;
  event.preventDefault();
  return true;
}
