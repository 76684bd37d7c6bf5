import { describe, expect, it } from '@jest/globals';
import { answersOf, pricesOf, type RefreshStep } from '../../support/pricing/contract.js';
import { gcpSku, M5_LARGE, offer, type OfferProduct } from '../../support/pricing/samples.js';

const US = 'us-central1';
const ram = { group: 'RAM', unit: 'GiBy.h' };
const GOOGLE = [
  gcpSku({ id: 'N1C', description: 'N1 Predefined Instance Core running in Americas', nanos: 30_000_000 }),
  gcpSku({
    id: 'N1R',
    description: 'N1 Predefined Instance Ram running in Americas',
    nanos: 4_000_000,
    ...ram,
  }),
  gcpSku({ id: 'C3C', description: 'C3 Instance Core running in Americas', nanos: 30_000_000 }),
  gcpSku({ id: 'C3R', description: 'C3 Instance Ram running in Americas', nanos: 4_000_000, ...ram }),
];
const skus: RefreshStep = { source: 'gcp-skus', files: [{ skus: GOOGLE }] };
const machine = (instanceType: string): object => ({
  ...{ provider: 'gcp', region: US, instanceType, os: 'linux', purchaseModel: 'on-demand' },
  ...{ vcpus: '8', memoryGib: '32' },
});

describe('disks that come with a machine', () => {
  it('are part of its price, and a machine whose disks nobody knows has none', async () => {
    const [known, unknown] = await answersOf([skus], [machine('c3-standard-8'), machine('c3-foo-8-lssd')]);
    expect(known?.price).toBe('0.368');
    expect(unknown?.price).toBeNull();
  });
});

describe('GPUs that are attached to a machine', () => {
  const node = (labels: object, capacity: object): object => ({
    node: {
      metadata: {
        name: 'n',
        labels: {
          'node.kubernetes.io/instance-type': 'n1-standard-4',
          'topology.kubernetes.io/region': US,
          'topology.kubernetes.io/zone': `${US}-a`,
          ...labels,
        },
      },
      spec: { providerID: `gce://p/${US}-a/n` },
      status: { capacity: { cpu: '4', memory: '15726000Ki', ...capacity } },
    },
  });
  const t4 = { 'cloud.google.com/gke-accelerator': 'nvidia-tesla-t4' };

  it('make a machine dearer: before it says how many there are it has no price', async () => {
    const [without, untold] = await answersOf([skus], [node({}, {}), node(t4, {})]);
    expect(without?.price).toBe('0.18');
    expect(untold?.price).toBeNull();
    expect(untold?.explanation.join('\n')).toContain('does not say how many');
  });
});

describe('what is billed beside a load balancer', () => {
  const balancer = (sku: string, usagetype: string, price: string): OfferProduct => ({
    ...{ sku, family: 'Load Balancer-Application', unit: 'Hrs', price },
    attributes: {
      ...{ servicecode: 'AWSELB', location: M5_LARGE.location, locationType: 'AWS Region', usagetype },
      ...{ regionCode: 'eu-west-1', operation: 'LoadBalancing:Application' },
    },
  });

  it('is not its hour: a trust store', async () => {
    const hour = balancer('ALB', 'EU-LoadBalancerUsage', '0.0252');
    const store = balancer('TS', 'EU-TS-LoadBalancerUsage', '0.0056');
    const { found, expected } = await pricesOf(
      [{ source: 'aws-offer', files: [offer([hour, store], { offerCode: 'AWSELB' })] }],
      [[{ provider: 'aws', region: 'eu-west-1', resource: 'loadbalancer', name: 'alb' }, '0.0252']],
    );
    expect(found).toEqual(expected);
  });
});
