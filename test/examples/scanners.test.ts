import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManifestObject } from '../support/cluster/apply.js';
import { exampleNames, objectsOf, podTemplatesOf, synthesize } from '../support/manifests/examples.js';
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

describe('every waiver', () => {
  const all = exampleNames.flatMap((name) => objectsOf(synthesize(name)));
  const annotationsOf = (object: ManifestObject): Record<string, string> =>
    (object.metadata as { annotations?: Record<string, string> }).annotations ?? {};

  it('has its reason beside it', () => {
    let reasons = 0;
    for (const annotations of all.map(annotationsOf)) {
      for (const [key, value] of Object.entries(annotations)) {
        if (!/^(checkov\.io\/skip|ignore-check\.kube-linter\.io\/|waiver\.kubehero\.io\/)/.test(key))
          continue;
        expect(value).toMatch(/^(CKV_K8S_\d+=)?.{12,}/);
        reasons += 1;
      }
      const exempt = Object.keys(annotations).filter((key) => key.startsWith('polaris.fairwinds.com/'));
      const ids = [
        ...(annotations['kube-score/ignore']?.split(',') ?? []),
        ...exempt.map((key) => key.replace(/^.*\/(.*)-exempt$/, 'polaris-$1')),
      ];
      for (const id of ids) expect(annotations).toHaveProperty([`waiver.kubehero.io/${id}`]);
    }
    expect(reasons).toBeGreaterThan(300);
  });

  it('of a secret in the environment stands where names of files alone look like one', () => {
    const waived = all.filter((object) => {
      const value = annotationsOf(object)['polaris.fairwinds.com/sensitiveContainerEnvVar-exempt'];
      return value === 'true';
    });
    const names = podTemplatesOf(waived)
      .flatMap(({ spec }) => spec['containers'] as { env?: { name: string; value?: string }[] }[])
      .flatMap(({ env = [] }) => env)
      .filter(({ name, value }) => value !== undefined && /password|token|bearer|secret/i.test(name));
    expect(names.length).toBeGreaterThan(10);
    for (const { name, value } of names) {
      expect(name).toMatch(/_FILE$/);
      expect(value).toMatch(/^\/[a-z/-]+$/);
    }
  });
});

it('every controller of pods says which instance it is, under the name that it has', () => {
  const controllers = exampleNames
    .flatMap((name) => objectsOf(synthesize(name)))
    .filter(({ kind }) => ['CronJob', 'DaemonSet', 'Deployment', 'Job', 'StatefulSet'].includes(kind));
  expect(controllers.length).toBeGreaterThan(40);
  for (const { metadata } of controllers) {
    const { labels } = metadata as { labels?: Record<string, string> };
    expect(labels?.['app.kubernetes.io/instance']).toBe(metadata.name);
  }
});
