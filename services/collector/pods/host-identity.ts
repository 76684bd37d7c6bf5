import type { Subject } from '../cgroups/subject.js';
import { identityKinds, noResources, type ContainerIdentity } from './container-identity.js';

/** Namespace of everything on a plain host. */
export const hostNamespace = 'host';
/** Name of the row of what is in the root cgroup and belongs to no process that can be named. */
export const rootWorkload = '(root)';

type HostSubject = Extract<Subject, { kind: 'unit' | 'group' | 'process' }>;

/**
 * Identity of a workload of a plain host: a systemd unit by its name, another cgroup by its path, processes of the
 * root cgroup by theirs. The uid holds the cgroup's id, so that a path used again is another identity.
 */
export function hostIdentity(subject: HostSubject): ContainerIdentity {
  const { workloadKind, workload, pod, podUid } = namesOf(subject);
  const labels: Record<string, string> = {};
  if (subject.kind !== 'process' && subject.id < 0) labels['kubehero.io/source'] = 'cgroup-v1';
  return {
    kind: identityKinds.host,
    podUid,
    namespace: hostNamespace,
    pod,
    container: '',
    workloadKind,
    workload,
    labels,
    ...noResources,
  };
}

function namesOf(
  subject: HostSubject,
): Pick<ContainerIdentity, 'workloadKind' | 'workload' | 'pod' | 'podUid'> {
  if (subject.kind === 'process') {
    return {
      workloadKind: 'Process',
      workload: subject.comm,
      pod: subject.comm,
      podUid: `/#process:${subject.comm}`,
    };
  }
  const podUid = subject.id < 0 ? `${subject.path}#v1-${-subject.id}` : `${subject.path}#${subject.id}`;
  const path = subject.path === '/' ? rootWorkload : subject.path.slice(1);
  if (subject.kind === 'group') return { workloadKind: 'Cgroup', workload: path, pod: path, podUid };
  return { workloadKind: 'Unit', workload: path.slice(path.lastIndexOf('/') + 1), pod: path, podUid };
}
