import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../support/manifests/examples.js';

const readme = readFileSync(join(repository, 'constructs/README.md'), 'utf8');
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);

it('the tables of props are what the sources say', () => {
  const args = [join(repository, 'constructs/api-tables.mjs'), '--check'];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('');
}, 90_000);

it('every example compiles under strict rules, and synthesizes', () => {
  expect(examples.length).toBeGreaterThan(0);
  const out = mkdtempSync(join(tmpdir(), 'kubehero-readme-'));
  for (const [i, code] of examples.entries()) {
    // Inside of the checkout, where the package is found by its name
    const file = join(repository, `examples/readme-${process.pid}-${i}.mts`);
    const compiled = file.replace('.mts', '.mjs');
    writeFileSync(file, code);
    try {
      const tsc = join(repository, 'node_modules/typescript/bin/tsc');
      const flags = ['--ignoreConfig', '--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'];
      execFileSync(process.execPath, [tsc, ...flags, '--types', 'node', '--skipLibCheck', file], {
        cwd: repository,
        encoding: 'utf8',
      });
      // What the example says runs as it stands: it has no types of its own
      copyFileSync(file, compiled);
      execFileSync(process.execPath, [compiled], {
        cwd: join(repository, 'examples'),
        env: { ...process.env, CDK8S_OUTDIR: out },
      });
      expect(readdirSync(out)).toContain('kubehero-programs.k8s.yaml');
    } finally {
      rmSync(file, { force: true });
      rmSync(compiled, { force: true });
    }
  }
  rmSync(out, { recursive: true, force: true });
}, 120_000);
