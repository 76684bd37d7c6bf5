import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestCgroup } from '../support/cgroup-workload.js';
import { runJson, startUp, type CostJson, type Started } from '../support/product.js';
import { bpf, describeWith } from '../support/requirements.js';

describeWith([bpf], 'a workload that burns CPU', () => {
  const timeoutMs = 180_000;
  let folder: string;
  let up: Started & { client: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-burn-'));
    up = await startUp(folder, [
      '--http',
      '127.0.0.1:0',
      '--grpc',
      '127.0.0.1:0',
      '--dashboard',
      'off',
      '--collector',
      'bpf',
    ]);
    await delay(4000);
  }, timeoutMs);
  afterAll(async () => {
    up.child.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    await rm(folder, { recursive: true, force: true });
  }, timeoutMs);

  const coreSecondsOf = async (name: string): Promise<number> => {
    await delay(5000);
    const cost = await runJson<CostJson>([
      'cost',
      '--client',
      up.client,
      '--by',
      'workload',
      '--window',
      '2m',
      '--output',
      'json',
    ]);
    const rows = cost.rows.filter((row) => row['workload']?.includes(name));
    return rows.reduce((sum, row) => sum + row.cpuCoreSeconds, 0);
  };

  it(
    'for 10 s at half a core is charged 5.0 core-seconds, equal to the kernel’s own counter',
    async () => {
      const name = `kubehero-burn-${process.pid}`;
      const cgroup = new TestCgroup(name);
      await cgroup.burn({ cpuMs: 5000, dutyPercent: 50 });
      const kernelUs = cgroup.readCpuUs();

      const seconds = await coreSecondsOf(name);
      await cgroup.remove();

      expect(Math.abs(seconds - 5)).toBeLessThan(0.05 + Math.abs(kernelUs / 1e6 - 5));
      expect(Math.abs(seconds * 1e6 - kernelUs)).toBeLessThanOrEqual(1);
    },
    timeoutMs,
  );

  it(
    'for 200 ms and is gone within the second is charged to the microsecond',
    async () => {
      const name = `kubehero-burst-${process.pid}`;
      const cgroup = new TestCgroup(name);
      await cgroup.burn({ cpuMs: 200, dutyPercent: 100 });
      const kernelUs = cgroup.readCpuUs();
      await cgroup.remove();

      const seconds = await coreSecondsOf(name);

      expect(kernelUs).toBeGreaterThan(200_000);
      expect(Math.abs(seconds * 1e6 - kernelUs)).toBeLessThanOrEqual(1);
    },
    timeoutMs,
  );
});
