import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { repository } from '../manifests/examples.js';
import type { Applier, ManifestObject, Refusal } from './apply.js';
import type { Cluster } from './cluster.js';

/** Kinds that must really be there before the rest can be tried: what other objects refer to. */
const foundations = ['Namespace', 'CustomResourceDefinition', 'PriorityClass', 'ServiceAccount'];

/** Namespaces of things that an installation meets but does not own. */
const neighbours = ['monitoring', 'argocd', 'ingress-nginx', 'gateway-system'];

/** Definitions of the operators that the manifests are for. */
export function operatorDefinitions(): ManifestObject[] {
  const dir = join(repository, 'imports/sources');
  return readdirSync(dir)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(join(dir, file), 'utf8')))
    .map((document) => document.toJS() as ManifestObject);
}

/** Installs the operators' definitions and the namespaces around an installation, and waits until they are served. */
export async function prepare(cluster: Cluster, applier: Applier): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const name of neighbours) {
    refusals.push(
      ...(await applier.apply(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
        { dryRun: false },
      )),
    );
  }
  for (const definition of operatorDefinitions())
    refusals.push(...(await applier.apply(definition, { dryRun: false })));
  await established(cluster);
  return refusals;
}

/** Waits until every definition is served. */
export async function established(cluster: Cluster): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(100)) {
    const answer = await cluster.call({ path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions' });
    const items = (answer.body['items'] ?? []) as {
      status?: { conditions?: { type: string; status: string }[] };
    }[];
    if (
      items.every((item) =>
        item.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True'),
      )
    )
      return;
  }
  throw new Error('the definitions are not served after 20 s');
}

/** Applies an installation: what others refer to for real, the rest as a server-side dry run. */
export async function applyAll(
  cluster: Cluster,
  applier: Applier,
  objects: readonly ManifestObject[],
): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  const first = objects.filter((object) => foundations.includes(object.kind));
  for (const kind of foundations) {
    for (const object of first.filter((o) => o.kind === kind))
      refusals.push(...(await applier.apply(object, { dryRun: false })));
  }
  await established(cluster);
  for (const object of objects.filter((o) => !first.includes(o)))
    refusals.push(...(await applier.apply(object, { dryRun: true })));
  return refusals;
}
