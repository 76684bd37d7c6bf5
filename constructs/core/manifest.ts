import { labelKeys } from '@kubehero/contract';
import { createHash } from 'node:crypto';
import { ApiObject, type ApiObjectProps, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructsError } from './faults.js';

/** JSON of a manifest as it stands in the YAML. */
export type Json = Record<string, unknown>;

/** Sync waves of an installation, from what must be there first to what watches it. */
export const waves = {
  namespaces: -20,
  definitions: -15,
  policies: -10,
  operators: -5,
  storeInputs: -3,
  stores: 0,
  migration: 2,
  core: 5,
  clients: 8,
  monitoring: 10,
} as const;

/** Annotations that keep Argo CD from removing what holds data. */
export const keepForever = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'helm.sh/resource-policy': 'keep',
} as const;

/**
 * An object of the output. Overrides are applied to the finished JSON under the names of the manifest (`clusterIP`, not
 * `clusterIp`), so that a field which the typed classes do not know passes through.
 */
export class Manifest extends ApiObject {
  /** Whether the name ends in a hash of the spec. */
  #namedByContent = false;
  readonly #overrides: { readonly path: readonly string[]; readonly produce: () => unknown }[] = [];

  /** Sets one field: `addOverride('spec.template.spec.dnsPolicy', 'Default')`; `undefined` removes it. A dot in a key is written `\.`. */
  addOverride(path: string, value: unknown): void {
    this.#overrides.push({ path: splitPath(path), produce: () => value });
  }

  /** As {@link addOverride}, with a value that is worked out when the object is rendered. */
  addLateOverride(path: string, produce: () => unknown): void {
    this.#overrides.push({ path: splitPath(path), produce });
  }

  /** Ends the name in a hash of the finished spec: for what an API server lets nobody change, such as a Job. */
  nameByContent(): void {
    this.#namedByContent = true;
  }

  /** Renders the object, overrides applied in the order they were added. */
  override toJson(): Json {
    const json = super.toJson() as Json;
    for (const { path, produce } of this.#overrides) setAt(json, path, produce());
    return Manifest.rename(this, json);
  }

  /** Gives JSON that somebody changed after it was rendered the name of its content; any other name stays. */
  static rename(object: ApiObject, json: Json): Json {
    if (!(#namedByContent in object) || !object.#namedByContent) return json;
    const metadata = json['metadata'] as { name: string; labels?: Record<string, string> };
    const hash = createHash('sha256').update(JSON.stringify(json['spec'])).digest('hex').slice(0, 10);
    metadata.name = `${metadata.name.replace(/-[0-9a-f]{10}$/, '')}-${hash}`;
    if (metadata.labels?.[labelKeys.instance]) metadata.labels[labelKeys.instance] = metadata.name;
    return json;
  }
}

function splitPath(path: string): string[] {
  return path.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
}

function setAt(root: Json, path: readonly string[], value: unknown): void {
  let at = root;
  for (const key of path.slice(0, -1)) {
    const next = at[key];
    if (typeof next !== 'object' || next === null) at[key] = {};
    at = at[key] as Json;
  }
  const last = path[path.length - 1] as string;
  if (value !== undefined) at[last] = value;
  else if (Array.isArray(at)) at.splice(Number(last), 1);
  else delete at[last];
}

/** Where a part of an installation puts its objects, and what all of them carry. */
export interface PartOptions {
  /** Labels of every object of the part. */
  readonly labels: Readonly<Record<string, string>>;
  /** Annotations of every object of the part. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** Settings of one emitted object. */
export interface EmitOptions {
  readonly wave: number;
  /** True for what holds data: Argo CD never prunes or deletes it. */
  readonly keep?: boolean | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A part of an installation: a construct that owns objects, each reachable for overrides. */
export class Part extends Construct {
  readonly #objects: Manifest[] = [];

  /** @param options labels and annotations for all objects of the part. */
  constructor(
    scope: Construct,
    id: string,
    protected readonly options: PartOptions,
  ) {
    super(scope, id);
  }

  /** Every object of the part, in the order of creation; a copy. */
  get objects(): readonly Manifest[] {
    return [...this.#objects];
  }

  /**
   * The object of a kind, and of a name where the part has several of the kind.
   * @throws ConstructsError NO_SUCH_OBJECT when there is none, or more than one without a name
   */
  findObject(kind: string, name?: string): Manifest {
    const found = this.#objects.filter((o) => o.kind === kind && (name === undefined || o.name === name));
    const [only] = found;
    if (only && found.length === 1) return only;
    const has = this.#objects.map((o) => `${o.kind}/${o.name}`).join(', ');
    throw new ConstructsError(
      'NO_SUCH_OBJECT',
      `${this.node.path}: ${found.length} objects match '${kind}${name ? `/${name}` : ''}': this part has ${has}`,
    );
  }

  /** Sets one field of one object; see {@link Manifest.addOverride}. */
  addOverride(object: { readonly kind: string; readonly name?: string }, path: string, value: unknown): void {
    this.findObject(object.kind, object.name).addOverride(path, value);
  }

  /** Adds an object that `L1.manifest(props)` rendered. The id is public contract. */
  protected emit(id: string, manifest: unknown, options: EmitOptions): Manifest {
    const json = prune(manifest) as ApiObjectProps & { metadata?: Json };
    const metadata = (json.metadata ?? {}) as { labels?: Json; annotations?: Json };
    const object = new Manifest(this, id, {
      ...json,
      metadata: {
        ...metadata,
        labels: { ...this.options.labels, ...metadata.labels } as Record<string, string>,
        annotations: {
          'argocd.argoproj.io/sync-wave': String(options.wave),
          ...(options.keep ? keepForever : {}),
          ...this.options.annotations,
          ...metadata.annotations,
          ...options.annotations,
        } as Record<string, string>,
      },
    } as ApiObjectProps);
    this.#objects.push(object);
    return object;
  }
}

/** Drops what an API server would strip anyway: undefined fields and empty objects that say nothing. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [k, prune(v)]),
  );
}

/** Re-exported so that users patch without importing cdk8s themselves. */
export { JsonPatch };
