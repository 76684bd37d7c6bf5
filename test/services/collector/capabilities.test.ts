import { expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bpf, describeWith, root, type Requirement } from '../../support/requirements.js';

const program = join(import.meta.dirname, '../../support/open-usage-main.js');
const numbers = { netAdmin: 12, perfmon: 38, bpf: 39 } as const;

const setpriv: Requirement = {
  name: 'setpriv',
  remedy: 'install util-linux',
  missing: () => (spawnSync('setpriv', ['--version']).status === 0 ? undefined : 'no setpriv in PATH'),
};

/** How the collector measures as root with these capabilities and no other. */
function openWith(...capabilities: (keyof typeof numbers)[]): { source: string; notices: string[] } {
  const set = ['-all', ...capabilities.map((name) => `+cap_${numbers[name]}`)].join(',');
  const parts = [`--inh-caps=${set}`, `--bounding-set=${set}`, process.execPath, program];
  return JSON.parse(execFileSync('setpriv', parts, { encoding: 'utf8' })) as {
    source: string;
    notices: string[];
  };
}

describeWith([bpf, root, setpriv], 'the privileges of the collector', () => {
  it('are CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN for everything', () => {
    expect(openWith('bpf', 'perfmon', 'netAdmin')).toEqual({ source: 'BPF', notices: [] });
  });

  it('are two of them for all but network, which fails alone', () => {
    const { source, notices } = openWith('bpf', 'perfmon');
    expect([source, notices.length]).toEqual(['BPF', 1]);
    expect(notices[0]).toContain('not measuring network');
  });

  it('leave files when they are missing, and say in one sentence what to do', () => {
    const { source, notices } = openWith('bpf');
    expect([source, notices.length]).toEqual(['CGROUP_V2', 1]);
    expect(notices[0]).toContain('CAP_PERFMON');
  });
});
