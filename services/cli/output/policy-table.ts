import { formatPicounits } from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import { toTable } from './table.js';

const SHOWN_DECIMALS = 2;
const MAX_OBJECTS = 40;
const MAX_ACTIONS = 20;

/** Policies as a table for a terminal; money is cut to cents here and only here. */
export function renderPolicies(policies: readonly budget.PolicyStatus[]): string {
  if (policies.length === 0) return "no budget policy is known: write one with 'kubectl apply'\n";
  const rows = policies.map(({ verdict, originCluster, armed, hardStop, dryRun, phase }) => [
    verdict?.policyName ?? '',
    originCluster,
    amount(verdict?.spendPicounits),
    amount(verdict?.ceilingPicounits),
    share(verdict),
    amount(verdict?.forecast?.expectedPicounits),
    instant(verdict?.periodEndsAtS),
    dryRun ? 'dry run' : armed ? 'armed' : hardStop ? 'not armed' : 'warns only',
    phase,
  ]);
  const heading = ['POLICY', 'CLUSTER', 'SPEND', 'CEILING', '%', 'FORECAST', 'PERIOD ENDS', 'ARMED', 'PHASE'];
  return `${toTable([heading, ...rows]).join('\n')}\n`;
}

/** One policy with everything that is known of it. */
export function renderPolicy({ status, actions }: budget.GetPolicyResponse): string {
  if (status === null) return '';
  const { verdict } = status;
  const forecast = verdict?.forecast ?? undefined;
  const lines = [
    renderPolicies([status]).trimEnd(),
    '',
    `burn rate ${amount(verdict?.burnPerHourPicounits)}/h, counted through ${instant(verdict?.spentThroughS)}`,
    ...(forecast === undefined
      ? []
      : [
          `forecast ${amount(forecast.lowPicounits)} to ${amount(forecast.highPicounits)} in four of five cases (${forecast.method})`,
        ]),
    ...(verdict?.exceeded === true ? [`passed its ceiling at ${instant(verdict.exceededAtS)}`] : []),
    ...(verdict?.armedBy ? [`armed by ${verdict.armedBy}`] : []),
    ...(verdict?.stillPaidPerHourPicounits
      ? [`nodes of what is stopped still cost ${amount(verdict.stillPaidPerHourPicounits)}/h`]
      : []),
    '',
    ...toTable([
      ['CONDITION', 'STATUS', 'REASON', 'MESSAGE'],
      ...(verdict?.conditions ?? []).map(({ type, status: holds, reason, message }) => [
        type,
        holds,
        reason,
        message,
      ]),
    ]),
    ...status.clusters.flatMap(clusterLines),
    ...historyLines(actions),
  ];
  return `${lines.join('\n')}\n`;
}

/** What a policy would have done. */
export function renderSimulation(answer: budget.SimulatePolicyResponse): string {
  const periods = answer.periods.map(
    ({ startsAtS, endsAtS, spendPicounits, exceededAtS, spendAfterPicounits }) => [
      instant(startsAtS),
      instant(endsAtS),
      amount(spendPicounits),
      exceededAtS === '0' ? '' : instant(exceededAtS),
      exceededAtS === '0' ? '' : amount(spendAfterPicounits),
    ],
  );
  const lines = [
    ...toTable([['FROM', 'TO', `SPEND ${answer.currency}`, 'CROSSED AT', 'SPENT AFTER'], ...periods]),
    '',
    ...answer.conditions.map(({ message }) => message),
    '',
    answer.wouldStop.length === 0
      ? 'nothing would be stopped now'
      : `would stop now (${answer.wouldStop.length}):`,
    ...objectLines(answer.wouldStop),
  ];
  return `${lines.join('\n')}\n`;
}

function clusterLines({ cluster, connected, enforcement }: budget.ClusterEnforcement): string[] {
  if (enforcement === null) return [];
  const state = enforcement.state.replace('ENFORCEMENT_STATE_', '').toLowerCase().replace('_', ' ');
  return [
    '',
    `${cluster}${connected ? '' : ' (not connected)'}: ${state}, ${enforcement.objectCount} objects${enforcement.message === '' ? '' : `; ${enforcement.message}`}`,
    ...objectLines(enforcement.objects),
  ];
}

function objectLines(objects: readonly budget.AffectedObject[]): string[] {
  if (objects.length === 0) return [];
  const more = objects.length > MAX_OBJECTS ? [`… and ${objects.length - MAX_OBJECTS} more`] : [];
  const rows = objects
    .slice(0, MAX_OBJECTS)
    .map(({ kind, namespace, name, action }) => [kind, namespace, name, action]);
  return [...toTable([['KIND', 'NAMESPACE', 'NAME', 'ACTION'], ...rows]), ...more];
}

function historyLines(actions: readonly budget.ActionRecord[]): string[] {
  if (actions.length === 0) return [];
  const rows = actions
    .slice(0, MAX_ACTIONS)
    .map(({ at, action, object, reason, fault }) => [
      at,
      action,
      object === null ? '' : `${object.kind} ${object.namespace}/${object.name}`,
      fault === '' ? reason : `REFUSED, ${fault}: ${reason}`,
    ]);
  return ['', ...toTable([['AT', 'ACTION', 'OBJECT', 'REASON'], ...rows])];
}

function amount(picounits: string | undefined): string {
  if (picounits === undefined || picounits === '') return '';
  const [whole = '0', fraction = ''] = formatPicounits(BigInt(picounits)).split('.');
  return `${whole}.${fraction.padEnd(SHOWN_DECIMALS, '0').slice(0, SHOWN_DECIMALS)}`;
}

function share(verdict: budget.Verdict | null): string {
  const ceiling = digits(verdict?.ceilingPicounits);
  return ceiling === 0n ? '' : String((digits(verdict?.spendPicounits) * 100n) / ceiling);
}

/** Nothing was judged yet where there are no digits. */
function digits(text: string | undefined): bigint {
  return text === undefined || text === '' ? 0n : BigInt(text);
}

function instant(second: string | undefined): string {
  const at = Number(second ?? 0);
  return at === 0 ? '' : new Date(at * 1000).toISOString().replace('.000Z', 'Z');
}
