import { randomUUID } from 'node:crypto';
import { BudgetError, type ScopeNamespace } from '@kubehero/domain';
import { budget, implement, RpcError, type Implementation } from '@kubehero/rpc';
import {
  listBudgetActions,
  listBudgetEnforcement,
  listBudgetPolicies,
  listBudgetSpend,
  listBudgetVerdicts,
  listLabelledClusters,
  listNamespaces,
  type BudgetPolicyRow,
  type LabelledCluster,
} from '@kubehero/store-postgres';
import type { InventoryDirectory } from '../inventory/inventory-directory.js';
import type { BudgetEngine, BudgetNews } from './budget-engine.js';
import type { Stores } from './find-stored.js';
import { planPolicies } from './policy-plan.js';
import { mostSpent, toStatus, type KnownVerdict } from './policy-status.js';
import { simulatePeriods, summaryOf, wouldStop } from './simulate-policy.js';
import { SpendReader } from './spend-reader.js';
import { fromStored } from './take-actions.js';
import type { VerdictBody } from './verdict-message.js';

/** What the service works with. */
export interface PolicyServiceOptions extends Stores {
  readonly inventory: InventoryDirectory;
  readonly currency: string;
  readonly nowS: () => number;
  /** The engine of this term, undefined while another replica leads. */
  readonly engine: () => BudgetEngine | undefined;
}

const MAX_ACTIONS = 200;
const ANSWER_MS = 20_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;
const DAY_S = 86_400;
const HOUR_S = 3600;

/** Budgets for people and programs; every replica answers from the database, the leader from memory where it is newer. */
export function policyService(options: PolicyServiceOptions): Implementation {
  return implement(budget.PolicyService, {
    ListPolicies: async () => ({ policies: await listStatuses(options) }),
    GetPolicy: (request) => getPolicy(options, request),
    SetArmed: (request) => setArmed(options, request),
    SimulatePolicy: (request) => simulate(options, request),
  });
}

async function listStatuses(
  options: PolicyServiceOptions,
  only?: BudgetPolicyRow,
): Promise<budget.PolicyStatusInput[]> {
  const { db } = options;
  const [policies, verdicts, enforcement, clusters] = await Promise.all([
    only === undefined ? listBudgetPolicies(db) : [only],
    listKnownVerdicts(options),
    listBudgetEnforcement(db),
    listLabelledClusters(db),
  ]);
  const isConnected = (clusterKey: number): boolean => options.engine()?.sessionOf(clusterKey) !== undefined;
  return [...policies]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((policy) =>
      toStatus({
        policy,
        clusters,
        isConnected,
        verdicts: verdicts.filter(({ body }) => body.policyUid === policy.uid),
        enforcement: enforcement.filter(({ policyUid }) => policyUid === policy.uid),
      }),
    );
}

async function listKnownVerdicts({ db, engine }: PolicyServiceOptions): Promise<KnownVerdict[]> {
  const stored = await listBudgetVerdicts(db);
  return stored.map(({ policyUid, clusterKey, epoch, version, message }) => {
    const live = engine()?.tryFindPublished(policyUid, clusterKey);
    return live ?? { clusterKey, epoch, version, body: message as VerdictBody };
  });
}

/** @throws RpcError `not_found`, or `failed_precondition` where several have this name */
async function findPolicy(
  options: PolicyServiceOptions,
  asked: { readonly policy: string; readonly cluster: string },
): Promise<BudgetPolicyRow> {
  const [policies, clusters] = await Promise.all([
    listBudgetPolicies(options.db),
    listLabelledClusters(options.db),
  ]);
  const keyOf = (text: string): number | undefined =>
    clusters.find(({ id, name }) => id === text || name === text)?.key;
  const found = policies.filter(
    ({ uid, name, clusterKey }) =>
      (uid === asked.policy || name === asked.policy) &&
      (asked.cluster === '' || clusterKey === keyOf(asked.cluster)),
  );
  const [policy] = found;
  if (policy === undefined) {
    throw new RpcError(
      'not_found',
      `no budget policy '${asked.policy}' is known: see 'kubehero policy list'`,
    );
  }
  if (found.length > 1) {
    throw new RpcError(
      'failed_precondition',
      `${found.length} clusters have a budget policy '${asked.policy}': say in which cluster`,
    );
  }
  return policy;
}

