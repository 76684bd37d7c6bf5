import { describe, expect, it } from '@jest/globals';
import {
  buildCatalogue,
  identifyNode,
  resolveNodePrice,
  toNodeFacts,
  type CustomSheet,
  type PriceAnswer,
  type PriceRow,
  type Provider,
} from '@kubehero/domain';

function row(
  { provider, region }: { readonly provider: Provider; readonly region: string },
  name: string,
  price: string,
  more: Partial<PriceRow> = {},
): PriceRow {
  return {
    kind: 'price',
    provider,
    region,
    resource: 'instance',
    name,
    os: 'linux',
    purchaseModel: 'on-demand',
    unit: 'hour',
    currency: 'USD',
    price,
    source: 'aws-offer',
    sourceVersion: '1',
    sku: `${name}-${more.purchaseModel ?? 'on-demand'}-${more.os ?? 'linux'}-${more.zone ?? ''}`,
    family: 'x',
    ...more,
  };
}

const CATALOGUE = buildCatalogue([
  {
    asOfMs: 0,
    rows: [
      row({ provider: 'aws', region: 'eu-west-1' }, 'm5.large', '0.107'),
      row({ provider: 'aws', region: 'eu-west-1' }, 'm5.large', '0.199', { os: 'windows' }),
      row({ provider: 'aws', region: 'eu-west-1' }, 'm5.large', '0.167', { os: 'rhel' }),
      row({ provider: 'aws', region: 'eu-west-1' }, 'm5.large', '0.114', { tenancy: 'dedicated' }),
      row({ provider: 'aws', region: 'eu-west-1' }, 'm5.large', '0.041', {
        purchaseModel: 'spot',
        zone: 'eu-west-1b',
      }),
      row({ provider: 'aws', region: 'us-west-2-lax-1' }, 'm5.large', '0.115'),
      row({ provider: 'azure', region: 'westeurope' }, 'Standard_D4s_v5', '0.23'),
      row({ provider: 'azure', region: 'westeurope' }, 'Standard_D4s_v5', '0.05', { purchaseModel: 'spot' }),
      row({ provider: 'gcp', region: 'us-west1' }, 'e2', '0.02', { resource: 'vcpu', unit: 'vcpu-hour' }),
      row({ provider: 'gcp', region: 'us-west1' }, 'e2', '0.003', { resource: 'memory', unit: 'GiB-hour' }),
      row({ provider: 'gcp', region: 'us-west1' }, 'e2', '0.006', {
        resource: 'vcpu',
        unit: 'vcpu-hour',
        purchaseModel: 'spot',
      }),
      row({ provider: 'gcp', region: 'us-west1' }, 'e2', '0.001', {
        resource: 'memory',
        unit: 'GiB-hour',
        purchaseModel: 'spot',
      }),
      row({ provider: 'gcp', region: 'us-west1' }, 'n1', '0.03', { resource: 'vcpu', unit: 'vcpu-hour' }),
      row({ provider: 'gcp', region: 'us-west1' }, 'n1', '0.004', { resource: 'memory', unit: 'GiB-hour' }),
      row({ provider: 'gcp', region: 'us-west1' }, 't4', '0.35', { resource: 'gpu' }),
    ],
  },
]);

type Labels = Readonly<Record<string, string>>;

function node(
  providerID: string,
  labels: Labels,
  more: { annotations?: Labels; capacity?: Labels; osImage?: string; name?: string } = {},
): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: more.name ?? 'node-1', labels, annotations: more.annotations ?? {} },
    spec: { providerID },
    status: {
      capacity: { cpu: '2', memory: '7910468Ki', ...more.capacity },
      nodeInfo: { osImage: more.osImage ?? 'Bottlerocket OS', kubeletVersion: 'v1.34.0' },
    },
  };
}

function price(value: unknown): PriceAnswer {
  return resolveNodePrice(toNodeFacts(value), CATALOGUE);
}

