import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../support/manifests/examples.js';
import { describeWith, root, valkeyServer } from '../support/requirements.js';
import { kernelNamespaces } from '../support/sandbox/sandbox.js';

const hostOf = (n: number): string => `kubehero-valkey-${n}.kubehero-valkey.valkey.svc.cluster.local`;

describeWith(
  [root, kernelNamespaces, valkeyServer],
  'three encrypted Valkey servers and three sentinels of the manifests',
  () => {
    it('lose their primary, and the bus goes on with another; the first comes back as a replica', () => {
      const dir = mkdtempSync(join(tmpdir(), 'kubehero-ensemble-'));
      try {
        const main = join(repository, 'dist/js/test/support/valkey-ensemble-main.js');
        const output = execFileSync(
          'unshare',
          ['-m', '-n', '-p', '--fork', '--kill-child', process.execPath, main, dir],
          { cwd: repository, encoding: 'utf8', timeout: 400_000, stdio: ['ignore', 'pipe', 'pipe'] },
        );
        const { seen, outageMs, cached, masters } = JSON.parse(output) as {
          seen: string[];
          outageMs: number;
          cached: string;
          masters: string[];
        };
        const successor = masters[0] ?? '';
        expect(masters).toHaveLength(1);
        expect([hostOf(1), hostOf(2)]).toContain(successor);
        expect([seen[0], seen.at(-1)]).toEqual([`${hostOf(0)}:6379`, `${successor}:6379`]);
        // A primary that takes no writes until a replica has joined it carries messages all the same: no loss each time
        expect(seen.length).toBeLessThan(10);
        expect(cached).toBe('value');
        // Five seconds until the sentinels take it for down, and their vote, a second one where the first had no winner
        expect(outageMs).toBeLessThan(90_000);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }, 420_000);
  },
);
