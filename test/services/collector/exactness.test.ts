import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Collector } from '@kubehero/collector';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestCgroup } from '../../support/cgroup-workload.js';
import { ReportHub, type HubRow } from '../../support/report-hub.js';
import { bpf, describeWith } from '../../support/requirements.js';

const sumUs = (rows: readonly HubRow[]): number => rows.reduce((sum, row) => sum + row.cpuUs, 0);

describeWith([bpf], 'a collector that measures through the kernel', () => {
  const hub = new ReportHub();
  const notices: string[] = [];
  let collector: Collector;

  beforeAll(async () => {
    await hub.start();
    collector = new Collector({
      mode: 'bpf',
      openReport: hub.openReport,
      emitter: 'test/1',
      onNotice: (sentence) => notices.push(sentence),
    });
    await collector.start();
    await sleep(2200);
  });

  afterAll(async () => {
    await collector.stop();
    hub.close();
  });

  it('shows half a CPU burnt for ten seconds as five CPU-seconds, equal to cpu.stat', async () => {
    const cgroup = new TestCgroup('kubehero-test-half');
    await cgroup.burn({ cpuMs: 5000, dutyPercent: 50 });
    const truthUs = cgroup.readCpuUs();
    await sleep(2200);
    const rows = hub.rowsOf('kubehero-test-half');
    await cgroup.remove();

    const measuredUs = sumUs(rows);
    process.stderr.write(`half a CPU for 10 s: cpu.stat ${truthUs} us, collector ${measuredUs} us\n`);
    expect(Math.abs(measuredUs - truthUs)).toBeLessThanOrEqual(1);
    expect(measuredUs / 5_000_000).toBeGreaterThan(0.99);
    expect(measuredUs / 5_000_000).toBeLessThan(1.01);
  });

  it('charges a cgroup that lived 200 ms within one second its exact CPU time', async () => {
    await sleep(1000 - (Date.now() % 1000) + 100);
    const cgroup = new TestCgroup('kubehero-test-burst');
    await cgroup.burn({ cpuMs: 200, dutyPercent: 100 });
    const truthUs = cgroup.readCpuUs();
    await cgroup.remove();
    await sleep(3200);

    const measuredUs = sumUs(hub.rowsOf('kubehero-test-burst'));
    process.stderr.write(`burst of 200 ms: cpu.stat ${truthUs} us, collector ${measuredUs} us\n`);
    expect(Math.abs(measuredUs - truthUs)).toBeLessThanOrEqual(1);
  });

  it('charges 1,009 short-lived cgroups in sum exactly what their parent used', async () => {
    const parent = new TestCgroup('kubehero-test-many');
    const script =
      'i=0; while [ $i -lt 1009 ]; do mkdir $0/c$i && sh -c "echo \\$\\$ > $0/c$i/cgroup.procs; exec true" && ' +
      'until rmdir $0/c$i 2>/dev/null; do :; done; i=$((i+1)); done';
    await once(spawn('sh', ['-c', script, parent.directory], { stdio: 'inherit' }), 'exit');
    await sleep(3200);
    const truthUs = parent.readCpuUs();
    await sleep(1100);
    const rows = hub.rows.filter((row) => row.identity.pod.startsWith('kubehero-test-many'));
    const children = new Set(
      rows.filter((row) => row.identity.pod.includes('/')).map((row) => row.identity.podUid),
    );
    await parent.remove();

    process.stderr.write(`1,009 short lives: parent ${truthUs} us, rows ${sumUs(rows)} us\n`);
    expect(Math.abs(sumUs(rows) - truthUs)).toBeLessThanOrEqual(1);
    expect(children.size).toBe(1009);
  });

  it('follows a machine that outgrows what was reserved at the start', async () => {
    const parent = new TestCgroup('kubehero-test-growth');
    const children = Array.from(
      { length: 1201 },
      (_, index) => new TestCgroup(`kubehero-test-growth/c${index}`),
    );
    await sleep(2200);
    const { cgroups, faults } = collector.statistics();
    const deathsBefore = faults.deaths;
    for (const child of children) await child.remove();
    await parent.remove();
    await sleep(3200);

    expect(cgroups).toBeGreaterThanOrEqual(1203);
    expect(collector.statistics().faults.deaths - deathsBefore).toBe(1202);
    expect(collector.statistics().cgroups).toBeLessThan(cgroups - 1200);
  });

  it('finds no unaccounted CPU time, no loss and no second twice', () => {
    const { faults, losses, missingSeconds } = collector.statistics();
    expect(faults).toMatchObject({ residualNs: 0, backwards: 0, orphans: 0 });
    expect(losses).toEqual({ births: 0, deaths: 0, cgroups: 0, packets: 0 });
    expect(missingSeconds).toBe(0);
    expect(hub.seconds).toEqual([...new Set(hub.seconds)].sort((a, b) => a - b));
    expect(notices).toEqual([]);
  });
});
