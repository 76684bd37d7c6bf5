import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** The repository's root folder. */
export const root = resolve(import.meta.dirname, '../../../..');

/** A file of ours and what it names in imports, exports and dynamic imports. */
export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly imports: readonly string[];
}

/** A unit whose imports have a direction: a workspace, or a top-level folder without package.json. */
export interface Unit {
  /** Folder from the root. */
  readonly folder: string;
  /** Package name, or the folder's name where it has none. */
  readonly name: string;
  readonly dependencies: readonly string[];
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const SKIPPED = new Set(['node_modules', 'dist', '.next', '.git']);

/** A package.json, from its folder. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

/** Folders of the workspaces. */
export function listWorkspaces(): string[] {
  return (readManifest('.').workspaces ?? []).flatMap(expandWorkspace);
}

/** All workspaces, and the folders of ours that are none. */
export function listUnits(): Unit[] {
  const folders = listWorkspaces();
  const workspaces = folders.map((folder) => {
    const { name = folder, dependencies, devDependencies, peerDependencies } = readManifest(folder);
    const all = { ...dependencies, ...devDependencies, ...peerDependencies };
    return { folder, name, dependencies: Object.keys(all) };
  });
  const others = ['imports', 'examples'].filter((folder) => !folders.includes(folder));
  return [...workspaces, ...others.map((folder) => ({ folder, name: folder, dependencies: [] }))];
}

/** TypeScript files below a folder. */
export function listSources(folder: string): SourceFile[] {
  return listFiles(folder, (name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts')).map((path) => ({
    path,
    imports: ts
      .preProcessFile(readFileSync(join(root, path), 'utf8'), true, true)
      .importedFiles.map(({ fileName }) => fileName),
  }));
}

/** Compiled files whose source still exists, with what they import at run time. */
export function listCompiled(units: readonly Unit[]): SourceFile[] {
  return units
    .flatMap(({ folder }) => listSources(folder))
    .map(({ path }) => `dist/js/${path.replace(/\.tsx?$/, '.js')}`)
    .filter(isFile)
    .map((path) => ({ path, imports: readImports(path) }));
}

/** Files below a folder whose name fits, from the root. */
export function listFiles(folder: string, fits: (name: string) => boolean): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(path, fits);
    return entry.isFile() && fits(entry.name) ? [path] : [];
  });
}

/** The file that a relative import means, from the root. */
export function resolveRelative(from: string, specifier: string): string {
  const path = relative(root, resolve(root, dirname(from), specifier));
  const source = path.replace(/\.js(x?)$/, '.ts$1');
  return [source, `${source}x`, `${source}.ts`, `${source}.tsx`, path].find(isFile) ?? path;
}

/** `@scope/name` of a bare import, undefined for Node's own modules and relative ones. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:[./#]|node:)/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * Rings in a graph (Tarjan 1972), each as the nodes that reach each other.
 *
 * @param edges - node → nodes that it points to
 */
export function findRings(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const rings: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== index.get(node)) return;
    const ring = stack.splice(stack.indexOf(node));
    if (ring.length > 1 || edges.get(node)?.includes(node) === true) rings.push(ring.sort());
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return rings;
}

function readImports(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function expandWorkspace(pattern: string): string[] {
  if (!pattern.endsWith('/*')) return [pattern];
  const parent = pattern.slice(0, -2);
  return readdirSync(join(root, parent))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => isFile(`${folder}/package.json`));
}

function isFile(path: string): boolean {
  return statSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true;
}
