import { describe, expect, it } from '@jest/globals';
import { subjectOf, subjectOfRoot, type Subject } from '../../../services/collector/cgroups/subject.js';

const uid = '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const slice = uid.replaceAll('-', '_');
const id = 'c'.repeat(64);

/** Subject of the last cgroup of a path, found the way the tree finds it: level by level. */
function subjectOfPath(path: string): Subject {
  let subject = subjectOfRoot(1);
  let at = '';
  path
    .split('/')
    .slice(1)
    .forEach((name, index) => {
      at += `/${name}`;
      subject = subjectOf(subject, { id: index + 2, path: at });
    });
  return subject;
}

describe('the subject of a cgroup', () => {
  it.each([
    [
      'containerd, systemd driver, burstable',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice/cri-containerd-${id}.scope`,
    ],
    [
      'containerd, systemd driver, guaranteed',
      `/kubepods.slice/kubepods-pod${slice}.slice/cri-containerd-${id}.scope`,
    ],
    [
      'CRI-O, systemd driver, best effort',
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${slice}.slice/crio-${id}.scope`,
    ],
    [
      'CRI-O with a nested cgroup',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice/crio-${id}.scope/container`,
    ],
    [
      'Docker, systemd driver',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice/docker-${id}.scope`,
    ],
    ['cgroupfs driver, burstable', `/kubepods/burstable/pod${uid}/${id}`],
    ['cgroupfs driver, guaranteed', `/kubepods/pod${uid}/${id}`],
    [
      'a node in a container',
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${slice}.slice/cri-containerd-${id}.scope`,
    ],
    [
      'containerd set to another driver than kubelet',
      `/system.slice/kubepods-burstable-pod${slice}.slice:cri-containerd:${id}`,
    ],
    ['a cgroup that the container made itself', `/kubepods/burstable/pod${uid}/${id}/init.scope/deeper`],
  ])('is the container for %s', (_name, path) => {
    expect(subjectOfPath(path)).toEqual({ kind: 'container', podUid: uid, containerId: id });
  });

  it.each([
    [
      'the pod itself, systemd driver',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice`,
    ],
    ['the pod itself, cgroupfs driver', `/kubepods/besteffort/pod${uid}`],
    ["CRI-O's monitor of a container", `/kubepods.slice/kubepods-pod${slice}.slice/crio-conmon-${id}.scope`],
  ])('is the pod for %s', (_name, path) => {
    expect(subjectOfPath(path)).toEqual({ kind: 'pod', podUid: uid });
  });

  it('is a static pod by the hash of its file', () => {
    const hash = 'ab'.repeat(16);
    expect(subjectOfPath(`/kubepods/burstable/pod${hash}`)).toEqual({ kind: 'pod', podUid: hash });
  });

  it('is the systemd unit, also for what is below it', () => {
    expect(subjectOfPath('/system.slice/nginx.service')).toEqual({
      kind: 'unit',
      path: '/system.slice/nginx.service',
      id: 3,
    });
    expect(subjectOfPath('/user.slice/user-0.slice/user@0.service/app.slice')).toEqual({
      kind: 'unit',
      path: '/user.slice/user-0.slice/user@0.service',
      id: 4,
    });
  });

  it.each(['/burn', '/a/b', '/kubepods', '/kubepods/pod-of-nobody', `/system.slice/${id}`])(
    'is the cgroup itself for %s',
    (path) => {
      expect(subjectOfPath(path)).toMatchObject({ kind: 'group', path });
    },
  );
});
