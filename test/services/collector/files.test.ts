import { describe, expect, it } from '@jest/globals';
import { Collector, judgeKernel, probeCollector } from '@kubehero/collector';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseMountInfo, readCgroupMounts } from '../../../services/collector/cgroups/cgroup-mounts.js';
import { CgroupTree } from '../../../services/collector/cgroups/cgroup-tree.js';
import { dialectV1, FileSource } from '../../../services/collector/cgroups/file-source.js';
import { createSample } from '../../../services/collector/cgroups/sample.js';
import { RunStateFile } from '../../../services/collector/node/run-state.js';
import { TestCgroup } from '../../support/cgroup-workload.js';
import { ReportHub } from '../../support/report-hub.js';
import { describeWith, writableCgroup2 } from '../../support/requirements.js';

describeWith([writableCgroup2], 'a collector that reads files', () => {
  it('measures a cgroup as its cpu.stat does and says how it measured', async () => {
    const hub = new ReportHub();
    await hub.start();
    const collector = new Collector({
      mode: 'cgroup',
      openReport: hub.openReport,
      emitter: 'test/1',
      onNotice: () => undefined,
    });
    await collector.start();
    await sleep(2100);
    const cgroup = new TestCgroup('kubehero-test-files');
    await cgroup.burn({ cpuMs: 1500, dutyPercent: 100 });
    await sleep(2200);
    const truthUs = cgroup.readCpuUs();
    const measuredUs = hub.rowsOf('kubehero-test-files').reduce((sum, row) => sum + row.cpuUs, 0);
    await collector.stop();
    await cgroup.remove();
    hub.close();
    expect(Math.abs(measuredUs - truthUs)).toBeLessThanOrEqual(1);
    expect(new Set(hub.batches.map((batch) => batch.source))).toEqual(new Set(['SOURCE_CGROUP_V2']));
  });
});

describe('files of cgroup v1', () => {
  it('give CPU time and working set of cgroups of the same path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubehero-v1-'));
    const write = (path: string, files: Record<string, string>): void => {
      mkdirSync(join(folder, path), { recursive: true });
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, path, name), content);
    };
    const cpu = (path: string, ns: number): void => {
      write(`cpuacct${path}`, { 'cpuacct.usage': `${ns}\n`, 'cgroup.procs': '1\n' });
    };
    try {
      cpu('', 5000);
      cpu('/a', 3000);
      write('memory/a', {
        'memory.usage_in_bytes': '1000\n',
        'memory.stat': 'cache 9\ntotal_inactive_file 400\n',
      });
      const source = new FileSource(
        'CGROUP_V1',
        dialectV1(join(folder, 'cpuacct'), { memoryV1: join(folder, 'memory') }),
      );
      const tree = new CgroupTree();
      const sample = createSample();
      source.read(sample);
      tree.apply(sample);
      cpu('', 15_000);
      cpu('/a', 10_000);
      cpu('/a/b', 2000);
      source.read(sample);
      tree.apply(sample);
      const used = [...tree.activeMeters].map(({ subject, tickNs, memoryBytes }) => [
        subject.kind === 'group' ? subject.path : subject.kind,
        tickNs,
        memoryBytes,
      ]);
      expect(used).toEqual([
        ['/', 3000, -1],
        ['/a', 5000, 600],
        ['/a/b', 2000, -1],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('mounts of cgroups', () => {
  it('are read with their octal escapes', () => {
    const [mount] = parseMountInfo(
      '31 24 0:27 /../.. /host\\040cgroup rw,nosuid shared:5 - cgroup2 cgroup2 rw,nsdelegate\n',
    );
    expect(mount).toEqual({
      root: '/../..',
      at: '/host cgroup',
      type: 'cgroup2',
      options: ['rw', 'nsdelegate'],
    });
  });

  it('are not found below a folder without any', () => {
    expect(readCgroupMounts('/nowhere')).toEqual({});
  });
});

describe('the state of a run', () => {
  it('gives every run a larger incarnation, also when the clock went back', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubehero-state-'));
    try {
      const first = new RunStateFile(folder, 5000);
      first.save(77);
      const second = new RunStateFile(folder, 1000);
      expect([first.incarnation, second.incarnation, second.sealedThroughBefore]).toEqual([5000, 5001, 77]);
      writeFileSync(join(folder, 'collector.json'), 'damaged');
      expect(new RunStateFile(folder, 9000).incarnation).toBe(9000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the probe', () => {
  it('says of kernel, library, cgroups and sensors what works and what to do', async () => {
    const findings = await probeCollector();
    expect(findings.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining(['kernel for BPF', 'libbpf', 'cgroups', 'collector']),
    );
    for (const { detail } of findings) expect(detail).not.toBe('');
  });

  it.each([
    ['5.15.0-91-generic', 'limited', 'files are read instead'],
    ['6.0.19', 'limited', 'files are read instead'],
    ['6.1.0-28-amd64', 'limited', 'measured in total only'],
    ['6.3.13', 'limited', 'measured in total only'],
    ['6.4.0', 'ok', 'with BTF'],
    ['6.18.44-fc-v669', 'ok', 'with BTF'],
    ['7.0', 'ok', 'with BTF'],
  ])('says what Linux %s is good for', (release, state, detail) => {
    expect(judgeKernel(release)).toMatchObject({ state, detail: expect.stringContaining(detail) as unknown });
  });
});