const M5 = { 'node.kubernetes.io/instance-type': 'm5.large', 'kubernetes.io/os': 'linux' };
const IRELAND = { 'topology.kubernetes.io/region': 'eu-west-1', 'topology.kubernetes.io/zone': 'eu-west-1b' };
const EKS = { ...M5, ...IRELAND };
const D4S = {
  'node.kubernetes.io/instance-type': 'Standard_D4s_v5',
  'topology.kubernetes.io/region': 'westeurope',
  'topology.kubernetes.io/zone': 'westeurope-1',
  'kubernetes.io/os': 'linux',
};
const E2 = {
  'node.kubernetes.io/instance-type': 'e2-standard-2',
  'topology.kubernetes.io/region': 'us-west1',
  'topology.kubernetes.io/zone': 'us-west1-a',
  'kubernetes.io/os': 'linux',
};
const AWS_ID = 'aws:///eu-west-1b/i-0abc';
const AZURE_ID =
  'azure:///subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/v/virtualMachines/0';
const GCE_ID = 'gce://project/us-west1-a/node-1';

describe('nodes of every platform', () => {
  it.each<[string, unknown, string | null]>([
    ['EKS on demand', node(AWS_ID, EKS), '0.107'],
    ['EKS managed spot', node(AWS_ID, { ...EKS, 'eks.amazonaws.com/capacityType': 'SPOT' }), '0.041'],
    [
      'EKS managed on demand',
      node(AWS_ID, { ...EKS, 'eks.amazonaws.com/capacityType': 'ON_DEMAND' }),
      '0.107',
    ],
    ['EKS with Karpenter spot', node(AWS_ID, { ...EKS, 'karpenter.sh/capacity-type': 'spot' }), '0.041'],
    [
      'EKS with a Karpenter reservation',
      node(AWS_ID, { ...EKS, 'karpenter.sh/capacity-type': 'reserved' }),
      '0.107',
    ],
    [
      'EKS where Karpenter and EKS disagree: Karpenter goes first',
      node(AWS_ID, {
        ...EKS,
        'karpenter.sh/capacity-type': 'spot',
        'eks.amazonaws.com/capacityType': 'ON_DEMAND',
      }),
      '0.041',
    ],
    [
      'EKS capacity block',
      node(AWS_ID, { ...EKS, 'eks.amazonaws.com/capacityType': 'CAPACITY_BLOCK' }),
      null,
    ],
    [
      'EKS spot in a zone without a price',
      node('aws:///eu-west-1c/i-1', {
        ...M5,
        'topology.kubernetes.io/region': 'eu-west-1',
        'topology.kubernetes.io/zone': 'eu-west-1c',
        'eks.amazonaws.com/capacityType': 'SPOT',
      }),
      null,
    ],
    ['EKS Windows', node(AWS_ID, { ...EKS, 'kubernetes.io/os': 'windows' }), '0.199'],
    [
      'EKS on Red Hat Enterprise Linux',
      node(AWS_ID, EKS, { osImage: 'Red Hat Enterprise Linux 9.4 (Plow)' }),
      '0.167',
    ],
    [
      'OpenShift on AWS, whose licence is elsewhere',
      node(AWS_ID, EKS, { osImage: 'Red Hat Enterprise Linux CoreOS 417.94' }),
      '0.107',
    ],
    [
      'EKS dedicated by Karpenter',
      node(AWS_ID, { ...EKS, 'karpenter.k8s.aws/instance-tenancy': 'dedicated' }),
      '0.114',
    ],
    ['EKS Fargate', node('aws:///eu-west-1b/0f3/fargate-ip-10-0-0-1', EKS), null],
    ['EKS hybrid', node('eks-hybrid:///eu-west-1/cluster/mi-1', EKS), null],
    [
      'AWS Local Zone',
      node('aws:///us-west-2-lax-1a/i-1', {
        ...M5,
        'topology.kubernetes.io/region': 'us-west-2',
        'topology.kubernetes.io/zone': 'us-west-2-lax-1a',
      }),
      '0.115',
    ],
    [
      'self-managed on AWS with the old labels',
      node(AWS_ID, {
        'beta.kubernetes.io/instance-type': 'm5.large',
        'failure-domain.beta.kubernetes.io/zone': 'eu-west-1b',
        'beta.kubernetes.io/os': 'linux',
      }),
      '0.107',
    ],
    ['self-managed on AWS with no zone but in the providerID', node(AWS_ID, M5), '0.107'],
    ['kops spot', node(AWS_ID, { ...EKS, lifecycle: 'Ec2Spot' }), '0.041'],
    ['AKS regular', node(AZURE_ID, D4S), '0.23'],
    ['AKS spot', node(AZURE_ID, { ...D4S, 'kubernetes.azure.com/scalesetpriority': 'spot' }), '0.05'],
    ['AKS not zonal', node(AZURE_ID, { ...D4S, 'topology.kubernetes.io/zone': '0' }), '0.23'],
    [
      'AKS virtual node',
      node(
        '',
        { 'kubernetes.azure.com/cluster': 'c', type: 'virtual-kubelet' },
        { name: 'virtual-node-aci-linux' },
      ),
      null,
    ],
    ['GKE on demand', node(GCE_ID, E2), '0.064'],
    ['GKE spot', node(GCE_ID, { ...E2, 'cloud.google.com/gke-spot': 'true' }), '0.02'],
    ['GKE preemptible', node(GCE_ID, { ...E2, 'cloud.google.com/gke-preemptible': 'true' }), '0.02'],
    [
      'GKE spot by provisioning',
      node(GCE_ID, { ...E2, 'cloud.google.com/gke-provisioning': 'spot' }),
      '0.02',
    ],
    [
      'GKE standard by provisioning',
      node(GCE_ID, { ...E2, 'cloud.google.com/gke-provisioning': 'standard' }),
      '0.064',
    ],
    ['GKE shared core', node(GCE_ID, { ...E2, 'node.kubernetes.io/instance-type': 'e2-medium' }), '0.032'],
    ['GKE custom', node(GCE_ID, { ...E2, 'node.kubernetes.io/instance-type': 'e2-custom-4-8192' }), '0.104'],
    [
      'GKE N1 with a GPU',
      node(
        GCE_ID,
        {
          ...E2,
          'node.kubernetes.io/instance-type': 'n1-standard-2',
          'cloud.google.com/gke-accelerator': 'nvidia-tesla-t4',
        },
        { capacity: { 'nvidia.com/gpu': '1' } },
      ),
      '0.44',
    ],
    [
      'GKE N1 with a GPU that four share',
      node(
        GCE_ID,
        {
          ...E2,
          'node.kubernetes.io/instance-type': 'n1-standard-2',
          'cloud.google.com/gke-accelerator': 'nvidia-tesla-t4',
          'cloud.google.com/gke-max-shared-clients-per-gpu': '4',
        },
        { capacity: { 'nvidia.com/gpu': '4' } },
      ),
      '0.44',
    ],
    [
      'k3s on EC2, which names no cloud',
      node('k3s://node-1', { 'node.kubernetes.io/instance-type': 'k3s', 'kubernetes.io/os': 'linux' }),
      null,
    ],
    ['rke2', node('rke2://node-1', { 'node.kubernetes.io/instance-type': 'rke2' }), null],
    ['vSphere', node('vsphere://4229', { 'node.kubernetes.io/instance-type': 'vsphere-vm.cpu-4' }), null],
    ['kubeadm without anything', node('', {}), null],
    [
      'any node with its own price',
      node('vsphere://4229', {}, { annotations: { 'kubehero.io/price-per-hour': '0.35' } }),
      '0.35',
    ],
    [
      'a cloud node whose annotation goes first',
      node(AWS_ID, EKS, { annotations: { 'kubehero.io/price-per-hour': '0.09' } }),
      '0.09',
    ],
    [
      'a cloud node whose annotation is no price',
      node(AWS_ID, EKS, { annotations: { 'kubehero.io/price-per-hour': '-1' } }),
      '0.107',
    ],
  ])('%s', (_name, value, expected) => {
    const answer = price(value);
    expect(answer.price).toBe(expected);
    expect(answer.explanation.length).toBeGreaterThan(1);
    if (expected === null) expect(answer.explanation.at(-1)).toBe('unpriced');
  });

  it('a conflict between labels is told', () => {
    const answer = price(
      node(AWS_ID, {
        ...EKS,
        'karpenter.sh/capacity-type': 'spot',
        'eks.amazonaws.com/capacityType': 'ON_DEMAND',
      }),
    );
    expect(answer.explanation.join('\n')).toContain('eks.amazonaws.com/capacityType says on-demand');
  });

  it('what is no Node object gives an unpriced answer, not an error', () => {
    for (const value of [undefined, null, 7, 'x', [], {}, { metadata: { labels: [] } }])
      expect(price(value).price).toBeNull();
  });

  it('facts that a node does not tell stay empty', () => {
    const identity = identifyNode(toNodeFacts(node('', {})));
    expect([identity.region, identity.zone, identity.instanceType]).toEqual(['', '', '']);
  });
});

