import { describe, expect, it } from '@jest/globals';
import { answersOf, pricesOf, type RefreshStep } from '../../support/pricing/contract.js';
import { gcpSku, type SkuFacts } from '../../support/pricing/samples.js';

let skus = 0;

function sku(description: string, price: string, more: Partial<SkuFacts> = {}): object {
  skus += 1;
  const [units = '0', fraction = ''] = price.split('.');
  const nanos = Number(fraction.padEnd(9, '0'));
  return gcpSku({ id: `SKU-${String(skus)}`, description, units, nanos, ...more });
}

const ram = (description: string, price: string, more: Partial<SkuFacts> = {}): object =>
  sku(description, price, { group: 'RAM', unit: 'GiBy.h', ...more });
const SPOT = { usage: 'Preemptible' } as const;
const GPU = { group: 'GPU' } as const;
const N1 = { group: 'N1Standard' } as const;
const GLOBAL = { regions: ['global'] };
const STORED = { family: 'Storage', unit: 'GiBy.mo' } as const;
const FEE = { family: 'Compute', group: 'GKE', regions: ['global'] } as const;

// Names and oddities are the catalogue's own, with prices of us-central1 where they are published; IDs are invented.
const COMPUTE = [
  sku('E2 Instance Core running in Americas', '0.021811590'),
  ram('E2 Instance Ram running in Americas', '0.002923530'),
  sku('Spot Preemptible E2 Instance Core running in Americas', '0.006543', SPOT),
  ram('Spot Preemptible E2 Instance Ram running in Americas', '0.000877', SPOT),
  sku('N1 Predefined Instance Core running in Americas', '0.031611', N1),
  ram('N1 Predefined Instance Ram running in Americas', '0.004237', { ...N1, unit: 'GiBy.h' }),
  sku('Custom Instance Core running in Americas', '0.033174'),
  ram('Custom Instance Ram running in Americas', '0.004446'),
  ram('Custom Extended Instance Ram running in Americas', '0.009550'),
  sku('N2D AMD Instance Core running in Americas', '0.027502'),
  ram('N2D AMD Instance Ram running in Americas', '0.003686'),
  sku('Sole Tenancy Premium for N2D Sole Tenancy Instance Core running in Americas', '0.0027502'),
  sku('N2D AMD Sole Tenancy Instance Core running in Americas', '0.0275'),
  sku('C4A Arm Instance Core running in Americas', '0.03086'),
  ram('C4A Arm Instance Ram running in Americas', '0.003507'),
  sku('Commitment v1: E2 Cpu in Americas for 1 Year', '0.013741', { usage: 'Commit1Yr' }),
  sku('Reserved A2 Core in Americas', '0.01'),
  sku('G2 Instance Core running in Americas', '0.024988'),
  ram('G2 Instance Ram running in Americas', '0.002927'),
  sku('Sole Tenancy Premium for G2 Instance Core running in Americas', '0.0025'),
  sku('Nvidia L4 GPU running in Americas', '0.560040', GPU),
  sku('Nvidia L4 GPU attached to DWS Defined Duration VMs running in Americas', '0.2', GPU),
  sku('Nvidia Tesla T4 GPU running in Americas', '0.35', GPU),
  sku('A3 Instance Core running in Americas', '0.029338'),
  ram('A3 Instance Ram running in Americas', '0.002555'),
  sku('A3Plus Instance Core running in Americas', '0.026924'),
  ram('A3Plus Instance Ram running in Americas', '0.002344'),
  sku('Nvidia H100 80GB GPU running in Americas', '9.796551', GPU),
  sku('Nvidia H100 80GB Plus GPU running in Americas', '10.344276', GPU),
  sku('Reserved Nvidia H100 80GB Mega GPU in Americas in Calendar Mode', '4.841121', GPU),
  sku('SSD backed Local Storage', '0.08', { ...STORED, group: 'LocalSSD' }),
  sku('Licensing Fee for Windows Server 2022 Datacenter Edition (CPU cost)', '0.046', {
    family: 'License',
    ...GLOBAL,
  }),
  sku('Licensing Fee for Windows Server 2022 Datacenter Edition (RAM cost)', '0', {
    family: 'License',
    ...GLOBAL,
  }),
  sku('Licensing Fee for Windows Server 2022 BYOL (CPU cost)', '0', { family: 'License', ...GLOBAL }),
  sku('Licensing Fee for SUSE Linux Enterprise Server 15 (CPU cost)', '0.11', {
    family: 'License',
    ...GLOBAL,
  }),
  sku('Licensing Fee for Red Hat Enterprise Linux 9 on VM with up to 8 VCPU', '0.0144', {
    family: 'License',
    ...GLOBAL,
  }),
  sku('Licensing Fee for SQL Server 2022 Standard on VM with 4 VCPU', '0.64', {
    family: 'License',
    ...GLOBAL,
  }),
  sku('E2 Instance Core running in Frankfurt', '0.028103', { regions: ['europe-west3'], currency: 'EUR' }),
];

