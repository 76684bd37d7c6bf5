import { isNeverTouched } from '@kubehero/contract';
import {
  enforcementActions,
  formatPicounits,
  matchesLabels,
  periodAt,
  ScopeIndex,
  type PartSpec,
  type ScopeNamespace,
  type Window,
} from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import type { InventoryDirectory } from '../inventory/inventory-directory.js';
import type { Subject } from './policy-plan.js';
import type { SpendReader } from './spend-reader.js';

/** What simulating works with. */
export interface SimulationOptions {
  readonly reader: SpendReader;
  readonly inventory: InventoryDirectory;
  readonly namespaces: ReadonlyMap<number, ScopeNamespace>;
}

interface ClusterSum {
  idle: bigint;
  pods: bigint;
  scope: bigint;
}

type Step = Map<number, ClusterSum>;

const HOUR_S = 3600;
const QUARTER_S = 900;
const MINUTE_S = 60;
const MAX_OBJECTS = 1000;
const ACTION_OF: Readonly<Record<string, string>> = {
  Deployment: 'Scaled',
  StatefulSet: 'Scaled',
  ReplicaSet: 'Scaled',
  Rollout: 'Scaled',
  Job: 'Suspended',
  CronJob: 'Suspended',
  ScaledObject: 'Paused',
  HorizontalPodAutoscaler: 'Held',
};
const LEFT_ALONE = new Set(['DaemonSet', 'Node']);

/** What a policy would have done, period by period, as things are priced now. */
export async function simulatePeriods(
  subject: Subject,
  window: Window,
  { reader, namespaces }: SimulationOptions,
): Promise<budget.SimulatedPeriodInput[]> {
  const zone = subject.spec.timeZone ?? 'UTC';
  const first = periodAt(subject.ceiling.period, zone, window.from);
  // Zones that are half hours or quarters off need finer steps
  const stepS = first.from % HOUR_S === 0 ? HOUR_S : QUARTER_S;
  const aligned = { from: Math.ceil(window.from / stepS) * stepS, to: window.to };
  const steps = await readSteps(subject, { window: aligned, stepS }, reader, namespaces);
  const minutesOf = ({ at }: Spent): Promise<readonly Spent[]> =>
    readSteps(subject, { window: { from: at, to: at + stepS }, stepS: MINUTE_S }, reader, namespaces);
  const periods: budget.SimulatedPeriodInput[] = [];
  for (let at = aligned.from; at < window.to;) {
    const { from, to } = periodAt(subject.ceiling.period, zone, at);
    const clipped = { from: Math.max(from, aligned.from), to: Math.min(to, window.to) };
    const own = steps.filter((step) => step.at >= clipped.from && step.at < clipped.to);
    periods.push(await toPeriod(subject, { from, to }, own, minutesOf));
    at = to;
  }
  return periods;
}

interface Spent {
  readonly at: number;
  readonly cost: bigint;
}

async function toPeriod(
  subject: Subject,
  period: Window,
  steps: readonly Spent[],
  minutesOf: (step: Spent) => Promise<readonly Spent[]>,
): Promise<budget.SimulatedPeriodInput> {
  const ceiling = subject.ceiling.picounits;
  let spend = 0n;
  let exceededAtS = 0;
  let spendAtCrossing = 0n;
  for (const step of steps) {
    if (exceededAtS === 0 && spend + step.cost >= ceiling) {
      ({ at: exceededAtS, cost: spendAtCrossing } = findCrossing(
        spend,
        ceiling,
        await minutesOf(step),
        step,
      ));
    }
    spend += step.cost;
  }
  return {
    startsAtS: period.from,
    endsAtS: period.to,
    spendPicounits: spend.toString(),
    exceededAtS,
    spendAfterPicounits: (exceededAtS === 0 ? 0n : spend - spendAtCrossing).toString(),
  };
}