describe('custom sheets', () => {
  const sheet: CustomSheet = {
    kind: 'sheet',
    name: 'rack',
    source: 'custom',
    currency: 'EUR',
    version: '7',
    nodes: [
      {
        match: { name: 'rack-*', labels: { pool: 'gold' } },
        pricePerHour: '0.5',
        basis: 'stated',
        validFrom: '2026-01-01T00:00:00Z',
      },
    ],
    units: [{ match: {}, vcpuHour: '0.02', memoryGibHour: '0.003', gpuHour: {} }],
    discounts: [
      { provider: 'aws', percent: '10', reason: 'agreement' },
      {
        provider: 'aws',
        sku: 'm5.large-on-demand-linux-',
        rate: '0.08',
        reason: 'private rate',
        validTo: '2026-06-30T00:00:00Z',
      },
    ],
  };
  const catalogue = buildCatalogue([
    {
      asOfMs: Date.parse('2026-11-22'),
      rows: [sheet, row({ provider: 'aws', region: 'eu-west-1' }, 'm5.large', '0.107')],
    },
  ]);
  const at = (value: unknown, atMs?: number): PriceAnswer =>
    resolveNodePrice(toNodeFacts(value), catalogue, { atMs });

  it('price nodes by name and label, in their own currency, while they are valid', () => {
    const gold = node('', { pool: 'gold' }, { name: 'rack-7' });
    expect([at(gold).price, at(gold).currency, at(gold).source, at(gold).sourceVersion]).toEqual([
      '0.5',
      'EUR',
      'custom',
      '7',
    ]);
    expect(at(gold, Date.parse('2025-12-31')).sku).toBe('rack/units');
  });

  it('price other nodes by their units, and not a GPU that has no rate', () => {
    expect(at(node('', {}, { capacity: { cpu: '4', memory: '8Gi' } })).price).toBe('0.104');
    expect(
      at(node('', {}, { capacity: { cpu: '4', memory: '8Gi', 'nvidia.com/gpu': '1' } })).price,
    ).toBeNull();
  });

  it('take the narrowest discount in force, keeping the list price', () => {
    const answer = at(node(AWS_ID, EKS));
    expect([answer.price, answer.listPrice]).toEqual(['0.0963', '0.107']);
    // The private rate is narrower, but it is in another currency than the list.
    expect(at(node(AWS_ID, EKS), Date.parse('2026-05-01')).price).toBe('0.0963');
    const dollars = { ...sheet, currency: 'USD', nodes: [], units: [] };
    const rated = buildCatalogue([
      {
        asOfMs: Date.parse('2026-05-01'),
        rows: [dollars, row({ provider: 'aws', region: 'eu-west-1' }, 'm5.large', '0.107')],
      },
    ]);
    expect(resolveNodePrice(toNodeFacts(node(AWS_ID, EKS)), rated).price).toBe('0.08');
  });
});
