import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../support/manifests/examples.js';

it('the imports are what their script makes of their sources', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kubehero-imports-'));
  try {
    execFileSync(process.execPath, [join(repository, 'imports/generate.mjs'), dir], { stdio: 'pipe' });
    const files = readdirSync(join(repository, 'imports')).filter((file) => file.endsWith('.ts'));
    expect(readdirSync(dir).sort()).toEqual(files.sort());
    for (const file of files) {
      expect({
        file,
        same:
          readFileSync(join(dir, file), 'utf8') === readFileSync(join(repository, 'imports', file), 'utf8'),
      }).toEqual({ file, same: true });
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
