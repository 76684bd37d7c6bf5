import type { MouseEvent, ReactNode, RefObject } from 'react';
import { Segmented } from '../../view/components/segmented.js';
import { lookInto, viewHref, type SetView, type View } from '../../view/hooks/use-view.js';
import type { TableLevel } from '../model/grouping.js';
import styles from './scope-bar.module.css';

/** What the bar shows and does. */
export interface ScopeBarProps {
  readonly view: View;
  readonly setView: SetView;
  readonly search: RefObject<HTMLInputElement | null>;
}

/** Where one is (each step can be gone back to), what the table lists, and the search. */
export function ScopeBar({ view, setView, search }: ScopeBarProps): ReactNode {
  return (
    <div className={styles.bar}>
      <Crumbs view={view} setView={setView} />
      <div className={styles.tools}>
        <Segmented
          label="Rows"
          value={view.rows}
          options={rowOptions(view)}
          onChange={(rows) => setView({ rows, sort: null, dir: null })}
        />
        <input
          ref={search}
          className={styles.search}
          type="search"
          aria-label="Search by name"
          aria-keyshortcuts="/"
          placeholder="Search"
          spellCheck={false}
          autoComplete="off"
          value={view.q}
          onChange={(event) => setView({ q: event.target.value || null }, { history: 'replace' })}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            if (view.q === '') event.currentTarget.blur();
            setView({ q: null }, { history: 'replace' });
          }}
        />
      </div>
    </div>
  );
}

function Crumbs({ view, setView }: Pick<ScopeBarProps, 'view' | 'setView'>): ReactNode {
  const go = (event: MouseEvent, count: number): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    setView(stepBack(view, count));
  };
  return (
    <nav aria-label="Scope">
      <ol className={styles.crumbs}>
        <li>
          <a href={viewHref(view, stepBack(view, 0))} onClick={(event) => go(event, 0)}>
            Everything
          </a>
        </li>
        {view.where.map((filter, at) => (
          <li key={filter.key}>
            <a
              className="mono"
              title={filter.key}
              href={viewHref(view, stepBack(view, at + 1))}
              onClick={(event) => go(event, at + 1)}
              aria-current={at === view.where.length - 1 ? 'location' : undefined}
            >
              {filter.value}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** The view with the first few filters only. */
export function stepBack(view: View, count: number): ReturnType<typeof lookInto> {
  const change = lookInto(view.where.slice(0, count));
  return count === 0 ? { ...change, by: null } : change;
}

function rowOptions(view: View): [TableLevel, string][] {
  const filtered = new Set(view.where.map((filter) => filter.key));
  const options: [TableLevel, string][] = [];
  if (!filtered.has('workload')) {
    if (!filtered.has('namespace')) options.push(['namespace', 'Namespaces']);
    options.push(['workload', 'Workloads']);
  }
  if (!filtered.has('pod')) options.push(['pod', 'Pods']);
  options.push(['container', 'Containers']);
  if (view.where.every((filter) => filter.key === 'cluster')) options.push(['node', 'Nodes']);
  return options;
}
