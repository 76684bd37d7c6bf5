/** Whose usage a cgroup is, as far as its path tells. */
export type Subject =
  /** A container of a pod: everything below its cgroup belongs to it. */
  | { readonly kind: 'container'; readonly podUid: string; readonly containerId: string }
  /** A pod: what is below its cgroup and in no container. */
  | { readonly kind: 'pod'; readonly podUid: string }
  /** A systemd unit of the host, with everything below it. */
  | { readonly kind: 'unit'; readonly path: string; readonly id: number }
  /** Any other cgroup of the host, without what is below it. */
  | { readonly kind: 'group'; readonly path: string; readonly id: number }
  /** Processes of one name in the root cgroup of a plain host. */
  | { readonly kind: 'process'; readonly comm: string };

const uid = '([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})';
const containerId = '([0-9a-f]{64})';
/** "pod<uid>" of the cgroupfs driver, "kubepods-burstable-pod<uid with _>.slice" of the systemd driver. */
const podPattern = new RegExp(`^(?:[a-z0-9-]*kubepods(?:-burstable|-besteffort)?-)?pod${uid}(?:\\.slice)?$`);
/** "<id>" of the cgroupfs driver; "cri-containerd-<id>.scope", "crio-<id>.scope", "docker-<id>.scope". */
const containerPattern = new RegExp(
  `^(?:(?:cri-containerd|crio|docker|libpod)-)?${containerId}(?:\\.scope)?$`,
);
/** What containerd makes when it is set to another driver than kubelet: "<slice>:cri-containerd:<id>". */
const mixedPattern = new RegExp(`^(?:[a-z0-9-]*-)?pod${uid}(?:\\.slice)?:[a-z-]+:${containerId}$`);
const unitPattern = /\.(?:service|scope|mount|swap|socket)$/;

/** Subject of the root of the tree. */
export function subjectOfRoot(id: number): Subject {
  return { kind: 'group', path: '/', id };
}

/**
 * Subject of a cgroup by its own name and the subject of its parent. Kubelet's drivers (systemd, cgroupfs) and the
 * runtimes containerd, CRI-O and Docker are told by their names; QoS classes are only levels in between.
 */
export function subjectOf(parent: Subject, cgroup: { readonly id: number; readonly path: string }): Subject {
  if (parent.kind === 'container' || parent.kind === 'unit' || parent.kind === 'process') return parent;
  const name = cgroup.path.slice(cgroup.path.lastIndexOf('/') + 1);
  if (parent.kind === 'pod') {
    const container = containerPattern.exec(name);
    return container?.[1] === undefined
      ? parent
      : { kind: 'container', podUid: parent.podUid, containerId: container[1] };
  }
  return subjectOfHostChild(name, cgroup);
}

function subjectOfHostChild(name: string, cgroup: { readonly id: number; readonly path: string }): Subject {
  const pod = podPattern.exec(name);
  if (pod?.[1] !== undefined) return { kind: 'pod', podUid: pod[1].replaceAll('_', '-') };
  const [, podUid, container] = mixedPattern.exec(name) ?? [];
  if (podUid !== undefined && container !== undefined) {
    return { kind: 'container', podUid: podUid.replaceAll('_', '-'), containerId: container };
  }
  return { kind: unitPattern.test(name) ? 'unit' : 'group', path: cgroup.path, id: cgroup.id };
}
