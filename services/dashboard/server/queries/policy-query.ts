import type {
  ArmRequest,
  PolicyDetailMessage,
  PolicyListMessage,
  PolicyMessage,
  SimulationMessage,
} from '../../features/budgets/model/budget-messages.js';
import { byUrgency } from '../../features/budgets/model/urgency.js';
import type { ControlPlaneClient } from '../control-plane-client.js';
import { readList, readMessage, readNumber, readPico, readString } from './connect-json.js';
import { toAction, toConditions, toObjects, toPolicy } from './policy-reader.js';
import type { QueryCache } from './query-cache.js';

const SERVICE = 'kubehero.budget.v1.PolicyService';
const LIFETIME_MS = 2000;
/** What would be stopped changes as pods do; the month behind it is dear to add up. */
const SIMULATION_LIFETIME_MS = 15_000;
const DAYS = 30;
/** The control plane waits 20 s for the cluster's operator. */
const ARM_TIMEOUT_MS = 25_000;
const SIMULATION_TIMEOUT_MS = 30_000;

type Client = Pick<ControlPlaneClient, 'call'>;

/** Which policy; `cluster` may be empty while only one cluster has a policy of this name. */
export interface PolicyAsked {
  readonly policy: string;
  readonly cluster: string;
}

/** All policies, those that need a person first. @throws ControlPlaneError */
export function readPolicies(client: Client, cache: QueryCache): Promise<PolicyListMessage> {
  return cache.get('policies', LIFETIME_MS, async () => {
    const answer = readMessage(await client.call(`${SERVICE}/ListPolicies`, {}), 'answer');
    return { policies: readList(answer['policies'], 'policies').map(toPolicy).sort(byUrgency) };
  });
}

/** One policy. @throws ControlPlaneError */
export async function readPolicy(client: Client, asked: PolicyAsked): Promise<PolicyDetailMessage> {
  const answer = readMessage(await client.call(`${SERVICE}/GetPolicy`, { ...asked }), 'answer');
  return {
    policy: toPolicy(answer['status']),
    points: readList(answer['points'], 'points').map((value) => {
      const raw = readMessage(value, 'point');
      return {
        atS: readNumber(raw['atS'], 'atS'),
        spendPico: readPico(raw['spendPicounits'], 'spendPicounits'),
      };
    }),
    actions: readList(answer['actions'], 'actions').map(toAction),
  };
}

/** What a policy would have done in 30 days and would stop now. @throws ControlPlaneError */
export function simulatePolicy(
  client: Client,
  cache: QueryCache,
  asked: PolicyAsked,
): Promise<SimulationMessage> {
  const key = `simulation ${JSON.stringify([asked.cluster, asked.policy])}`;
  return cache.get(key, SIMULATION_LIFETIME_MS, async () => {
    const request = { ...asked, days: DAYS };
    const answer = await client.call(`${SERVICE}/SimulatePolicy`, request, SIMULATION_TIMEOUT_MS);
    const raw = readMessage(answer, 'answer');
    return {
      currency: readString(raw['currency'], 'currency'),
      periods: readList(raw['periods'], 'periods').map(toPeriod),
      wouldStop: toObjects(raw['wouldStop']),
      conditions: toConditions(raw['conditions']),
    };
  });
}

/**
 * Arms or disarms a policy on behalf of a person; resolves when the cluster's operator has written it.
 * @throws ControlPlaneError
 */
export async function setArmed(client: Client, asked: ArmRequest, by: string): Promise<PolicyMessage> {
  const answer = await client.call(`${SERVICE}/SetArmed`, { ...asked, by }, ARM_TIMEOUT_MS);
  return toPolicy(readMessage(answer, 'answer')['status']);
}

function toPeriod(value: unknown): SimulationMessage['periods'][number] {
  const raw = readMessage(value, 'period');
  return {
    startsAtS: readNumber(raw['startsAtS'], 'startsAtS'),
    endsAtS: readNumber(raw['endsAtS'], 'endsAtS'),
    spendPico: readPico(raw['spendPicounits'], 'spendPicounits'),
    exceededAtS: readNumber(raw['exceededAtS'], 'exceededAtS'),
    spendAfterPico: readPico(raw['spendAfterPicounits'], 'spendAfterPicounits'),
  };
}
