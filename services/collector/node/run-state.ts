import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What survives a restart of the collector. */
interface RunState {
  readonly incarnation: number;
  readonly sealedThrough: number;
}

const fileName = 'collector.json';

/**
 * Identity of this run of the collector and the last second it sealed, kept in a file where there is a folder for it.
 * Without one a restart still gets a larger incarnation, unless the clock was set back meanwhile; the hub's welcome
 * then says which seconds are taken.
 */
export class RunStateFile {
  readonly incarnation: number;
  readonly sealedThroughBefore: number;

  /** `nowMs` is the wall clock. The file is written at once, so that a crash cannot repeat the incarnation. */
  constructor(
    private readonly folder: string | undefined,
    nowMs: number,
  ) {
    const before = folder === undefined ? undefined : tryReadState(join(folder, fileName));
    this.incarnation = Math.max(Math.floor(nowMs), (before?.incarnation ?? 0) + 1);
    this.sealedThroughBefore = before?.sealedThrough ?? 0;
    if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.save(this.sealedThroughBefore);
  }

  /** Notes the last sealed second; atomic. */
  save(sealedThrough: number): void {
    if (this.folder === undefined) return;
    const path = join(this.folder, fileName);
    const state: RunState = { incarnation: this.incarnation, sealedThrough };
    writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

/** A missing or damaged file counts as none: the incarnation then comes from the clock. */
function tryReadState(path: string): RunState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [, incarnation] = /"incarnation":(\d+)/.exec(text) ?? [];
  const [, sealedThrough] = /"sealedThrough":(\d+)/.exec(text) ?? [];
  if (incarnation === undefined || sealedThrough === undefined) return undefined;
  return { incarnation: Number(incarnation), sealedThrough: Number(sealedThrough) };
}
