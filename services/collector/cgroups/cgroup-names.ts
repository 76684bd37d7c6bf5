import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A cgroup of which the path is known. */
export interface NamedCgroup {
  readonly id: number;
  readonly parentId: number;
  readonly path: string;
}

/** Paths of the cgroups of one hierarchy by id: from events where there are any, else from a scan of directories. */
export class CgroupNames {
  private readonly byId = new Map<number, NamedCgroup>();

  constructor(private readonly root: string) {}

  /** Path of a cgroup from the root of the tree, or undefined. */
  tryFind(id: number): NamedCgroup | undefined {
    return this.byId.get(id);
  }

  /** Notes a cgroup by its name; undefined if its parent is unknown (a scan then finds both). */
  add(id: number, parentId: number, name: string): NamedCgroup | undefined {
    const parent = this.byId.get(parentId);
    if (parent === undefined) return undefined;
    const named = { id, parentId, path: parent.path === '/' ? `/${name}` : `${parent.path}/${name}` };
    this.byId.set(id, named);
    return named;
  }

  /** Forgets a cgroup that is gone. */
  remove(id: number): void {
    this.byId.delete(id);
  }

  /** Forgets everything but what `keep` says. */
  retain(keep: (id: number) => boolean): void {
    for (const id of this.byId.keys()) {
      if (!keep(id)) this.byId.delete(id);
    }
  }

  /** How many paths are known. */
  get size(): number {
    return this.byId.size;
  }

  /**
   * Reads all directories and returns the cgroups that were unknown, parents first. Cost: about 8 us a cgroup.
   */
  scan(): NamedCgroup[] {
    const found: NamedCgroup[] = [];
    this.visit({ directory: this.root, path: '/', parentId: 0 }, found);
    return found;
  }

  private visit(at: { directory: string; path: string; parentId: number }, found: NamedCgroup[]): void {
    const id = tryReadId(at.directory);
    if (id === undefined) return;
    if (this.byId.get(id)?.path !== at.path) {
      const named = { id, parentId: at.parentId, path: at.path };
      this.byId.set(id, named);
      found.push(named);
    }
    for (const name of readChildren(at.directory)) {
      const path = at.path === '/' ? `/${name}` : `${at.path}/${name}`;
      this.visit({ directory: join(at.directory, name), path, parentId: id }, found);
    }
  }
}

/** Id of the cgroup of a directory (its inode number), undefined if it is gone. */
export function tryReadId(directory: string): number | undefined {
  return statSync(directory, { throwIfNoEntry: false })?.ino;
}

/** Names of the child cgroups, none if the directory is gone. */
export function readChildren(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'ENODEV'
    ) {
      return [];
    }
    throw error;
  }
}
