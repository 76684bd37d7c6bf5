import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { tryFindExecutable } from '../support/executables.js';
import { describeWith, type Requirement } from '../support/requirements.js';
import { listFiles, listSources, listUnits, readManifest, root } from './source-tree.js';

const gitCheckout: Requirement = {
  name: 'a git checkout',
  remedy: 'install git and clone the repository',
  missing: () => {
    if (tryFindExecutable('git') === undefined) return 'no git in PATH';
    return existsSync(join(root, '.git')) ? undefined : 'the tests run outside of a checkout';
  },
};

describeWith([gitCheckout], 'the kept files', () => {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)));

  it('hold no output and nothing installed', () => {
    expect(files.filter((path) => /(?:^|\/)(?:node_modules|dist|\.next)\//.test(path))).toEqual([]);
  });

  it('name no folder of the machine that they were written on', () => {
    // Written in pieces, so that this file is not one of them.
    const folder = new RegExp(['/(?:home|Users)/\\w+/', '/root/\\w', '/work/\\w', '/farm/'].join('|'));
    const wrong = files
      .filter((path) => path !== 'test/architecture/repository.test.ts' && !path.startsWith('imports/'))
      .flatMap((path) => {
        const found = folder.exec(readFileSync(join(root, path), 'latin1'));
        return found === null ? [] : [`${path}: ${found[0]}`];
      });
    expect(wrong).toEqual([]);
  });

  it('lock packages without the host that they were fetched from', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
    const hosts = [...lock.matchAll(/"resolved": "(?!https:\/\/registry\.npmjs\.org\/)(https?:[^"]+)"/g)];
    expect(hosts.map(([, url]) => url)).toEqual([]);
  });
});

describe('the code', () => {
  const paths = [...listUnits().map(({ folder }) => folder), 'test'].flatMap((folder) =>
    listSources(folder).map(({ path }) => path),
  );

  it('has no file that is named after nothing', () => {
    const bags = /^(?:utils?|helpers?|common|misc)\.tsx?$/;
    expect(paths.filter((path) => bags.test(basename(path)))).toEqual([]);
  });

  it('has file names in kebab-case', () => {
    const wrong = paths.filter((path) => !path.startsWith('imports/'));
    expect(wrong.filter((path) => !/^[a-z0-9]+(?:[.-][a-z0-9]+)*\.tsx?$/.test(basename(path)))).toEqual([]);
  });

  it('leaves nothing to be done later', () => {
    const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX\\b'].join('|'));
    const wrong = paths
      .filter((path) => !path.startsWith('imports/'))
      .filter((path) => marks.test(readFileSync(join(root, path), 'utf8')));
    expect(wrong).toEqual([]);
  });
});

describe('generated code', () => {
  it('in imports/ is what its script makes of its sources', () => {
    const target = mkdtempSync(join(tmpdir(), 'kubehero-imports-'));
    try {
      execFileSync(process.execPath, ['imports/generate.mjs', `${target}/`], { cwd: root, stdio: 'pipe' });
      const made = readdirSync(target).filter((name) => name.endsWith('.ts'));
      const kept = readdirSync(join(root, 'imports')).filter((name) => name.endsWith('.ts'));
      expect(made).toEqual(kept);
      const read = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');
      expect(made.filter((name) => read(target, name) !== read(join(root, 'imports'), name))).toEqual([]);
    } finally {
      rmSync(target, { recursive: true, force: true });
    }
  });
});

describe('the documents', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
  const records = listFiles('docs', (name) => name.endsWith('.md'));
  const scripts = readManifest('.').scripts ?? {};
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');

  it.each([...documents, ...records])('%s names npm scripts that exist', (path) => {
    const named = [...read(path).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
    const short = [...read(path).matchAll(/\bnpm (start|test)\b/g)].map(([, name]) => name ?? '');
    expect([...named, ...short].filter((name) => !(name in scripts))).toEqual([]);
  });

  it.each([...documents, ...records])('%s links to files that exist', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)/g)];
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
    const wrong = links.map(([, link]) => link ?? '').filter((link) => !existsSync(join(root, folder, link)));
    expect(wrong).toEqual([]);
  });

  it.each(documents)('%s names commands of kubehero that exist', (path) => {
    const commands = listFiles('services/cli/commands', () => true).map((file) => read(file));
    const blocks = [...read(path).matchAll(/```(?:sh|console)\n([\s\S]*?)```/g)].map(
      ([, block]) => block ?? '',
    );
    const named = blocks.flatMap((block) =>
      [...block.matchAll(/\bkubehero ([a-z-]+)\b/g)].map(([, name]) => name),
    );
    const wrong = named.filter((name) => !commands.some((text) => text.includes(`command('${name ?? ''}`)));
    expect(wrong).toEqual([]);
  });
});
