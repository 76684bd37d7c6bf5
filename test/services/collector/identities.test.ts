import { describe, expect, it } from '@jest/globals';
import { Meter } from '../../../services/collector/cgroups/meter.js';
import { Identities } from '../../../services/collector/pods/identities.js';
import { PodCache } from '../../../services/collector/pods/pod-cache.js';
import type { PodObject } from '../../../services/collector/pods/pod-object.js';
import { findWorkloadOwner } from '../../../services/collector/pods/workload-owner.js';

const id = (digit: string): string => digit.repeat(64);

function makePod(
  overrides: { uid?: string; status?: PodObject['status']; labels?: Record<string, string> } = {},
): PodObject {
  return {
    metadata: {
      uid: overrides.uid ?? 'uid-1',
      name: 'web-5d4-x',
      namespace: 'shop',
      labels: { app: 'web', 'pod-template-hash': '5d4', ...overrides.labels },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d4', controller: true }],
    },
    spec: {
      containers: [
        {
          name: 'nginx',
          resources: {
            requests: { cpu: '250m', memory: '1Gi' },
            limits: { memory: '2Gi', 'nvidia.com/gpu': '1' },
          },
        },
      ],
      initContainers: [{ name: 'setup' }],
    },
    ...(overrides.status && { status: overrides.status }),
  };
}

const running = {
  containerStatuses: [{ name: 'nginx', containerID: `containerd://${id('a')}` }],
  initContainerStatuses: [{ name: 'setup', containerID: `containerd://${id('b')}` }],
};
const meterOf = (containerId: string, podUid = 'uid-1'): Meter =>
  new Meter({ kind: 'container', podUid, containerId }, undefined);

describe('identities of containers', () => {
  it('come from the pod: names, owner, labels, requests and limits', () => {
    const pods = new PodCache();
    pods.onApply(makePod({ status: running }));
    const identities = new Identities({ pods, hostWorkloads: false });
    expect(identities.identify(meterOf(id('a')))).toEqual({
      kind: 'IDENTITY_KIND_CONTAINER',
      podUid: 'uid-1',
      namespace: 'shop',
      pod: 'web-5d4-x',
      container: 'nginx',
      workloadKind: 'Deployment',
      workload: 'web',
      labels: { app: 'web', 'pod-template-hash': '5d4' },
      cpuRequestMillicores: 250,
      memoryRequestBytes: 2 ** 30,
      gpuRequest: 1,
      cpuLimitMillicores: 0,
      memoryLimitBytes: 2 ** 31,
    });
    expect(identities.identify(meterOf(id('b')))?.container).toBe('setup');
  });

  it('are the same object while nothing changed and another one when labels did', () => {
    const pods = new PodCache();
    const identities = new Identities({ pods, hostWorkloads: false });
    const meter = meterOf(id('a'));
    pods.onApply(makePod({ status: running }));
    const first = identities.identify(meter);
    pods.onApply(makePod({ status: running }));
    expect(identities.identify(meter)).toBe(first);
    pods.onApply(makePod({ status: running, labels: { tier: 'gold' } }));
    expect(identities.identify(meter)?.labels['tier']).toBe('gold');
  });

  it('are guessed when one container alone has no id yet, and kept apart from the sandbox', () => {
    const pods = new PodCache();
    pods.onApply(makePod({ status: { initContainerStatuses: running.initContainerStatuses } }));
    const identities = new Identities({ pods, hostWorkloads: false, isSandbox: (each) => each === id('f') });
    expect(identities.identify(meterOf(id('a')))?.container).toBe('nginx');
    expect(identities.identify(meterOf(id('f')))).toMatchObject({
      kind: 'IDENTITY_KIND_POD_OVERHEAD',
      container: '',
    });
  });

  it('show a pod that the API does not know by its uid', () => {
    const identities = new Identities({ pods: new PodCache(), hostWorkloads: false });
    expect(identities.identify(meterOf(id('a'), 'uid-9'))).toMatchObject({
      podUid: 'uid-9',
      pod: 'uid-9',
      container: 'aaaaaaaaaaaa',
    });
  });

  it('never mix two pods of one name, nor forget one that was just deleted', () => {
    let nowMs = 0;
    const pods = new PodCache(() => nowMs);
    pods.onList([makePod({ uid: 'uid-1', status: running })]);
    pods.onList([makePod({ uid: 'uid-2' })]);
    expect([pods.tryFind('uid-1')?.uid, pods.tryFind('uid-2')?.uid]).toEqual(['uid-1', 'uid-2']);
    nowMs = 121_000;
    pods.onApply(makePod({ uid: 'uid-2' }));
    expect([pods.tryFind('uid-1'), pods.size]).toEqual([undefined, 1]);
  });

  it('find a static pod by the hash in its path', () => {
    const pods = new PodCache();
    const pod = makePod();
    pods.onApply({
      ...pod,
      metadata: { ...pod.metadata, annotations: { 'kubernetes.io/config.hash': 'abcd' } },
    });
    expect(pods.tryFind('abcd')?.uid).toBe('uid-1');
  });

  it('leave out what belongs to no pod on a node, and show it on a plain host', () => {
    const unit = new Meter({ kind: 'unit', path: '/system.slice/nginx.service', id: 12 }, undefined);
    expect(new Identities({ hostWorkloads: false }).identify(unit)).toBeUndefined();
    expect(new Identities({ hostWorkloads: true }).identify(unit)).toMatchObject({
      kind: 'IDENTITY_KIND_HOST',
      namespace: 'host',
      workloadKind: 'Unit',
      workload: 'nginx.service',
      podUid: '/system.slice/nginx.service#12',
    });
  });
});

describe('the owner of a pod', () => {
  it.each([
    [
      'a Deployment by its ReplicaSet',
      { kind: 'ReplicaSet', name: 'web-5d4' },
      { 'pod-template-hash': '5d4' },
      ['Deployment', 'web'],
    ],
    [
      'a ReplicaSet that no Deployment made',
      { kind: 'ReplicaSet', name: 'web-5d4' },
      {},
      ['ReplicaSet', 'web-5d4'],
    ],
    ['a CronJob by its Job', { kind: 'Job', name: 'nightly-28501440' }, {}, ['CronJob', 'nightly']],
    ['a Job', { kind: 'Job', name: 'import-once' }, {}, ['Job', 'import-once']],
    ['a StatefulSet', { kind: 'StatefulSet', name: 'db' }, {}, ['StatefulSet', 'db']],
    ['nobody for a static pod', { kind: 'Node', name: 'n1' }, {}, ['', '']],
  ])('is %s', (_name, owner, labels, expected) => {
    const { kind, name } = findWorkloadOwner([{ ...owner, controller: true }], labels);
    expect([kind, name]).toEqual(expected);
  });
});
