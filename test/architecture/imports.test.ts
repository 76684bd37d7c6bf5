import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  findRings,
  listCompiled,
  listSources,
  listUnits,
  listWorkspaces,
  packageOf,
  readManifest,
  resolveRelative,
  root,
  type SourceFile,
  type Unit,
} from './source-tree.js';

const SHARED = ['contract', 'domain', 'rpc', 'runtime'].map((name) => `@kubehero/${name}`);
const STORES = ['postgres', 'clickhouse', 'valkey', 's3'].map((name) => `@kubehero/store-${name}`);
const KUBERNETES = '@kubehero/kubernetes';
const PROGRAMS = ['control-plane', 'operator', 'pricing', 'collector', 'dashboard'].map(
  (name) => `@kubehero/${name}`,
);

/** Whom each unit may import; programs meet through messages, the CRD or a repository, never directly. */
const ALLOWED = new Map<string, readonly string[]>([
  ['@kubehero/contract', []],
  ['@kubehero/domain', SHARED.slice(0, 1)],
  ['@kubehero/rpc', SHARED.slice(0, 2)],
  ['@kubehero/runtime', SHARED.slice(0, 3)],
  ...STORES.map((store): [string, readonly string[]] => [store, SHARED]),
  [KUBERNETES, SHARED],
  ['@kubehero/control-plane', [...SHARED, ...STORES, KUBERNETES]],
  ['@kubehero/operator', [...SHARED, ...STORES, KUBERNETES]],
  ['@kubehero/pricing', [...SHARED, ...STORES, KUBERNETES]],
  ['@kubehero/collector', [...SHARED, KUBERNETES]],
  ['@kubehero/dashboard', SHARED],
  ['@kubehero/cli', [...SHARED, ...STORES, KUBERNETES, ...PROGRAMS]],
  ['@kubehero/constructs', ['@kubehero/contract', 'imports']],
  ['@kubehero/examples', ['@kubehero/constructs']],
  ['examples', ['@kubehero/constructs']],
  ['imports', []],
  ['@kubehero/imports', []],
]);

/** Where the command line opens a store itself: what runs on the hub's own machine. */
const LOCAL_COMMANDS =
  /^services\/cli\/(?:up|backup|commands\/(?:up|db|control-plane|backup|replay|migrate|doctor|pricing|audit))[./]/;

const units = listUnits();
const names = new Set(units.map(({ name }) => name));
const sources = new Map(units.map((unit) => [unit, listSources(unit.folder)]));

const linked = new Set(listWorkspaces());

/** Version in the root node_modules. */
function installedVersion(name: string): string | undefined {
  const folder = join('node_modules', name);
  return existsSync(join(root, folder, 'package.json')) ? readManifest(folder).version : undefined;
}

/** Unit that an import leads to, undefined for third parties and for the unit itself. */
function targetOf(unit: Unit, file: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const path = resolveRelative(file.path, specifier);
    const target = units
      .filter(({ folder }) => path.startsWith(`${folder}/`))
      .sort((a, b) => b.folder.length - a.folder.length)[0];
    if (target === undefined) return `${path} (outside of every package)`;
    return target === unit ? undefined : target.name;
  }
  const name = packageOf(specifier);
  return name !== undefined && names.has(name) && name !== unit.name ? name : undefined;
}

/** Imports of all units that a rule does not allow, as readable lines. */
function offenders(isWrong: (unit: Unit, file: SourceFile, specifier: string) => boolean): string[] {
  return [...sources].flatMap(([unit, files]) =>
    files.flatMap((file) =>
      file.imports
        .filter((specifier) => isWrong(unit, file, specifier))
        .map((specifier) => `${file.path} imports ${specifier}`),
    ),
  );
}

