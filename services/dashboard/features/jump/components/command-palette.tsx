'use client';

import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Command } from '../model/command.js';
import { findPlaces, includes, type Place } from '../model/places.js';
import styles from './command-palette.module.css';

/** What the list shows and does. */
export interface CommandPaletteProps {
  readonly open: boolean;
  readonly onClose: () => void;
  /** What the page can do. */
  readonly actions: readonly Command[];
  readonly onPlace: (place: Place) => void;
}

const TYPING_MS = 120;

/** Go anywhere: namespaces, workloads, pods and policies by name, other pages, and what the page's buttons do. */
export function CommandPalette(props: CommandPaletteProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const found = useFound(text, props);
  const commands = [...found, ...props.actions.filter((command) => includes(command.label, text))];
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
      aria-label="Namespace, workload, pod, policy or action"
      placeholder="Namespace, workload, pod, policy or action"
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

function useFound(text: string, props: CommandPaletteProps): Command[] {
  const [found, setFound] = useState<{ readonly text: string; readonly commands: Command[] }>();
  const { open, onPlace } = props;
  const take = useRef(onPlace);
  useEffect(() => {
    take.current = onPlace;
  });
  useEffect(() => {
    if (!open || text === '') return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void findPlaces(text, stop.signal)
        .then((places) => places.map((place) => toCommand(place, () => take.current(place))))
        .then((commands) => {
          if (!stop.signal.aborted) setFound({ text, commands });
        });
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [open, text]);
  return text === '' ? [] : (found?.commands ?? []).filter((command) => includes(command.label, text));
}

function toCommand(place: Place, run: () => void): Command {
  const cluster = place.kind === 'policy' ? place.cluster : place.where[0]?.value;
  return { id: `${place.kind} ${place.label} ${cluster}`, kind: place.kind, label: place.label, run };
}
