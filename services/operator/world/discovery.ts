import { ApiError, getJson, type ApiServer } from '@kubehero/kubernetes';

/** What an API server can do beyond what every one can. */
export interface Abilities {
  /** ValidatingAdmissionPolicy v1 (Kubernetes 1.30). */
  readonly admissionPolicies: boolean;
  readonly argoCd: boolean;
  readonly rollouts: boolean;
  readonly scaledObjects: boolean;
}

/** A collection that may be served: group, version, plural. */
type Collection = readonly [string, string, string];

const collections = {
  admissionPolicies: ['admissionregistration.k8s.io', 'v1', 'validatingadmissionpolicies'],
  argoCd: ['argoproj.io', 'v1alpha1', 'applications'],
  rollouts: ['argoproj.io', 'v1alpha1', 'rollouts'],
  scaledObjects: ['keda.sh', 'v1alpha1', 'scaledobjects'],
} as const satisfies Record<keyof Abilities, Collection>;

const timeoutMs = 10_000;

/**
 * Asks an API server what it serves. Whoever is authenticated may ask; definitions themselves, which the operator may
 * not read, are not needed.
 *
 * @throws {ApiError} by status
 */
export async function discover(server: ApiServer, signal: AbortSignal): Promise<Abilities> {
  const read = async (path: string): Promise<unknown> =>
    getJson({ server, path, what: `discover ${path}`, signal, idleTimeoutMs: timeoutMs });
  const { groups = [] } = (await read('/apis')) as { groups?: { versions?: { groupVersion?: string }[] }[] };
  const served = new Set(groups.flatMap(({ versions = [] }) => versions.map((each) => each.groupVersion)));
  const wanted = new Set(Object.values(collections).map(([group, version]) => `${group}/${version}`));
  const resources = new Set<string>();
  for (const groupVersion of [...wanted].filter((each) => served.has(each))) {
    const list = (await readIfServed(read, `/apis/${groupVersion}`)) as { resources?: { name?: string }[] };
    for (const { name } of list.resources ?? []) resources.add(`${groupVersion}/${name}`);
  }
  const has = ([group, version, plural]: Collection): boolean =>
    resources.has(`${group}/${version}/${plural}`);
  return {
    admissionPolicies: has(collections.admissionPolicies),
    argoCd: has(collections.argoCd),
    rollouts: has(collections.rollouts),
    scaledObjects: has(collections.scaledObjects),
  };
}

/** A group may go between the two questions. */
async function readIfServed(read: (path: string) => Promise<unknown>, path: string): Promise<unknown> {
  try {
    return await read(path);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'NOT_FOUND') return {};
    throw error;
  }
}
