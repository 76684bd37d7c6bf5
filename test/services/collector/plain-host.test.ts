import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Collector, type CollectorMode } from '@kubehero/collector';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCgroupMounts } from '../../../services/collector/cgroups/cgroup-mounts.js';
import { ReportHub, type HubRow } from '../../support/report-hub.js';
import { bpf, describeWith, root, type Requirement } from '../../support/requirements.js';

const burner = join(import.meta.dirname, '../../support/cpu-burner.js');
const sumUs = (rows: readonly HubRow[]): number => rows.reduce((sum, row) => sum + row.cpuUs, 0);

/** Processes of the test's own session live in the root cgroup only where nothing put them elsewhere. */
const rootProcesses: Requirement = {
  name: 'processes in the root cgroup',
  remedy: 'run the tests where no service manager puts them into a cgroup',
  missing: () =>
    /^0::\/$/m.test(readFileSync('/proc/self/cgroup', 'utf8'))
      ? undefined
      : 'the tests run in a cgroup of their own',
};

const cpuacct: Requirement = {
  name: 'cgroup v1 cpuacct beside cgroup v2',
  remedy: 'boot with both hierarchies (systemd.unified_cgroup_hierarchy=0)',
  missing: () =>
    readCgroupMounts().cpuacctV1 === undefined ? 'no v1 hierarchy with cpuacct is mounted' : undefined,
};

class Run {
  readonly hub = new ReportHub();
  readonly notices: string[] = [];
  private collector: Collector | undefined;

  async start(mode: Exclude<CollectorMode, 'off'>): Promise<void> {
    await this.hub.start();
    this.collector = new Collector({
      mode,
      openReport: this.hub.openReport,
      emitter: 'test/1',
      onNotice: (sentence) => this.notices.push(sentence),
    });
    await this.collector.start();
    await sleep(2200);
  }

  async stop(): Promise<void> {
    await this.collector?.stop();
    this.hub.close();
  }
}

describeWith([bpf, root, rootProcesses], 'what runs in the root cgroup', () => {
  const run = new Run();
  const folder = mkdtempSync(join(tmpdir(), 'kubehero-burn-'));
  const program = join(folder, 'kubehero-burn');

  beforeAll(async () => {
    copyFileSync('/bin/sh', program);
    await run.start('bpf');
  });
  afterAll(async () => {
    await run.stop();
    rmSync(folder, { recursive: true });
  });

  it('is shown by the name of its process, to its end', async () => {
    const child = spawn(
      program,
      ['-c', 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; cat /proc/$$/schedstat'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(child, 'close');
    const truthUs = Number(Buffer.concat(chunks).toString().split(' ')[0]) / 1000;
    await sleep(2500);
    const measuredUs = sumUs(run.hub.rowsOf('kubehero-burn'));
    expect(measuredUs).toBeGreaterThanOrEqual(Math.floor(truthUs) - 1);
    // What the process used after it had read its own counter: its end, and the start of cat under this name.
    expect(measuredUs - truthUs).toBeLessThan(20_000);
  });

  it('adds up, with what cannot be named, to what the machine used', () => {
    const used = sumUs(run.hub.rowsOf('(root)'));
    const all = sumUs(run.hub.rows);
    expect(all).toBeGreaterThan(0);
    expect(used / all).toBeLessThan(0.25);
  });
});

describeWith([root, cpuacct, rootProcesses], 'a v1 cgroup beside an empty v2 tree', () => {
  const { cpuacctV1 = '' } = readCgroupMounts();
  const directory = join(cpuacctV1, 'kubehero-test-v1');
  const run = new Run();

  beforeAll(async () => {
    await run.start('auto');
    mkdirSync(directory);
  });
  afterAll(async () => {
    await run.stop();
    rmdirSync(directory);
  });

  it('is a workload of its own, as exact as its own counter, and marked', async () => {
    await once(spawn(process.execPath, [burner, directory, '1200', '100'], { stdio: 'inherit' }), 'exit');
    await sleep(2500);
    const truthUs = Number(readFileSync(join(directory, 'cpuacct.usage'), 'utf8')) / 1000;
    const rows = run.hub.rowsOf('kubehero-test-v1');
    expect(Math.abs(sumUs(rows) - truthUs)).toBeLessThanOrEqual(1);
    expect(rows[0]?.identity.labels).toEqual({ 'kubehero.io/source': 'cgroup-v1' });
  });
});
