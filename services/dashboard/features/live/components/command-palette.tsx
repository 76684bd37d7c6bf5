'use client';

import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { SetView, View } from '../../view/hooks/use-view.js';
import { keysOf, labelOf, whereOf, type TableLevel, type Where } from '../model/grouping.js';
import type { TopPage } from '../model/table-messages.js';
import styles from './command-palette.module.css';

/** What the list shows and does. */
export interface CommandPaletteProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly view: View;
  readonly setView: SetView;
  readonly onWhere: (where: Where[]) => void;
}

interface Command {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly run: () => void;
}

const LEVELS: readonly TableLevel[] = ['namespace', 'workload', 'pod'];
const TYPING_MS = 120;

/** Go anywhere: namespaces, workloads, pods by name, and what the page's buttons do. */
export function CommandPalette(props: CommandPaletteProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const found = useFound(text, props);
  const commands = [...found, ...actions(props).filter((command) => includes(command.label, text))];
  const current = Math.min(active, commands.length - 1);

  useEffect(() => {
    if (props.open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [props.open]);

  const choose = (command: Command | undefined): void => {
    if (command === undefined) return;
    command.run();
    setText('');
    setActive(0);
    props.onClose();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') choose(commands[current]);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    setActive((current + step + commands.length) % Math.max(1, commands.length));
  };

  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-label="Jump to"
      onClose={props.onClose}
      onClick={(event) => event.target === dialog.current && props.onClose()}
    >
      <PaletteInput
        listId={`${id}-list`}
        activeId={commands.length > 0 ? `${id}-${current}` : undefined}
        text={text}
        onText={(typed) => {
          setText(typed);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Results" className={styles.list}>
        {commands.map((command, at) => (
          <Option
            key={command.id}
            id={`${id}-${at}`}
            command={command}
            active={at === current}
            onChoose={() => choose(command)}
          />
        ))}
      </ul>
      {commands.length === 0 && <p className={styles.none}>Nothing of that name</p>}
    </dialog>
  );
}

interface PaletteInputProps {
  readonly listId: string;
  readonly activeId: string | undefined;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

function PaletteInput(props: PaletteInputProps): ReactNode {
  return (
    <input
      className={styles.input}
      role="combobox"
      aria-expanded="true"
      aria-controls={props.listId}
      aria-activedescendant={props.activeId}
      aria-label="Namespace, workload, pod or action"
      placeholder="Namespace, workload, pod or action"
      autoComplete="off"
      spellCheck={false}
      autoFocus
      value={props.text}
      onChange={(event) => props.onText(event.target.value)}
      onKeyDown={props.onKeyDown}
    />
  );
}

interface OptionProps {
  readonly id: string;
  readonly command: Command;
  readonly active: boolean;
  readonly onChoose: () => void;
}

function Option({ id, command, active, onChoose }: OptionProps): ReactNode {
  const element = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (active) element.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <li
      ref={element}
      id={id}
      role="option"
      aria-selected={active}
      className={styles.option}
      onClick={onChoose}
    >
      <span className={command.kind === 'action' ? styles.label : `${styles.label} mono`}>
        {command.label}
      </span>
      <span className={styles.kind}>{command.kind}</span>
    </li>
  );
}

function actions({ setView }: CommandPaletteProps): Command[] {
  const action = (label: string, run: () => void): Command => ({ id: label, kind: 'action', label, run });
  return [
    action('Show everything', () => setView({ where: null, rows: null, q: null, by: null })),
    action('Show nodes', () => setView({ where: null, rows: 'node', q: null })),
    action('Show pods', () => setView({ rows: 'pod' })),
    action('Group by namespace', () => setView({ by: 'namespace' })),
    action('Group by workload', () => setView({ by: 'workload' })),
    action('Group by node', () => setView({ by: 'node' })),
    action('Group by cluster', () => setView({ by: 'cluster' })),
    action('Last minute', () => setView({ range: '1m' })),
    action('Last 5 minutes', () => setView({ range: '5m' })),
    action('Last 15 minutes', () => setView({ range: '15m' })),
    action('Times in UTC', () => setView({ tz: 'utc' })),
    action('Times of this browser', () => setView({ tz: 'local' })),
  ];
}

function useFound(text: string, props: CommandPaletteProps): Command[] {
  const [found, setFound] = useState<{ readonly text: string; readonly commands: Command[] }>();
  const { open, onWhere } = props;
  const take = useRef(onWhere);
  useEffect(() => {
    take.current = onWhere;
  });
  useEffect(() => {
    if (!open || text === '') return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void Promise.all(LEVELS.map((level) => findNames(level, text, stop.signal)))
        .then((lists) => lists.flat().map((name) => toCommand(name, (where) => take.current(where))))
        .then((commands) => setFound({ text, commands }))
        // A search that fails leaves the actions; the page itself says that the server is away.
        .catch(() => setFound(undefined));
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [open, text]);
  return text === '' ? [] : (found?.commands ?? []).filter((command) => includes(command.label, text));
}

interface FoundName {
  readonly level: TableLevel;
  readonly label: string;
  readonly where: Where[];
}

async function findNames(level: TableLevel, text: string, signal: AbortSignal): Promise<FoundName[]> {
  const query = new URLSearchParams({ level, q: text, limit: '20' });
  const response = await fetch(`/api/top?${query}`, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const page = (await response.json()) as TopPage;
  return page.rows
    .filter((row) => includes(labelOf(row.keys, level), text))
    .slice(0, 5)
    .map((row) => ({
      level,
      label: keysOf(level)
        .slice(1)
        .map((key) => row.keys[key])
        .join(' / '),
      where: whereOf(row.keys, level),
    }));
}

function toCommand({ level, label, where }: FoundName, go: (where: Where[]) => void): Command {
  return { id: `${level} ${label} ${where[0]?.value}`, kind: level, label, run: () => go(where) };
}

function includes(label: string, text: string): boolean {
  return label.toLowerCase().includes(text.toLowerCase());
}
