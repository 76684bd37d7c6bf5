import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PricingError } from '../errors.js';
import {
  scopeOf,
  type AcceptanceEntry,
  type CatalogueChange,
  type CatalogueItem,
  type CatalogueStore,
  type NewPart,
  type PartFacts,
  type QuarantineEntry,
  type StoredPart,
} from '../catalogue-store.js';
import { inputFile } from '../stream/input.js';
import { withFolderLock } from './folder-lock.js';
import { compressLines, digestOf, PartLines, readLines } from './part-file.js';

/** A state of a part: one file, never changed once written. */
export interface PartVersion extends PartFacts {
  readonly version: number;
  readonly file: string;
  readonly rows: number;
}

/** A version of the catalogue: every part with its history, oldest first. */
export interface Manifest {
  readonly format: 1;
  readonly version: number;
  readonly createdAt: string;
  readonly parts: Readonly<Record<string, readonly PartVersion[]>>;
  readonly quarantine: readonly QuarantineEntry[];
  /** What people let through, oldest first, with the version that it went live with. */
  readonly acceptances?: readonly (AcceptanceEntry & { readonly version: number })[];
}

const EMPTY: Manifest = { format: 1, version: 0, createdAt: '', parts: {}, quarantine: [] };
const HISTORY_PER_PART = 400;
const CURRENT = 'CURRENT';
const PART_NAME = /^([0-9a-f]{64})\.ndjson\.gz$/;

function failed(what: string, cause: unknown): PricingError {
  const code = (cause as NodeJS.ErrnoException).code;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const remedy = full
    ? 'free space and run the refresh again, the version before stays in force'
    : 'check the folder and its rights';
  return new PricingError(full ? 'DISK' : 'CATALOGUE', `cannot ${what}: ${remedy}`, { cause });
}

/** Writes a file so that its name never stands for half of it: another name first, then one rename, both on disk. */
async function writeWhole(folder: string, name: string, bytes: Buffer): Promise<void> {
  const temporary = join(folder, `.${name}.${String(process.pid)}.tmp`);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    await rm(temporary, { force: true });
    throw failed(`write ${join(folder, name)}`, cause);
  }
}

/**
 * A catalogue in a folder. `CURRENT` names the manifest in force; manifests and parts are written once under names of
 * their own and never changed, so a reader needs no lock and a kill at any moment leaves the version before.
 */
export class FolderStore implements CatalogueStore {
  constructor(readonly folder: string) {}

  /** The manifest in force; an empty one when the folder holds no catalogue yet. @throws PricingError CATALOGUE */
  async manifest(): Promise<Manifest> {
    let name: string;
    try {
      name = (await readFile(join(this.folder, CURRENT), 'utf8')).trim();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
      throw failed(`read the catalogue ${this.folder}`, cause);
    }
    try {
      const manifest = JSON.parse(
        await readFile(join(this.folder, 'versions', `${name}.json`), 'utf8'),
      ) as Manifest;
      if (manifest.format !== 1) throw new RangeError(`format ${String(manifest.format)}`);
      return manifest;
    } catch (cause) {
      throw new PricingError(
        'CATALOGUE',
        `the catalogue ${this.folder} names version ${name}, which cannot be read: refresh into a new folder`,
        { cause },
      );
    }
  }

  /** Items of one state of a part. @throws PricingError CATALOGUE when the file is not what was written */
  async readItems(part: PartVersion): Promise<readonly CatalogueItem[]> {
    try {
      const digest = PART_NAME.exec(part.file)?.[1];
      if (digest === undefined) throw new RangeError(`name ${part.file}`);
      return await readLines(inputFile(join(this.folder, 'parts', part.file)), digest);
    } catch (cause) {
      throw new PricingError(
        'CATALOGUE',
        `part ${part.key} of the catalogue ${this.folder} is damaged: refresh ${part.source} into a new folder`,
        { cause },
      );
    }
  }

  async readPart(key: string): Promise<StoredPart | undefined> {
    const newest = (await this.manifest()).parts[key]?.at(-1);
    return newest === undefined ? undefined : { facts: newest, items: await this.readItems(newest) };
  }

  /** The newest state of every part. */
  async *parts(): AsyncGenerator<StoredPart> {
    for (const history of Object.values((await this.manifest()).parts)) {
      const newest = history.at(-1);
      if (newest !== undefined) yield { facts: newest, items: await this.readItems(newest) };
    }
  }

  async commit(change: CatalogueChange): Promise<number> {
    try {
      await mkdir(join(this.folder, 'parts'), { recursive: true });
      await mkdir(join(this.folder, 'versions'), { recursive: true });
    } catch (cause) {
      throw failed(`make the folder ${this.folder}`, cause);
    }
    const before = await this.manifest();
    const version = before.version + 1;
    const parts: Record<string, readonly PartVersion[]> = { ...before.parts };
    for (const part of change.parts) {
      const written = await this.#writePart(part, version);
      parts[part.facts.key] = [...(parts[part.facts.key] ?? []), written].slice(-HISTORY_PER_PART);
    }
    const scopes = change.parts.map(scopeOf);
    const others = before.quarantine.filter(
      (entry) =>
        !scopes.some(
          ({ source, region }) => source === entry.source && (region === null || region === entry.region),
        ),
    );
    const manifest: Manifest = {
      format: 1,
      version,
      createdAt: change.createdAt,
      parts,
      quarantine: [...others, ...change.quarantine],
      acceptances: [
        ...(before.acceptances ?? []),
        ...(change.acceptances ?? []).map((one) => ({ ...one, version })),
      ],
    };
    const name = String(version).padStart(8, '0');
    await writeWhole(
      join(this.folder, 'versions'),
      `${name}.json`,
      Buffer.from(`${JSON.stringify(manifest)}\n`),
    );
    await writeWhole(this.folder, CURRENT, Buffer.from(`${name}\n`));
    return version;
  }

  async #writePart(part: NewPart, version: number): Promise<PartVersion> {
    const lines = new PartLines(part.items);
    const name = `${digestOf(lines)}.ndjson.gz`;
    await writeWhole(join(this.folder, 'parts'), name, await compressLines(lines));
    return { ...part.facts, version, file: name, rows: part.items.length };
  }

  /**
   * Runs `work` as the folder's only writer and then removes what no version in force names (left by a killed run).
   * @throws PricingError CATALOGUE_BUSY when another run holds the folder
   */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    return withFolderLock(this.folder, async () => {
      await this.#sweep();
      return work();
    });
  }

  async #sweep(): Promise<void> {
    const { parts } = await this.manifest();
    const named = new Set(Object.values(parts).flatMap((history) => history.map(({ file }) => file)));
    const folder = join(this.folder, 'parts');
    let files: string[];
    try {
      files = await readdir(folder);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw failed(`read ${folder}`, cause);
    }
    for (const file of files) if (!named.has(file)) await rm(join(folder, file), { force: true });
  }
}
