import { budgetPolicyCrd, budgetPolicyNames } from '@kubehero/contract';
import { ApiError, getJson, writeJson, type ApiServer } from '@kubehero/kubernetes';
import { sleep, UserError } from '@kubehero/runtime';

interface Definition {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly spec?: { readonly versions?: readonly { readonly schema?: unknown }[] };
  readonly status?: { readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] };
}

const COLLECTION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NAME = `${budgetPolicyNames.plural}.${budgetPolicyNames.group}`;
const TIMEOUT_MS = 10_000;
const SERVED_WITHIN_MS = 30_000;
const POLL_MS = 100;
const ATTEMPTS = 5;

/** What was done about the definition of BudgetPolicy. */
export type DefinitionOutcome = 'installed' | 'updated' | 'unchanged';

/**
 * Installs the definition of BudgetPolicy where it is missing, replaces one of an older version, and waits until it is
 * served.
 *
 * @throws {ApiError}
 * @throws {UserError} NOT_SERVED
 */
export async function installDefinition(server: ApiServer, signal: AbortSignal): Promise<DefinitionOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const outcome = await bringUp(server, signal);
      await waitUntilServed(server, signal);
      return outcome;
    } catch (error) {
      // The API server writes conditions into a definition; whoever was first, it is read again.
      if (!(error instanceof ApiError) || error.code !== 'CONFLICT' || attempt === ATTEMPTS) throw error;
      await sleep(POLL_MS * attempt, signal);
    }
  }
}

async function bringUp(server: ApiServer, signal: AbortSignal): Promise<DefinitionOutcome> {
  const found = await read(server, signal);
  if (found !== undefined && isCurrent(found)) return 'unchanged';
  const { resourceVersion } = found?.metadata ?? {};
  await writeJson({
    server,
    method: found === undefined ? 'POST' : 'PUT',
    path: found === undefined ? COLLECTION : `${COLLECTION}/${NAME}`,
    what: `install the definition ${NAME}`,
    signal,
    timeoutMs: TIMEOUT_MS,
    body: {
      ...budgetPolicyCrd,
      metadata: {
        ...budgetPolicyCrd.metadata,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    },
  });
  return found === undefined ? 'installed' : 'updated';
}

async function read(server: ApiServer, signal: AbortSignal): Promise<Definition | undefined> {
  const path = `${COLLECTION}/${NAME}`;
  try {
    const what = `read the definition ${NAME}`;
    return (await getJson({ server, path, what, signal, idleTimeoutMs: TIMEOUT_MS })) as Definition;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** A definition of this version, or of a later one, knows every field that this program writes. */
function isCurrent(found: Definition): boolean {
  const known = fieldsOf(found.spec?.versions?.[0]?.schema);
  return [...fieldsOf(budgetPolicyCrd.spec.versions[0].schema)].every((field) => known.has(field));
}

function fieldsOf(schema: unknown, path = '', fields = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return fields;
  for (const [key, value] of Object.entries(schema)) {
    if (key !== 'properties') {
      fieldsOf(value, path, fields);
      continue;
    }
    for (const [name, inner] of Object.entries(value as Record<string, unknown>)) {
      fields.add(`${path}.${name}`);
      fieldsOf(inner, `${path}.${name}`, fields);
    }
  }
  return fields;
}

async function waitUntilServed(server: ApiServer, signal: AbortSignal): Promise<void> {
  for (const until = performance.now() + SERVED_WITHIN_MS; performance.now() < until;) {
    const conditions = (await read(server, signal))?.status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    await sleep(POLL_MS, signal);
    signal.throwIfAborted();
  }
  throw new UserError(
    'NOT_SERVED',
    `the definition ${NAME} was installed and is not served: look at its conditions`,
  );
}
