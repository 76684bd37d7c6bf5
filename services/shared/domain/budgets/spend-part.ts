import type { Window } from '../windows/window.js';
import type { ScopePart } from './scope-index.js';
import { SpendCells } from './spend-cells.js';

/** A policy in one cluster and the period that runs there. */
export interface PartSpec extends ScopePart {
  /** Identity; of one policy and cluster. */
  readonly key: string;
  /** What is asked, as text: figures under another one are of no use. */
  readonly question: string;
  readonly period: Window;
  readonly includeIdle: boolean;
}

/** A {@link PartSpec} with what was spent. */
export interface SpendPart extends PartSpec {
  cells: SpendCells;
  /** False until the figures cover the whole period: they are not to be judged before. */
  ready: boolean;
  /** The figures are to be read again, and hold until then. */
  outdated: boolean;
}

/** A part whose figures are still to be read. */
function newPart(spec: PartSpec): SpendPart {
  return { ...spec, cells: new SpendCells(spec.period), ready: false, outdated: false };
}

/** The same question under another spec: its figures stay. */
function keepPart(before: SpendPart, spec: PartSpec): SpendPart {
  return { ...spec, cells: before.cells, ready: before.ready, outdated: before.outdated };
}

/** The same question in a later period, without figures of it. */
function nextPart(before: SpendPart, spec: PartSpec): SpendPart {
  const part = newPart(spec);
  part.cells.inherit(before.cells);
  return part;
}

/** A part under its spec of now; what was asked before in the same words keeps its figures. */
export function takeOver(before: SpendPart | undefined, spec: PartSpec): SpendPart {
  if (before?.question !== spec.question) return newPart(spec);
  return before.period.from === spec.period.from ? keepPart(before, spec) : nextPart(before, spec);
}

/** True for labels with the same keys and values. */
export function sameLabels(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