/** End of the minute in which the ceiling was passed, and the spend by then. */
function findCrossing(before: bigint, ceiling: bigint, minutes: readonly Spent[], step: Spent): Spent {
  let spend = before;
  for (const { at, cost } of minutes) {
    spend += cost;
    if (spend >= ceiling) return { at: at + MINUTE_S, cost: spend };
  }
  return { at: step.at, cost: before + step.cost }; // minutes have expired, or their shares of idle round down
}

async function readSteps(
  subject: Subject,
  asked: { readonly window: Window; readonly stepS: number },
  reader: SpendReader,
  namespaces: ReadonlyMap<number, ScopeNamespace>,
): Promise<readonly Spent[]> {
  const index = new ScopeIndex<PartSpec>(subject.parts, namespaces);
  const steps = new Map<number, Step>();
  for await (const sum of reader.read({
    ...asked,
    clusterKeys: subject.clusterKeys,
    labelKeys: index.labelKeys(),
    originS: 0,
  })) {
    const step = steps.get(sum.at) ?? new Map<number, ClusterSum>();
    steps.set(sum.at, step);
    const cluster = step.get(sum.clusterKey) ?? { idle: 0n, pods: 0n, scope: 0n };
    step.set(sum.clusterKey, cluster);
    if (sum.kind === 'idle') cluster.idle += sum.cost;
    else {
      cluster.pods += sum.cost;
      if (index.classOf(sum.namespaceKey, sum.labels).parts.length > 0) cluster.scope += sum.cost;
    }
  }
  const includeIdle = subject.spec.includeIdle === true;
  return [...steps]
    .map(([at, step]) => ({ at, cost: costOf(step, includeIdle) }))
    .sort((a, b) => a.at - b.at);
}

function costOf(step: Step, includeIdle: boolean): bigint {
  let cost = 0n;
  for (const { idle, pods, scope } of step.values()) {
    cost += scope + (includeIdle && pods > 0n ? (idle * scope) / pods : 0n);
  }
  return cost;
}

/** Objects that the policy would stop now, by the inventory. */
export function wouldStop(subject: Subject, inventory: InventoryDirectory): budget.AffectedObjectInput[] {
  if (!enforcementActions(subject.spec).has('ScaleToZero')) return [];
  return subject.parts.flatMap((part) => stoppedIn(part, subject, inventory)).slice(0, MAX_OBJECTS);
}

function stoppedIn(
  part: PartSpec,
  { spec }: Subject,
  inventory: InventoryDirectory,
): budget.AffectedObjectInput[] {
  const covered = [...inventory.namespaces(part.clusterKey).values()].filter(
    ({ name, labels, protected: isProtected }) =>
      !isProtected && !isNeverTouched(name) && part.coversNamespace(name, labels),
  );
  const names = new Set(covered.map(({ name }) => name));
  const exclude = spec.enforcement?.exclude;
  return inventory
    .owners(part.clusterKey)
    .filter(
      (owner) =>
        names.has(owner.namespace) &&
        !owner.protected &&
        !LEFT_ALONE.has(owner.kind) &&
        matchesLabels(part.workloadSelector, owner.podLabels) &&
        (exclude === undefined || !matchesLabels(exclude, owner.podLabels)),
    )
    .map(({ apiVersion, kind, namespace, name, uid }) => ({
      apiVersion,
      kind,
      namespace,
      name,
      uid,
      action: ACTION_OF[kind] ?? 'Reported',
    }));
}

/** One sentence on what came out. */
export function summaryOf(subject: Subject, periods: readonly budget.SimulatedPeriodInput[]): string {
  const crossed = periods.filter(({ exceededAtS }) => Number(exceededAtS) > 0).length;
  const ceiling = `${formatPicounits(subject.ceiling.picounits)} ${subject.ceiling.currency}`;
  return `${crossed} of ${periods.length} periods would have passed the ceiling of ${ceiling}, at today's prices and labels`;
}
