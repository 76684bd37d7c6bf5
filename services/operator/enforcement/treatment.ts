import type { OwnerRef, Pod, Workload } from '../world/world-objects.js';
import type { World } from '../world/world.js';
import { isContested } from './change.js';
import { heldFieldOf, isRunning, tryFindHold, valueOf } from './hold.js';
import type { ScopeView } from './scope.js';

/** A workload that is left alone although it is covered, and why. */
export interface Reported {
  readonly workload: Pick<Workload, 'apiVersion' | 'kind' | 'namespace' | 'name' | 'uid'> | Pod;
  readonly why: string;
}

/** What is to be done with everything that a policy covers. */
export interface Treatment {
  /** Stopped by a write to the object itself, in the order in which to do it. */
  readonly hold: readonly Workload[];
  /** Its spec is somebody else's: its pods are deleted, and Deny keeps new ones away. */
  readonly drain: readonly Workload[];
  /** Pods to be deleted: of `drain`, and those without an owner. */
  readonly pods: readonly Pod[];
  /** Pods of `hold` that still run. */
  readonly running: number;
  readonly reported: readonly Reported[];
  /** Workloads that are protected by their own mark, whose pods Deny must let through. */
  readonly spared: readonly Workload[];
}

/** Autoscalers before what they scale, so that nothing wakes up what was just stopped; Jobs, which lose work, last. */
const order: readonly Workload['kind'][] = [
  'ScaledObject',
  'HorizontalPodAutoscaler',
  'CronJob',
  'Deployment',
  'Rollout',
  'StatefulSet',
  'ReplicaSet',
  'Job',
];

/** Controllers whose pods are stopped by way of their own owner. */
const passedOn: Readonly<Partial<Record<Workload['kind'], readonly string[]>>> = {
  ReplicaSet: ['Deployment', 'Rollout'],
  Job: ['CronJob'],
};

/** Works out what a policy does to what it covers. Reads the caches alone. */
export function toTreatment(scope: ScopeView, world: World): Treatment {
  const planner = new Planner(scope, world);
  for (const { name } of scope.namespaces) planner.plan(name);
  return planner.result();
}

class Planner {
  readonly #hold = new Map<string, Workload>();
  #running = 0;
  readonly #drain = new Map<string, Workload>();
  readonly #pods: Pod[] = [];
  readonly #reported = new Map<string, Reported>();
  readonly #spared: Workload[] = [];

  constructor(
    private readonly scope: ScopeView,
    private readonly world: World,
  ) {}

  plan(namespace: string): void {
    const all = [...this.world.workloads(namespace)];
    const autoscalers = all.filter(({ target }) => target !== undefined);
    for (const workload of all) {
      if (workload.target !== undefined || workload.kind === 'DaemonSet' || workload.isTerminating) continue;
      if (workload.isProtected) this.#spared.push(workload);
      else if (this.scope.covers(workload)) {
        this.#planOwner(workload, autoscalers);
        this.#checkRecord(workload);
      }
    }
    for (const pod of this.world.pods(namespace)) this.#planPod(pod);
  }

  result(): Treatment {
    const rank = (workload: Workload): number => order.indexOf(workload.kind);
    return {
      hold: [...this.#hold.values()].sort((a, b) => rank(a) - rank(b)),
      running: this.#running,
      drain: [...this.#drain.values()],
      pods: this.#pods,
      reported: [...this.#reported.values()],
      spared: this.#spared,
    };
  }

  #planOwner(workload: Workload, autoscalers: readonly Workload[]): void {
    if (workload.isFinished || isPassedOn(workload)) return;
    const scalers = autoscalers.filter((each) => scales(each, workload) && isActive(each));
    const active = [...scalers, ...(isActive(workload) ? [workload] : [])];
    if (active.length === 0) return;
    const why = whyLeftAlone(workload);
    if (why !== undefined) this.#reported.set(workload.uid, { workload, why });
    else if (active.some((each) => this.#isHealed(each)) || isContested(workload)) {
      this.#drain.set(workload.uid, workload);
    } else for (const each of active) this.#hold.set(each.uid, each);
  }

  #checkRecord(workload: Workload): void {
    if (workload.held === undefined || tryFindHold(workload) !== undefined) return;
    const why =
      'its annotation kubehero.io/held cannot be read, so what was there is not known: set it as it must be';
    this.#reported.set(workload.uid, { workload, why });
  }

  /** Somebody puts the spec back to what stands in Git: a write to it would start a fight. */
  #isHealed({ healedBy }: Workload): boolean {
    if (healedBy === 'Argo CD by instance label') return this.world.abilities().argoCd;
    return healedBy !== undefined;
  }

  #planPod(pod: Pod): void {
    if (!isStoppable(pod) || !this.scope.coversPods(pod.labels)) return;
    const { owner } = pod;
    const root = this.#rootOf(pod);
    if (owner === undefined || (root !== undefined && this.#drain.has(root.uid))) this.#pods.push(pod);
    else if (root === undefined) this.#reportUnknown(pod, owner);
    else if (this.#hold.has(root.uid)) this.#running += 1;
  }

  /** The workload that a pod is stopped by, undefined where its owner is of no known kind. */
  #rootOf({ owner }: Pod): Workload | undefined {
    let found: Workload | undefined;
    for (let next = owner, depth = 0; next !== undefined && depth < 3; depth += 1) {
      const workload = this.#tryFindOwner(next.kind, next.uid);
      if (workload === undefined) break;
      found = workload;
      next = workload.owner;
    }
    return found;
  }

  #tryFindOwner(kind: string, uid: string): Workload | undefined {
    if (!order.includes(kind as Workload['kind'])) return undefined;
    return this.world.tryFind(kind as Workload['kind'], uid) as Workload | undefined;
  }

  #reportUnknown(pod: Pod, { kind, uid }: OwnerRef): void {
    // The owner of a known kind may just have been deleted: its pods go by themselves.
    if (order.includes(kind as Workload['kind'])) return;
    this.#reported.set(uid, { workload: pod, why: `its owner is a ${kind}, which is not known` });
  }
}

function isStoppable({ isStatic, isProtected, isTerminating, isFinished, owner }: Pod): boolean {
  if (isStatic || isProtected || isTerminating || isFinished) return false;
  return owner?.kind !== 'DaemonSet' && owner?.kind !== 'Node';
}

function isPassedOn({ kind, owner }: Workload): boolean {
  return owner !== undefined && kind === 'ReplicaSet' && (passedOn.ReplicaSet ?? []).includes(owner.kind);
}

/** True for what runs, may run by itself, or is held. */
function isActive(workload: Workload): boolean {
  const field = heldFieldOf(workload.kind);
  if (field === undefined) return false;
  return tryFindHold(workload) !== undefined || isRunning(field, valueOf(workload, field));
}

function whyLeftAlone({ kind, owner, queuedBy }: Workload): string | undefined {
  if (queuedBy === 'Kueue')
    return 'Kueue decides when it runs: stop its queue (spec.stopPolicy of the ClusterQueue)';
  if (queuedBy !== undefined) return `${queuedBy} manages it, which is not known`;
  if (owner === undefined || (passedOn[kind] ?? []).includes(owner.kind)) return undefined;
  return `its owner is a ${owner.kind}, which is not known and would put it back`;
}

/** An autoscaler that KEDA made is held by way of its ScaledObject. */
function scales({ target, owner, isProtected }: Workload, workload: Workload): boolean {
  if (isProtected || owner?.kind === 'ScaledObject') return false;
  return target?.kind === workload.kind && target.name === workload.name;
}
