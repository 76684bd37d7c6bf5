import type { ApiAnswer, Cluster } from './cluster.js';

/** A manifest as JSON. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

/** What an API server said of one manifest, when it did not simply take it. */
export interface Refusal {
  readonly object: string;
  readonly status: number;
  readonly message: string;
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Applies manifests the way Argo CD does: server-side, strict about unknown fields, every warning an error. */
export class Applier {
  readonly #resources = new Map<string, Resource>();

  constructor(private readonly cluster: Cluster) {}

  /** Applies one object. `dryRun` lets the server do everything but store it. */
  async apply(object: ManifestObject, options: { readonly dryRun: boolean }): Promise<Refusal[]> {
    const resource = await this.#find(object.apiVersion, object.kind);
    const where = `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    if (!resource)
      return [
        { object: where, status: 404, message: `the server knows no ${object.kind} in ${object.apiVersion}` },
      ];
    const query = `fieldManager=argocd-controller&fieldValidation=Strict&force=true${options.dryRun ? '&dryRun=All' : ''}`;
    const answer = await this.cluster.call({
      method: 'PATCH',
      path: `${pathOf(object, resource)}?${query}`,
      contentType: 'application/apply-patch+yaml',
      body: object,
    });
    return refusalsOf(where, answer);
  }

  async #find(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const key = `${apiVersion}/${kind}`;
    if (!this.#resources.has(key)) {
      const answer = await this.cluster.call({
        path: apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`,
      });
      for (const resource of (answer.body['resources'] ?? []) as Resource[]) {
        if (!resource.name.includes('/')) this.#resources.set(`${apiVersion}/${resource.kind}`, resource);
      }
    }
    return this.#resources.get(key);
  }
}

function pathOf(object: ManifestObject, resource: Resource): string {
  const root = object.apiVersion === 'v1' ? '/api/v1' : `/apis/${object.apiVersion}`;
  const namespace = resource.namespaced ? `/namespaces/${object.metadata.namespace ?? 'default'}` : '';
  return `${root}${namespace}/${resource.name}/${object.metadata.name}`;
}

function refusalsOf(object: string, answer: ApiAnswer): Refusal[] {
  const warnings = answer.warnings.map((message) => ({
    object,
    status: answer.status,
    message: `warning: ${message}`,
  }));
  if (answer.status === 200 || answer.status === 201) return warnings;
  return [...warnings, { object, status: answer.status, message: textOf(answer.body) }];
}

function textOf(body: Readonly<Record<string, unknown>>): string {
  const message = body['message'];
  return typeof message === 'string' ? message : JSON.stringify(body);
}
