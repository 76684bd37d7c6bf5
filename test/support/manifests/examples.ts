import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ManifestObject } from '../cluster/apply.js';

/** Root of the checkout, seen from the compiled tests. */
export const repository = join(import.meta.dirname, '../../../../..');

/** Every example, by the name of its file. */
export const exampleNames = [
  'reference',
  'hub-aws',
  'edges',
  'air-gapped',
  'external-stores',
  'small-cluster',
  'gitops',
  'restore',
] as const;

/** An example's output: text by file name. */
export type Output = ReadonlyMap<string, string>;

/** Runs an example as a process of its own, as a customer does, and returns what it wrote. */
export function synthesize(name: (typeof exampleNames)[number]): Output {
  const dir = mkdtempSync(join(tmpdir(), 'kubehero-example-'));
  try {
    execFileSync(process.execPath, [join(repository, 'dist/js/examples', `${name}.js`)], {
      cwd: repository,
      env: { PATH: process.env['PATH'], CDK8S_OUTDIR: dir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Map(
      readdirSync(dir)
        .sort()
        .map((file) => [file, readFileSync(join(dir, file), 'utf8')]),
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The objects of an output, in the order of its files. */
export function objectsOf(output: Output): ManifestObject[] {
  return [...output]
    .filter(([file]) => file.endsWith('.yaml'))
    .flatMap(([, text]) =>
      parseAllDocuments(text).map((document) => document.toJS() as ManifestObject | null),
    )
    .filter((object): object is ManifestObject => object !== null);
}

/** A pod template of an object, with the namespace that its pods run in. */
export interface PodTemplate {
  readonly owner: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Record<string, unknown>;
}

interface Template {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

/** Every pod template: of workloads, of Jobs of CronJobs, and of what the ClickHouse operator starts. */
export function podTemplatesOf(objects: readonly ManifestObject[]): PodTemplate[] {
  return objects.flatMap((object) => {
    const { namespace = 'default', name } = object.metadata;
    return templatesOf(object).map(([template, labels]) => ({
      // A Job's name ends in a hash of what it runs
      owner: `${object.kind}/${object.kind === 'Job' ? name.replace(/-[0-9a-f]{10}$/, '') : name}`,
      namespace,
      labels: { ...template.metadata?.labels, ...labels },
      annotations: { ...template.metadata?.annotations },
      spec: withClaims(template.spec, claimsOf(object)),
    }));
  });
}

/** Templates of one object, with the labels that its operator adds. */
function templatesOf(object: ManifestObject): [Template, Record<string, string>][] {
  const spec = object['spec'] as Record<string, unknown> | undefined;
  if (['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].includes(object.kind))
    return [[spec?.['template'] as Template, {}]];
  if (object.kind === 'CronJob')
    return [[(spec?.['jobTemplate'] as { spec: { template: Template } }).spec.template, {}]];
  if (object.kind === 'ClickHouseInstallation' || object.kind === 'ClickHouseKeeperInstallation') {
    const label =
      object.kind === 'ClickHouseInstallation'
        ? 'clickhouse.altinity.com/chi'
        : 'clickhouse-keeper.altinity.com/chk';
    const templates = (spec?.['templates'] as { podTemplates: Template[] }).podTemplates;
    return templates.map((template) => [template, { [label]: object.metadata.name }]);
  }
  return [];
}

/** Names of the claims that a controller mounts into each pod. */
function claimsOf(object: ManifestObject): string[] {
  const spec = object['spec'] as Record<string, unknown> | undefined;
  const own = (spec?.['volumeClaimTemplates'] ?? []) as { metadata: { name: string } }[];
  const templates =
    (spec?.['templates'] as { volumeClaimTemplates?: { name: string }[] } | undefined)
      ?.volumeClaimTemplates ?? [];
  return [...own.map((claim) => claim.metadata.name), ...templates.map((claim) => claim.name)];
}

/** The pod as its controller makes it: one volume a claim. */
function withClaims(spec: Record<string, unknown>, claims: readonly string[]): Record<string, unknown> {
  if (claims.length === 0) return spec;
  const volumes = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-0` } }));
  return { ...spec, volumes: [...((spec['volumes'] ?? []) as unknown[]), ...volumes] };
}
