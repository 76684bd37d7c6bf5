import { labelKeys, secretCatalogue, type SecretSpec } from '@kubehero/contract';
import { ApiError, getJson, writeJson, type ApiServer } from '@kubehero/kubernetes';
import { UserError } from '@kubehero/runtime';
import { SecretValues, type SecretData } from './secret-values.js';

/** Role of a namespace in an installation. */
export type NamespaceRole = SecretSpec['namespaces'][number];

/** What {@link createSecrets} needs. */
export interface CreateSecretsOptions {
  readonly server: ApiServer;
  readonly namespaces: Readonly<Record<NamespaceRole, string>>;
  readonly clusterDomain: string;
  /** Products whose Secrets exist under other names, because the product stands elsewhere. */
  readonly without: readonly SecretSpec['of'][];
  /** Says what would be done, and does nothing. */
  readonly dryRun: boolean;
}

/** What was done about one Secret in one namespace. */
export interface SecretOutcome {
  readonly name: string;
  readonly namespace: string;
  /** `created` whole, `completed` by missing keys, `unchanged`, or `waiting` for a command that alone can make it. */
  readonly action: 'created' | 'completed' | 'unchanged' | 'waiting';
  /** The command that a waiting one waits for. */
  readonly by?: string;
}

interface Found {
  readonly exists: boolean;
  readonly data: SecretData;
}

const TIMEOUT_MS = 15_000;

/**
 * Makes the Secrets that manifests name, where they are missing, with random values; the same in each namespace. What
 * exists is never changed, only completed. Repeating it does nothing.
 *
 * @throws UserError NO_NAMESPACE, DIFFERENT (a Secret's value is not the same in its namespaces), HALF_MADE
 * @throws ApiError
 */
export async function createSecrets(
  options: CreateSecretsOptions,
  signal: AbortSignal,
): Promise<SecretOutcome[]> {
  const specs = Object.values<SecretSpec>(secretCatalogue).filter(({ of }) => !options.without.includes(of));
  await requireNamespaces(options, specs, signal);
  const values = new SecretValues((spec, service) => dnsNames(options, spec, service));
  const known: { spec: SecretSpec; found: ReadonlyMap<string, Found>; present: SecretData }[] = [];
  for (const spec of specs) {
    const found = await readEverywhere(options, spec, signal);
    known.push({ spec, found, present: agree(spec, found) });
  }
  for (const { spec, present } of known) values.seal(spec, present);
  const outcomes: SecretOutcome[] = [];
  for (const { spec, found, present } of known) {
    const wanted = { ...present, ...(await values.complete(spec, present)) };
    for (const [namespace, { exists, data }] of found)
      outcomes.push(await bring(options, { spec, namespace, exists, data, wanted, signal }));
  }
  return outcomes;
}

async function readEverywhere(
  { server, namespaces }: CreateSecretsOptions,
  spec: SecretSpec,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>();
  for (const namespace of new Set(spec.namespaces.map((role) => namespaces[role])))
    found.set(namespace, await read(server, { namespace, name: spec.name }, signal));
  return found;
}

async function requireNamespaces(
  { server, namespaces }: CreateSecretsOptions,
  specs: readonly SecretSpec[],
  signal: AbortSignal,
): Promise<void> {
  const needed = [...new Set(specs.flatMap((spec) => spec.namespaces.map((role) => namespaces[role])))];
  const missing: string[] = [];
  for (const name of needed.sort()) {
    if ((await tryGet(server, `/api/v1/namespaces/${name}`, signal)) === undefined) missing.push(name);
  }
  if (missing.length > 0)
    throw new UserError(
      'NO_NAMESPACE',
      `the cluster has no namespace ${missing.join(', ')}: apply the manifests of the chart '-base' first, or name them with --namespace`,
    );
}

/** Values that any namespace has; two that differ are a person's to decide about. */
function agree(spec: SecretSpec, found: ReadonlyMap<string, Found>): SecretData {
  const present: Record<string, string> = {};
  for (const key of Object.keys(spec.keys)) {
    const values = new Set([...found.values()].map(({ data }) => data[key]).filter((v) => v !== undefined));
    if (values.size > 1)
      throw new UserError(
        'DIFFERENT',
        `'${key}' of the Secret ${spec.name} differs between ${[...found.keys()].join(' and ')}: remove the wrong one, it is made again from the other`,
      );
    for (const value of values) present[key] = value;
  }
  return present;
}

interface Bring {
  readonly spec: SecretSpec;
  readonly namespace: string;
  readonly exists: boolean;
  readonly data: SecretData;
  readonly wanted: SecretData;
  readonly signal: AbortSignal;
}

async function bring(options: CreateSecretsOptions, input: Bring): Promise<SecretOutcome> {
  const { spec, namespace, exists, data, wanted } = input;
  const missing = Object.entries(wanted).filter(([key]) => data[key] === undefined);
  const unmade = Object.entries(spec.keys).find(([key]) => wanted[key] === undefined)?.[1];
  const outcome = { name: spec.name, namespace };
  if (unmade?.kind === 'given') return { ...outcome, action: 'waiting', by: unmade.by };
  if (exists && missing.length === 0) return { ...outcome, action: 'unchanged' };
  if (!options.dryRun) await write(options.server, input, Object.fromEntries(missing));
  return { ...outcome, action: exists ? 'completed' : 'created' };
}

async function write(server: ApiServer, input: Bring, missing: SecretData): Promise<void> {
  const { spec, namespace, exists, signal } = input;
  const data = Object.fromEntries(
    Object.entries(missing).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const collection = `/api/v1/namespaces/${namespace}/secrets`;
  const labels = { [labelKeys.partOf]: 'kubehero', ...spec.labels };
  const metadata = {
    name: spec.name,
    namespace,
    labels,
    annotations: { 'kubehero.io/purpose': spec.purpose },
  };
  await writeJson({
    server,
    signal,
    timeoutMs: TIMEOUT_MS,
    what: `write the secret ${namespace}/${spec.name}`,
    ...(exists
      ? {
          method: 'PATCH',
          path: `${collection}/${spec.name}`,
          contentType: 'application/merge-patch+json',
          body: { data },
        }
      : {
          method: 'POST',
          path: collection,
          body: { apiVersion: 'v1', kind: 'Secret', metadata, type: spec.type, data },
        }),
  });
}

async function read(
  server: ApiServer,
  { namespace, name }: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<Found> {
  const secret = await tryGet(server, `/api/v1/namespaces/${namespace}/secrets/${name}`, signal);
  const data = (secret?.['data'] ?? {}) as Record<string, string>;
  return {
    exists: secret !== undefined,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
    ),
  };
}

async function tryGet(
  server: ApiServer,
  path: string,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  try {
    const what = `read ${path.split('/').slice(3).join('/')}`;
    const answer = await getJson({ server, path, what, signal, idleTimeoutMs: TIMEOUT_MS });
    return answer as Record<string, unknown>;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** A Service of the Secret's first namespace, from its bare name to the full one; a wildcard is never a bare name. */
function dnsNames(
  { namespaces, clusterDomain }: CreateSecretsOptions,
  spec: SecretSpec,
  service: string,
): string[] {
  const namespace = spec.namespaces[0] ?? 'system';
  const qualified = `${service}.${namespaces[namespace]}`;
  const full = [`${qualified}.svc`, `${qualified}.svc.${clusterDomain}`];
  return service.startsWith('*') ? full : [service, qualified, ...full];
}