const OTHER = [
  sku('Storage PD Capacity', '0.04', STORED),
  sku('SSD backed PD Capacity', '0.17', STORED),
  sku('Balanced PD Capacity', '0.1', STORED),
  sku('Regional Balanced PD Capacity', '0.2', STORED),
  sku('Storage PD Snapshot', '0.05', STORED),
  sku('Hyperdisk Balanced Capacity in Iowa', '0.08', STORED),
  sku('Hyperdisk Balanced Iops in Iowa', '0.005', { family: 'Storage', unit: 'mo' }),
  sku('Hyperdisk Balanced Throughput in Iowa', '0.04', { family: 'Storage', unit: 'mo' }),
  sku('Hyperdisk Balanced Storage Pools Advanced Capacity - Iowa', '0.1', STORED),
  sku('Regional Kubernetes Clusters', '0.1', FEE),
  sku('Zonal Kubernetes Clusters', '0.1', FEE),
  sku('Extended Period Kubernetes Clusters', '0.5', FEE),
  sku('Network Inter Zone Data Transfer Out', '0.01', { family: 'Network', unit: 'GiBy', ...GLOBAL }),
  sku('Network Data Transfer GCP Inter Region within Northern America', '0.02', {
    family: 'Network',
    unit: 'GiBy',
  }),
  sku('Network Load Balancing: Forwarding Rule Minimum Service Charge in Americas', '0.025', {
    family: 'Network',
  }),
  sku('External IP Charge on a Standard VM', '0.005', { family: 'Network', ...GLOBAL }),
  internet(),
];

/** Traffic to the internet: the first GiB is free, then the price falls by tiers. */
function internet(): object {
  const whole = sku('Network Internet Data Transfer Out from Americas to Americas', '0', {
    family: 'Network',
    unit: 'GiBy',
  });
  const tiers = [
    [0, 0],
    [1, 120_000_000],
    [1024, 110_000_000],
    [10_240, 80_000_000],
  ].map(([startUsageAmount, nanos]) => ({
    startUsageAmount,
    unitPrice: { currencyCode: 'USD', units: '0', nanos },
  }));
  const pricingExpression = { usageUnit: 'GiBy', displayQuantity: 1, tieredRates: tiers };
  return {
    ...whole,
    pricingInfo: [{ summary: '', pricingExpression, effectiveTime: '2026-10-01T00:00:00Z' }],
  };
}

const PAGES: RefreshStep = {
  source: 'gcp-skus',
  files: [
    { skus: COMPUTE, nextPageToken: 'AGPBzkA' },
    { skus: OTHER, nextPageToken: '' },
  ],
};
const type = (name: string, guestCpus: number, memoryMb: number, more: object = {}): object => ({
  kind: 'compute#machineType',
  id: '801016',
  name,
  guestCpus,
  memoryMb,
  isSharedCpu: false,
  zone: 'us-central1-a',
  ...more,
});

const machine = (instanceType: string, more: object = {}): object => ({
  provider: 'gcp',
  region: 'us-central1',
  zone: 'us-central1-a',
  instanceType,
  os: 'linux',
  purchaseModel: 'on-demand',
  ...more,
});
const thing = (resource: string, name: string): object => ({
  provider: 'gcp',
  region: 'us-central1',
  resource,
  name,
});

