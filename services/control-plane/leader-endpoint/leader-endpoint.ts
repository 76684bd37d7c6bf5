import { objectNames } from '@kubehero/contract';
import { ApiError, getJson, writeJson, type ApiServer } from '@kubehero/kubernetes';
import { sleep, type Logger } from '@kubehero/runtime';
import { tryFindLeader, type Database, type Kysely, type LeaseTerm } from '@kubehero/store-postgres';
import type { Capability } from '../capability.js';
import { isRight, toEndpointSlice, type EndpointSlice, type LeaderPlace } from './endpoint-slice.js';

/** Where the slice is written. */
export interface LeaderEndpointOptions extends LeaderPlace {
  readonly db: Kysely<Database>;
  readonly server: ApiServer;
  readonly logger: Logger;
}

const LOOK_MS = 2000;
const TIMEOUT_MS = 5000;
const FIELD_MANAGER = 'kubehero-control-plane';

/**
 * Points the Service of the control plane at the leader: the EndpointSlice is written as a term begins, looked at every
 * two seconds of it, and written again whenever it says something else.
 *
 * A leader that was stopped and wakes up late cannot take the Service back: before every write it asks the lease, and
 * the write only applies to the state that was read before that.
 */
export function leaderEndpointCapability(options: LeaderEndpointOptions): Capability {
  let stopping = new AbortController();
  let running: Promise<void> | undefined;
  const follow = async (): Promise<void> => {
    stopping.abort();
    await running;
    running = undefined;
  };
  return {
    leadership: {
      lead: async (term) => {
        await follow();
        stopping = new AbortController();
        running = keepRight(options, term, stopping.signal);
      },
      follow,
    },
    stop: follow,
  };
}

async function keepRight(
  options: LeaderEndpointOptions,
  term: LeaseTerm,
  signal: AbortSignal,
): Promise<void> {
  const wanted = toEndpointSlice(options);
  let failing = false;
  while (!signal.aborted) {
    try {
      if (await ensure(options, term, { wanted, signal })) {
        options.logger.info('the service points at this replica', {
          address: options.podIp,
          epoch: term.epoch,
        });
      }
      failing = false;
    } catch (error) {
      // The next look repeats it; one line tells a long outage.
      if (!signal.aborted && !failing) options.logger.warn('the leader has no endpoint', { error });
      failing = true;
    }
    await sleep(LOOK_MS, signal);
  }
}

/** Writes the slice where it is not right and this replica still leads. @returns true where it was written */
async function ensure(
  options: LeaderEndpointOptions,
  term: LeaseTerm,
  { wanted, signal }: { readonly wanted: EndpointSlice; readonly signal: AbortSignal },
): Promise<boolean> {
  const { server, namespace, db } = options;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/${objectNames.leaderEndpointSlice}`;
  const found = await tryRead(server, path, signal);
  if (found !== undefined && isRight(found, wanted)) return false;
  const leader = await tryFindLeader(db);
  if (signal.aborted || leader?.holder !== term.holder || leader.epoch !== term.epoch) return false;
  const resourceVersion = found?.metadata?.resourceVersion;
  await writeJson({
    server,
    path: `${path}?fieldManager=${FIELD_MANAGER}&force=true`,
    what: `write the endpointslice ${namespace}/${objectNames.leaderEndpointSlice}`,
    method: 'PATCH',
    contentType: 'application/apply-patch+yaml',
    body: {
      ...wanted,
      metadata: { ...wanted.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    },
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  return true;
}

async function tryRead(
  server: ApiServer,
  path: string,
  signal: AbortSignal,
): Promise<EndpointSlice | undefined> {
  try {
    const what = `read the endpointslice ${objectNames.leaderEndpointSlice}`;
    return (await getJson({ server, path, what, signal, idleTimeoutMs: TIMEOUT_MS })) as EndpointSlice;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
