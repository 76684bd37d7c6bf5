import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleNames, objectsOf, synthesize } from '../support/manifests/examples.js';
import { describeWith } from '../support/requirements.js';
import { findTool, toolRequirement } from '../support/tools/find-tool.js';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubehero-scan-'));
  for (const name of exampleNames) {
    mkdirSync(join(dir, name));
    for (const [file, text] of synthesize(name)) writeFileSync(join(dir, name, file), text);
  }
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const manifestsOf = (name: (typeof exampleNames)[number]): string[] =>
  [...synthesize(name).keys()].filter((file) => file.endsWith('.yaml')).map((file) => join(dir, name, file));

describeWith([toolRequirement('kube-score')], 'kube-score', () => {
  // The restore holds custom resources alone, which kube-score has no rules for.
  it.each(exampleNames.filter((name) => name !== 'restore'))('finds nothing in the example %s', (name) => {
    const result = spawnSync(
      findTool('kube-score'),
      ['score', '--kubernetes-version', 'v1.30', '-o', 'ci', ...manifestsOf(name)],
      { encoding: 'utf8' },
    );
    const findings = result.stdout.split('\n').filter((line) => /^\[(WARNING|CRITICAL)\]/.test(line));
    expect(result.stdout).toContain('[OK]');
    expect(findings).toEqual([]);
  });
});

describeWith([toolRequirement('checkov')], 'checkov', () => {
  it('finds nothing in any example that is not waived beside the resource', () => {
    const result = spawnSync(
      findTool('checkov'),
      ['-d', dir, '--framework', 'kubernetes', '--compact', '--quiet', '-o', 'json'],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const report = JSON.parse(result.stdout) as {
      summary: { passed: number; resource_count: number };
      results: { failed_checks: { check_id: string; resource: string }[] };
    };
    expect(report.summary.passed).toBeGreaterThan(1000);
    expect(report.results.failed_checks.map((check) => `${check.check_id} ${check.resource}`)).toEqual([]);
  }, 180_000);
});

it('every waiver has its reason beside it', () => {
  const all = exampleNames.flatMap((name) => objectsOf(synthesize(name)));
  for (const object of all) {
    const { annotations = {} } = object.metadata as { annotations?: Record<string, string> };
    for (const [key, value] of Object.entries(annotations)) {
      if (key.startsWith('checkov.io/skip')) expect(value).toMatch(/^CKV_K8S_\d+=.{12,}/);
    }
    const ignored = annotations['kube-score/ignore']?.split(',') ?? [];
    for (const id of ignored)
      expect((annotations[`waiver.kubehero.io/${id}`] ?? '').length).toBeGreaterThan(12);
  }
});
