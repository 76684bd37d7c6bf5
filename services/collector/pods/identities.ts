import type { Meter } from '../cgroups/meter.js';
import type { Subject } from '../cgroups/subject.js';
import { identityKinds, noResources, type ContainerIdentity } from './container-identity.js';
import { hostIdentity } from './host-identity.js';

/** What is known of a pod from the API. Immutable; a changed pod is another object. */
export interface PodRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly workloadKind: string;
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerRecord[];
}

/** A container of a pod, with the id that its runtime gave it once it was started. */
export interface ContainerRecord {
  readonly name: string;
  /** 64 hexadecimal digits; absent until the status says it. */
  readonly containerId?: string;
  readonly cpuRequestMillicores: number;
  readonly memoryRequestBytes: number;
  readonly gpuRequest: number;
  readonly cpuLimitMillicores: number;
  readonly memoryLimitBytes: number;
}

/** Finds pods by the uid in a cgroup's path. */
export interface PodDirectory {
  tryFind(podUid: string): PodRecord | undefined;
}

/** How identities are made. */
export interface IdentitiesOptions {
  /** Absent on a plain host. */
  readonly pods?: PodDirectory;
  /** Whether cgroups that belong to no pod are rows: yes on a plain host; on a node they are its overhead, so idle. */
  readonly hostWorkloads: boolean;
  /** Says whether a container is its pod's sandbox ("pause"), by the process in its cgroup. */
  readonly isSandbox?: (containerId: string) => boolean;
}

/**
 * Names of usage: gives each meter its identity. The same facts give the same object, so that identities can be
 * compared by reference; changed facts (labels, requests) give another.
 */
export class Identities {
  private readonly byMeter = new WeakMap<
    Meter,
    { facts: unknown; identity: ContainerIdentity | undefined }
  >();
  private readonly interned = new Map<string, ContainerIdentity>();

  constructor(private readonly options: IdentitiesOptions) {}

  /** Identity of a meter's subject; undefined if it is no row. Cost: under 1 us when nothing changed. */
  identify(meter: Meter): ContainerIdentity | undefined {
    const subject = meter.subject;
    const isPod = subject.kind === 'container' || subject.kind === 'pod';
    const facts = isPod ? this.options.pods?.tryFind(subject.podUid) : subject;
    const known = this.byMeter.get(meter);
    if (known !== undefined && known.facts === facts) return known.identity;
    const identity = this.make(subject, facts === subject ? undefined : (facts as PodRecord | undefined));
    if (subject.kind !== 'container' || isSettled(subject.containerId, facts as PodRecord | undefined)) {
      this.byMeter.set(meter, { facts, identity });
    }
    return identity;
  }

  /** Forgets interned identities that are not in `used`; call it now and then. */
  retain(used: ReadonlySet<ContainerIdentity>): void {
    for (const [key, identity] of this.interned) {
      if (!used.has(identity)) this.interned.delete(key);
    }
  }

  /** How many identities are kept. */
  get size(): number {
    return this.interned.size;
  }

  private make(subject: Subject, pod: PodRecord | undefined): ContainerIdentity | undefined {
    if (subject.kind === 'pod') return this.intern(this.overhead(subject.podUid, pod));
    if (subject.kind === 'container') return this.intern(this.container(subject, pod));
    return this.options.hostWorkloads ? this.intern(hostIdentity(subject)) : undefined;
  }

  private container(
    { podUid, containerId }: Extract<Subject, { kind: 'container' }>,
    pod: PodRecord | undefined,
  ): ContainerIdentity {
    const record = pod?.containers.find((candidate) => candidate.containerId === containerId);
    if (record === undefined && this.options.isSandbox?.(containerId) === true)
      return this.overhead(podUid, pod);
    const guessed = record ?? onlyWithoutId(pod);
    return {
      kind: identityKinds.container,
      ...podNames(podUid, pod),
      container: guessed?.name ?? containerId.slice(0, 12),
      ...(guessed === undefined ? noResources : resourcesOf(guessed)),
    };
  }

  private overhead(podUid: string, pod: PodRecord | undefined): ContainerIdentity {
    return { kind: identityKinds.podOverhead, ...podNames(podUid, pod), container: '', ...noResources };
  }

  private intern(identity: ContainerIdentity): ContainerIdentity {
    const key = JSON.stringify(identity);
    const known = this.interned.get(key);
    if (known !== undefined) return known;
    this.interned.set(key, identity);
    return identity;
  }
}

/** Whether the API knows the container, so that nothing about it is a guess. */
function isSettled(containerId: string, pod: PodRecord | undefined): boolean {
  return pod?.containers.some((candidate) => candidate.containerId === containerId) ?? false;
}

/** The status comes a second or two after the start: if one container alone has no id yet, it is that one. */
function onlyWithoutId(pod: PodRecord | undefined): ContainerRecord | undefined {
  const waiting = pod?.containers.filter((candidate) => candidate.containerId === undefined) ?? [];
  return waiting.length === 1 ? waiting[0] : undefined;
}

type PodNames = Pick<
  ContainerIdentity,
  'podUid' | 'namespace' | 'pod' | 'workloadKind' | 'workload' | 'labels'
>;

/** A pod that the API does not know (yet) is shown by its uid. */
function podNames(podUid: string, pod: PodRecord | undefined): PodNames {
  return {
    podUid: pod?.uid ?? podUid,
    namespace: pod?.namespace ?? '',
    pod: pod?.name ?? podUid,
    workloadKind: pod?.workloadKind ?? '',
    workload: pod?.workload ?? '',
    labels: pod?.labels ?? {},
  };
}

function resourcesOf(record: ContainerRecord): typeof noResources | ContainerRecordResources {
  const { cpuRequestMillicores, memoryRequestBytes, gpuRequest, cpuLimitMillicores, memoryLimitBytes } =
    record;
  return { cpuRequestMillicores, memoryRequestBytes, gpuRequest, cpuLimitMillicores, memoryLimitBytes };
}

type ContainerRecordResources = Omit<ContainerRecord, 'name' | 'containerId'>;