describe('Google pages through refresh and lookup', () => {
  it('machines are put together from the rates that are theirs, and from no other', async () => {
    const { found, expected } = await pricesOf(
      [PAGES],
      [
        [machine('e2-standard-4'), '0.13402284'], // 4 × 0.02181159 + 16 × 0.00292353
        [machine('e2-medium'), '0.03350571'], // 1 × 0.02181159 + 4 × 0.00292353
        [machine('e2-standard-4', { purchaseModel: 'spot' }), '0.040204'],
        [machine('n1-standard-4'), '0.189999'], // 4 × 0.031611 + 15 × 0.004237
        [machine('n1-standard-4', { gpus: { 'nvidia-tesla-t4': 1 } }), '0.539999'],
        [machine('custom-4-8192'), '0.168264'], // 4 × 0.033174 + 8 × 0.004446
        [machine('custom-2-16384-ext'), '0.152796'], // 2 × 0.033174 + 13 × 0.004446 + 3 × 0.00955
        [machine('n2d-standard-2'), '0.084492'],
        [machine('n2d-standard-2', { purchaseModel: 'spot' }), null],
        [machine('c4a-standard-4'), '0.179552'],
        [machine('g2-standard-4'), '0.706824'], // 4 × 0.024988 + 16 × 0.002927 + 0.56004
        [machine('a3-highgpu-1g'), '11.239400780822'], // 26 × 0.029338 + 234 × 0.002555 + 9.796551 + 750 × 0.08 / 730
        [machine('a3-megagpu-8g'), '93.399902246575'], // 208 × 0.026924 + 1872 × 0.002344 + 8 × 10.344276 + 6000 × 0.08 / 730
        [machine('n2-standard-2'), null],
        [machine('future-standard-2'), null],
        [machine('e2-standard-4', { region: 'europe-west3', zone: '' }), null],
        [machine('e2-standard-2', { at: '2026-09-01T00:00:00Z' }), null],
        [machine('e2-standard-2', { at: '2026-10-02T00:00:00Z' }), '0.06701142'],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('systems with a licence: by the core, by the machine, and by its size', async () => {
    const { found, expected } = await pricesOf(
      [PAGES],
      [
        [machine('n2d-standard-2', { os: 'windows' }), '0.176492'], // + 2 × 0.046
        [machine('n2d-standard-2', { os: 'suse' }), '0.194492'], // + 0.11
        [machine('n2d-standard-2', { os: 'rhel' }), '0.113292'], // + 2 × 0.0144
        [machine('n2d-standard-32', { os: 'rhel' }), null],
      ],
    );
    expect(found).toEqual(expected);
  });

  it.each([
    ['a list', { kind: 'compute#machineTypeList', items: [type('e2-odd-6', 6, 12_288)] }],
    [
      'an aggregated list',
      {
        kind: 'compute#machineTypeAggregatedList',
        items: {
          'zones/us-central1-a': { machineTypes: [type('e2-odd-6', 6, 12_288)] },
          'zones/us-central1-z': { warning: { code: 'NO_RESULTS_ON_PAGE', message: 'none', data: [] } },
        },
      },
    ],
    ['what gcloud prints', [type('e2-odd-6', 6, 12_288)]],
  ])('shapes come from machine types as %s', async (_what, types) => {
    const { found, expected } = await pricesOf(
      [PAGES, { source: 'gcp-machine-types', files: [types] }],
      [
        [machine('e2-odd-6'), '0.1659519'], // 6 × 0.02181159 + 12 × 0.00292353
        [machine('e2-odd-8', { vcpus: 8, memoryGib: 12 }), '0.20957508'],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('disks, fees, balancers and traffic', async () => {
    const { found, expected } = await pricesOf(
      [PAGES],
      [
        [thing('volume', 'pd-ssd'), '0.17'],
        [thing('volume', 'pd-standard'), '0.04'],
        [thing('volume', 'pd-balanced'), '0.1'],
        [thing('volume', 'regional-pd-balanced'), '0.2'],
        [thing('volume', 'hyperdisk-balanced'), '0.08'],
        [thing('volume', 'pd-extreme'), null],
        [thing('iops', 'hyperdisk-balanced'), '0.005'],
        [thing('throughput', 'hyperdisk-balanced'), '0.04'],
        [thing('snapshot', 'standard'), '0.05'],
        [thing('cluster-fee', 'standard'), '0.1'],
        [thing('cluster-fee', 'gke'), '0.1'],
        [thing('cluster-fee', 'extended'), '0.6'],
        [thing('network', 'cross-zone'), '0.01'],
        [thing('network', 'cross-region'), '0.02'],
        [thing('network', 'internet'), '0.12'],
        [thing('loadbalancer', 'standard'), '0.025'],
        [thing('ip', 'public-ipv4'), '0.005'],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('an answer names its unit, currency and parts', async () => {
    const [answer, german] = await answersOf([PAGES], [machine('e2-standard-2'), thing('volume', 'pd-ssd')]);
    expect(answer).toMatchObject({ unit: 'hour', currency: 'USD', source: 'gcp-skus' });
    expect(answer?.explanation.join('; ')).toContain('2 × 0.02181159 per vcpu-hour');
    expect(german).toMatchObject({ unit: 'GiB-month', currency: 'USD' });
  });
});