async function getPolicy(
  options: PolicyServiceOptions,
  request: budget.GetPolicyRequest,
): Promise<budget.GetPolicyResponseInput> {
  const policy = await findPolicy(options, request);
  const [[status], actions, points] = await Promise.all([
    listStatuses(options, policy),
    listBudgetActions(options.db, policy.uid, MAX_ACTIONS),
    burnDown(options, policy),
  ]);
  return {
    ...(status === undefined ? {} : { status }),
    points,
    actions: actions.map(fromStored),
  };
}

/** Spend from the period's start by hours, and now. */
async function burnDown(
  options: PolicyServiceOptions,
  policy: BudgetPolicyRow,
): Promise<budget.SpendPointInput[]> {
  const own = (await listKnownVerdicts(options)).filter(({ body }) => body.policyUid === policy.uid);
  const verdict = mostSpent(own);
  if (verdict === undefined) return [];
  const { body, clusterKey } = verdict;
  const startS = Number(body.periodStartsAtS);
  const rows = await listBudgetSpend(options.db, [policy.uid], startS);
  const hours = new Map<number, bigint>();
  for (const row of rows) {
    if (clusterKey !== 0 && row.clusterKey !== clusterKey) continue;
    hours.set(row.hour, (hours.get(row.hour) ?? 0n) + row.cost + row.idle);
  }
  let spend = 0n;
  const points = [{ atS: startS, spendPicounits: '0' }];
  for (const [hour, cost] of [...hours].sort(([a], [b]) => a - b)) {
    spend += cost;
    const atS = hour + HOUR_S;
    if (atS < Number(body.spentThroughS)) points.push({ atS, spendPicounits: spend.toString() });
  }
  return [...points, { atS: Number(body.spentThroughS), spendPicounits: body.spendPicounits ?? '0' }];
}

async function setArmed(
  options: PolicyServiceOptions,
  request: budget.SetPolicyArmedRequest,
): Promise<budget.SetPolicyArmedResponseInput> {
  const policy = await findPolicy(options, request);
  const { armed, confirmName, by } = request;
  if (armed && confirmName !== policy.name) {
    throw new RpcError(
      'invalid_argument',
      `arming lets the policy stop workloads: confirm it by its name '${policy.name}', not '${confirmName}'`,
    );
  }
  const engine = options.engine();
  if (engine === undefined) throw new RpcError('unavailable', 'this replica does not lead: try again');
  const session = engine.sessionOf(policy.clusterKey);
  if (session === undefined) {
    throw new RpcError(
      'unavailable',
      `the operator of the cluster in which '${policy.name}' is written is not connected: look at it there, or use kubectl there`,
    );
  }
  const requestId = randomUUID();
  const done = waitUntilArmed(engine, policy, { armed, requestId });
  session.send({ setArmed: { requestId, policyUid: policy.uid, armed, by: by === '' ? 'unknown' : by } });
  await done;
  const [status] = await listStatuses(options, engine.tryFindPolicy(policy.uid) ?? policy);
  return status === undefined ? {} : { status };
}

/** Resolves when the cluster holds it so; rejects where the operator refuses, or does not answer. */
async function waitUntilArmed(
  engine: BudgetEngine,
  policy: BudgetPolicyRow,
  wanted: { readonly armed: boolean; readonly requestId: string },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (error?: RpcError): void => {
      clearTimeout(timer);
      unsubscribe();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = setTimeout(() => {
      end(
        new RpcError(
          'deadline_exceeded',
          `the operator did not answer within ${ANSWER_MS / 1000} s: see 'kubehero policy show ${policy.name}'`,
        ),
      );
    }, ANSWER_MS);
    const unsubscribe = engine.onNews((news) => {
      const refusal = refusalOf(news, wanted.requestId);
      if (refusal !== undefined) end(new RpcError('failed_precondition', refusal));
      else if (
        isArmed(engine, policy.uid) === wanted.armed &&
        (news.authoredBy === policy.clusterKey || answers(news, wanted.requestId))
      )
        end();
    });
  });
}

