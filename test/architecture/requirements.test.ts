import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { root } from './source-tree.js';

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

/** Runs the fixture in a Jest of its own. */
function runFixture(environment: NodeJS.ProcessEnv): { results: Results; stderr: string } {
  const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = ['node_modules/jest/bin/jest.js', '--json', '--testPathIgnorePatterns=/node_modules/'];
  const fixture = ['--runTestsByPath', 'dist/js/test/support/fixtures/unmet.test.js'];
  const { stdout, stderr } = spawnSync(process.execPath, [...args, ...jest, ...fixture], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  return { results: JSON.parse(stdout) as Results, stderr };
}

describe('a suite that lacks what it needs', () => {
  it('is skipped by name with the reason, while others run', () => {
    const { results, stderr } = runFixture({ CI: '' });
    expect(results).toMatchObject({ numPassedTests: 1, numFailedTests: 0, numPendingTests: 1 });
    expect(stderr).toContain(
      'skipped: a suite that lacks something: needs a unicorn: none was seen (find one)\n',
    );
  });

  it('fails in CI', () => {
    const { results, stderr } = runFixture({ CI: 'true' });
    expect(results).toMatchObject({ numPassedTests: 1, numFailedTests: 1, numPendingTests: 0 });
    expect(stderr).toContain('a suite that lacks something needs a unicorn: none was seen (find one)');
  });
});