describe('direction of imports', () => {
  it('is declared for every unit', () => {
    expect([...names].filter((name) => !ALLOWED.has(name))).toEqual([]);
    expect([...sources.values()].flat().length).toBeGreaterThan(100);
  });

  it('is kept: nothing imports what stands above or beside it', () => {
    const wrong = offenders((unit, file, specifier) => {
      const target = targetOf(unit, file, specifier);
      return target !== undefined && ALLOWED.get(unit.name)?.includes(target) !== true;
    });
    expect(wrong).toEqual([]);
  });

  it('crosses packages by name: a relative import stays inside of its package', () => {
    const wrong = offenders((unit, file, specifier) => {
      const target = targetOf(unit, file, specifier);
      return specifier.startsWith('.') && target !== undefined && target !== 'imports';
    });
    expect(wrong).toEqual([]);
  });

  it('uses the public index of another package alone', () => {
    const wrong = offenders((_, __, specifier) => {
      const name = packageOf(specifier);
      return name?.startsWith('@kubehero/') === true && specifier !== name && !specifier.endsWith('.json');
    });
    expect(wrong).toEqual([]);
  });

  it('keeps remote commands of the command line away from the stores', () => {
    const wrong = [...sources]
      .filter(([unit]) => unit.name === '@kubehero/cli')
      .flatMap(([, files]) => files)
      .filter(({ path }) => !LOCAL_COMMANDS.test(path))
      .filter(({ imports }) => imports.some((specifier) => STORES.includes(packageOf(specifier) ?? '')))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  it('has no ring between packages', () => {
    const edges = [...sources].map(([unit, files]): [string, string[]] => [
      unit.name,
      [...new Set(files.flatMap((file) => file.imports.flatMap((name) => targetOf(unit, file, name) ?? [])))],
    ]);
    expect(findRings(new Map(edges))).toEqual([]);
  });

  it('has no ring between files', () => {
    const edges = [...sources.values()]
      .flat()
      .map((file): [string, string[]] => [
        file.path,
        file.imports
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => resolveRelative(file.path, specifier)),
      ]);
    expect(findRings(new Map(edges))).toEqual([]);
  });
});

describe('dependencies', () => {
  const workspaces = units.filter(({ folder }) => linked.has(folder));

  it('are declared by the package that imports them', () => {
    const wrong = [...sources]
      .filter(([unit]) => workspaces.includes(unit))
      .flatMap(([unit, files]) =>
        files.flatMap((file) =>
          file.imports
            .map(packageOf)
            .filter((name) => name !== undefined && name !== unit.name && !unit.dependencies.includes(name))
            .map((name) => `${file.path} imports ${String(name)}, which ${unit.folder}/package.json lacks`),
        ),
      );
    expect(wrong).toEqual([]);
  });

  it('stand in the root node_modules in the declared version, where compiled code in dist/js finds them', () => {
    const compiled = listCompiled(workspaces);
    const wrong = workspaces.flatMap(({ folder }) => {
      const { dependencies = {} } = readManifest(folder);
      const used = compiled
        .filter(({ path }) => path.startsWith(`dist/js/${folder}/`))
        .flatMap(({ imports }) => imports.map(packageOf));
      return Object.entries(dependencies)
        .filter(([name, version]) => used.includes(name) && installedVersion(name) !== version)
        .map(([name, version]) => `${name} ${version} of ${folder} is ${installedVersion(name) ?? 'absent'}`);
    });
    expect(compiled.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  it('are exact versions, so that two installs are the same', () => {
    const manifests = ['.', ...workspaces.map(({ folder }) => folder)];
    const wrong = manifests.flatMap((folder) => {
      const { dependencies, devDependencies } = readManifest(folder);
      return Object.entries({ ...dependencies, ...devDependencies })
        .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${name}@${version} in ${folder}/package.json`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('the search for rings', () => {
  it('finds each ring once and no chain', () => {
    const edges = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a', 'd']],
      ['d', ['e']],
      ['e', []],
      ['f', ['f']],
    ]);
    expect(findRings(edges)).toEqual([['a', 'b', 'c'], ['f']]);
  });
});
