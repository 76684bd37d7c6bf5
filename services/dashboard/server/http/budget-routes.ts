import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ArmRequest } from '../../features/budgets/model/budget-messages.js';
import type { ControlPlaneClient } from '../control-plane-client.js';
import {
  readPolicies,
  readPolicy,
  setArmed,
  simulatePolicy,
  type PolicyAsked,
} from '../queries/policy-query.js';
import type { QueryCache } from '../queries/query-cache.js';
import type { Session } from '../session/session-cookie.js';
import { readJsonBody, replyFault, replyJson, type Fault } from './reply.js';
import { FOREIGN, isSameOrigin } from './same-origin.js';

/** Where a policy is armed and disarmed. */
export const ARMED_PATH = '/api/budgets/armed';

const MAX_BODY_BYTES = 4096;
/** Names of objects in Kubernetes have at most 253 characters (RFC 1123). */
const MAX_NAME_CHARACTERS = 253;
const INVALID: Fault = { status: 400, code: 'INVALID_REQUEST', message: 'parameters make no sense' };

/** What budgets are read from. */
export interface BudgetRoutesOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly cache: QueryCache;
}

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  call: { readonly url: URL },
) => Promise<void>;

/** The routes by which budgets are read. */
export function budgetRoutes({ client, cache }: BudgetRoutesOptions): (readonly [string, Handler])[] {
  const aboutOne =
    (read: (asked: PolicyAsked) => Promise<unknown>): Handler =>
    async (request, response, { url }) => {
      const asked = tryParseAsked(url.searchParams);
      if (asked === undefined) return replyFault(request, response, INVALID);
      await replyJson(request, response, await read(asked));
    };
  return [
    [
      '/api/budgets',
      async (request, response) => replyJson(request, response, await readPolicies(client, cache)),
    ],
    ['/api/budgets/policy', aboutOne((asked) => readPolicy(client, asked))],
    ['/api/budgets/simulation', aboutOne((asked) => simulatePolicy(client, cache, asked))],
  ];
}

/** POST: arms or disarms in the name of whoever is logged in; a request of another page is refused. */
export async function armPolicy(
  request: IncomingMessage,
  response: ServerResponse,
  options: Pick<BudgetRoutesOptions, 'client'> & { readonly session: Session },
): Promise<void> {
  if (!isSameOrigin(request)) return replyFault(request, response, FOREIGN);
  const asked = tryParseArm(await readJsonBody(request, MAX_BODY_BYTES));
  if (asked === undefined) return replyFault(request, response, INVALID);
  await replyJson(request, response, await setArmed(options.client, asked, options.session.subject));
}

function tryParseAsked(query: URLSearchParams): PolicyAsked | undefined {
  const policy = query.get('policy') ?? '';
  const cluster = query.get('cluster') ?? '';
  return isName(policy) && policy !== '' && isName(cluster) ? { policy, cluster } : undefined;
}

function tryParseArm(body: unknown): ArmRequest | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { policy, cluster, armed, confirmName } = body as Readonly<Record<string, unknown>>;
  if (!isName(policy) || policy === '' || !isName(cluster) || !isName(confirmName)) return undefined;
  return typeof armed === 'boolean' ? { policy, cluster, armed, confirmName } : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME_CHARACTERS;
}
