import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeForUser } from '@kubehero/runtime';

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

  #isFailing = false;

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

  /**
   * Notes the last sealed second; atomic.
   *
   * @throws Node's error where the disk does not take it; the file from before stays
   */
  save(sealedThrough: number): void {
    if (this.folder === undefined) return;
    const path = join(this.folder, fileName);
    const state: RunState = { incarnation: this.incarnation, sealedThrough };
    writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /**
   * The same while seconds are measured: a disk that does not take the file must not end the collector, whose buffer
   * holds what nobody else has. What the file does not say the hub's welcome says.
   */
  trySave(sealedThrough: number, onNotice: (sentence: string) => void): void {
    try {
      this.save(sealedThrough);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        onNotice(`cannot note the last second, measuring goes on: ${describeForUser(error)}`);
      this.#isFailing = true;
    }
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