function isArmed(engine: BudgetEngine, uid: string): boolean {
  const spec = engine.tryFindPolicy(uid)?.specJson ?? '{}';
  return (JSON.parse(spec) as { armed?: boolean }).armed === true;
}

function answers({ actions }: BudgetNews, requestId: string): boolean {
  return actions.some(({ afterJson }) => afterJson.includes(requestId));
}

function refusalOf({ actions }: BudgetNews, requestId: string): string | undefined {
  return actions.find(({ action, afterJson }) => action === 'Refuse' && afterJson.includes(requestId))
    ?.reason;
}

async function simulate(
  options: PolicyServiceOptions,
  request: budget.SimulatePolicyRequest,
): Promise<budget.SimulatePolicyResponseInput> {
  const { db, currency, inventory } = options;
  const days = request.days === 0 ? DEFAULT_DAYS : request.days;
  if (days > MAX_DAYS)
    throw new RpcError('invalid_argument', `${days} days are too many: give 1 to ${MAX_DAYS}`);
  const nowS = options.nowS();
  const clusters = await listLabelledClusters(db);
  const policy =
    request.policyJson === '' ? await findPolicy(options, request) : readPolicy(request, clusters);
  const { subjects, faults } = planPolicies({ policies: [policy], clusters, currency, nowS });
  const named = clusters.find(({ id, name }) => id === request.cluster || name === request.cluster)?.key;
  const subject = subjects.find(({ clusterKey }) => clusterKey === named) ?? subjects[0];
  if (subject === undefined)
    return { conditions: faults.map(({ statement }) => ({ ...statement })), currency };
  const simulation = {
    reader: new SpendReader(options),
    inventory,
    namespaces: await readNamespaces(options),
  };
  const window = { from: nowS - days * DAY_S, to: nowS };
  const periods = await simulatePeriods(subject, window, simulation);
  return {
    periods,
    wouldStop: wouldStop(subject, inventory),
    conditions: [
      ...subject.statements.map((one) => ({ ...one })),
      { type: 'Simulated', status: 'True', reason: 'Done', message: summaryOf(subject, periods) },
    ],
    currency,
  };
}

async function readNamespaces({
  db,
  inventory,
}: PolicyServiceOptions): Promise<ReadonlyMap<number, ScopeNamespace>> {
  const rows = await listNamespaces(db);
  return new Map(
    rows.map((row) => [
      row.key,
      { ...row, labels: inventory.namespaces(row.clusterKey).get(row.name)?.labels ?? {} },
    ]),
  );
}

/** A whole BudgetPolicy that no cluster has. @throws RpcError `invalid_argument` */
function readPolicy(
  { policyJson, cluster }: budget.SimulatePolicyRequest,
  clusters: readonly LabelledCluster[],
): BudgetPolicyRow {
  const origin = clusters.find(({ id, name }) => id === cluster || name === cluster) ?? clusters[0];
  if (origin === undefined)
    throw new RpcError('failed_precondition', 'no cluster is registered: add one first');
  try {
    const { metadata, spec } = JSON.parse(policyJson) as { metadata?: { name?: string }; spec?: unknown };
    if (spec === undefined) throw new BudgetError('BAD_SPEC', 'it has no spec');
    const name = metadata?.name ?? 'simulated';
    return {
      uid: 'simulated',
      clusterKey: origin.key,
      name,
      generation: 1,
      specJson: JSON.stringify(spec),
      armedBy: '',
    };
  } catch (error) {
    throw new RpcError('invalid_argument', 'the policy is no BudgetPolicy as JSON: give one with a spec', {
      cause: error,
    });
  }
}
