import { describe, expect, it } from '@jest/globals';
import {
  buildCatalogue,
  lookupMachine,
  lookupResource,
  type Catalogue,
  type MachineQuery,
  type PriceAnswer,
} from '@kubehero/domain';
import { catalogueOf, E2_RATES, gcpSku, parse, type SkuFacts } from '../../support/pricing/samples.js';

function ask(catalogue: Catalogue, instanceType: string, more: Partial<MachineQuery> = {}): PriceAnswer {
  const query = { provider: 'gcp', region: 'us-central1', os: 'linux', purchaseModel: 'on-demand' } as const;
  return lookupMachine(catalogue, { ...query, instanceType, ...more });
}

async function priceOf(
  skus: readonly object[],
  instanceType: string,
  more: Partial<MachineQuery> = {},
): Promise<string | null> {
  return ask(await catalogueOf('gcp-skus', [{ skus, nextPageToken: '' }]), instanceType, more).price;
}

function core(facts: Partial<SkuFacts>): object {
  return gcpSku({ id: 'TRAP', description: 'E2 Instance Core running in Americas', nanos: 1, ...facts });
}

const N2_CUSTOM = [
  gcpSku({ id: 'C', description: 'N2 Custom Instance Core running in Americas', nanos: 33_191_000 }),
  gcpSku({
    id: 'R',
    description: 'N2 Custom Instance Ram running in Americas',
    group: 'RAM',
    unit: 'GiBy.h',
    nanos: 4_449_000,
  }),
];
const A2 = [
  gcpSku({ id: 'A2C', description: 'A2 Instance Core running in Americas', nanos: 31_611_000 }),
  gcpSku({
    id: 'A2R',
    description: 'A2 Instance Ram running in Americas',
    group: 'RAM',
    unit: 'GiBy.h',
    nanos: 4_237_000,
  }),
];
const A100 = gcpSku({
  id: 'GPU',
  description: 'Nvidia Tesla A100 GPU running in Americas',
  group: 'GPU',
  units: '2',
  nanos: 933_908_000,
});

describe('traps of the Google catalogue', () => {
  it('a predefined machine is cores and memory at exact rates', async () => {
    // 4 × 0.02181159 + 16 × 0.00292353
    await expect(priceOf(E2_RATES, 'e2-standard-4')).resolves.toBe('0.13402284');
  });

  it.each([
    ['e2-micro', '0.0083764275', 'a quarter of a vCPU and 1 GiB'],
    ['e2-small', '0.016752855', 'half a vCPU and 2 GiB'],
    ['e2-medium', '0.03350571', 'one vCPU and 4 GiB'],
  ])('shared-core %s is billed for %s: %s', async (type, price) => {
    await expect(priceOf(E2_RATES, type)).resolves.toBe(price);
    await expect(
      priceOf(E2_RATES, type, { vcpus: '2', memoryGib: { 'e2-micro': '1', 'e2-small': '2' }[type] ?? '4' }),
    ).resolves.toBe(price);
  });

  it.each([
    ['commitments', { description: 'Commitment v1: E2 Cpu in Americas for 1 Year', usage: 'Commit1Yr' }],
    ['a commitment under an on-demand description', { usage: 'Commit1Yr' }],
    ['sole tenancy', { description: 'E2 Sole Tenancy Instance Core running in Americas' }],
    [
      'sole tenancy premiums',
      { description: 'Sole Tenancy Premium for E2 Instance Core running in Americas' },
    ],
    ['reservations', { description: 'Reserved E2 Instance Core running in Americas' }],
    ['custom machines', { description: 'E2 Custom Instance Core running in Americas' }],
    ['DWS', { description: 'DWS Defined Duration E2 Instance Core running in Americas' }],
    [
      'spot words on an on-demand SKU',
      { description: 'Spot Preemptible E2 Instance Core running in Americas' },
    ],
    ['other regions', { regions: ['europe-west4'] }],
    ['another unit', { unit: 'mo' }],
  ])('%s do not price a predefined machine', async (_name, facts) => {
    await expect(priceOf([...E2_RATES, core(facts)], 'e2-standard-4')).resolves.toBe('0.13402284');
    const [, ram] = E2_RATES;
    await expect(
      priceOf([core({ nanos: 500_000_000, ...facts }), ram ?? {}], 'e2-standard-4'),
    ).resolves.toBeNull();
  });

  it('the region is read from the list of regions, not from the description', async () => {
    const catalogue = await catalogueOf('gcp-skus', [
      { skus: E2_RATES.map((sku) => ({ ...sku, serviceRegions: ['europe-west4'] })) },
    ]);
    expect(ask(catalogue, 'e2-standard-4').price).toBeNull();
    expect(ask(catalogue, 'e2-standard-4', { region: 'europe-west4' }).price).toBe('0.13402284');
  });

  it('memory in decimal gigabytes is converted to GiB', async () => {
    const ram = gcpSku({
      id: 'RAM',
      description: 'E2 Instance Ram running in Americas',
      group: 'RAM',
      unit: 'GBy.h',
      nanos: 2_000_000,
    });
    // 1 × 0.02181159 × 4 + 16 × 0.002 × 1.073741824
    await expect(priceOf([E2_RATES[0] ?? {}, ram], 'e2-standard-4')).resolves.toBe('0.121606098368');
  });

  it('a foreign currency stays what it is and is never called dollars', async () => {
    const skus = [
      gcpSku({
        id: 'C',
        description: 'E2 Instance Core running in Americas',
        currency: 'IDR',
        units: '327',
        nanos: 173_848_364,
      }),
      gcpSku({
        id: 'R',
        description: 'E2 Instance Ram running in Americas',
        group: 'RAM',
        unit: 'GiBy.h',
        currency: 'IDR',
        units: '43',
        nanos: 852_949_780,
      }),
    ];
    const answer = ask(await catalogueOf('gcp-skus', [{ skus }]), 'e2-standard-2');
    expect([answer.currency, answer.price]).toEqual(['IDR', '1005.171294968']);
  });

  it('parts in two currencies make no price', async () => {
    const [dollars] = E2_RATES;
    const rupiah = gcpSku({
      id: 'R',
      description: 'E2 Instance Ram running in Americas',
      group: 'RAM',
      unit: 'GiBy.h',
      currency: 'IDR',
      units: '43',
    });
    await expect(priceOf([dollars ?? {}, rupiah], 'e2-standard-2')).resolves.toBeNull();
  });

  it('spot is composed from spot rates only', async () => {
    const spot = [
      gcpSku({
        id: 'SC',
        description: 'Spot Preemptible E2 Instance Core running in Americas',
        usage: 'Preemptible',
        nanos: 6_543_000,
      }),
      gcpSku({
        id: 'SR',
        description: 'Spot Preemptible E2 Instance Ram running in Americas',
        group: 'RAM',
        unit: 'GiBy.h',
        usage: 'Preemptible',
        nanos: 877_000,
      }),
    ];
    await expect(priceOf([...E2_RATES, ...spot], 'e2-standard-2', { purchaseModel: 'spot' })).resolves.toBe(
      '0.020102',
    );
    await expect(priceOf(E2_RATES, 'e2-standard-2', { purchaseModel: 'spot' })).resolves.toBeNull();
    await expect(priceOf(spot, 'e2-standard-2')).resolves.toBeNull();
  });

  it('Arm is no RAM', async () => {
    const skus = [
      gcpSku({ id: 'AC', description: 'C4A Arm Instance Core running in Americas', nanos: 34_870_000 }),
      gcpSku({
        id: 'AR',
        description: 'C4A Arm Instance Ram running in Americas',
        group: 'RAM',
        unit: 'GiBy.h',
        nanos: 4_010_000,
      }),
    ];
    await expect(priceOf(skus, 'c4a-standard-4')).resolves.toBe('0.20364');
  });

  it('a custom machine takes custom rates, never the predefined ones', async () => {
    await expect(priceOf(N2_CUSTOM, 'n2-custom-4-8192')).resolves.toBe('0.168356');
    const predefined = [
      gcpSku({ id: 'C', description: 'N2 Instance Core running in Americas', nanos: 31_611_000 }),
      gcpSku({
        id: 'R',
        description: 'N2 Instance Ram running in Americas',
        group: 'RAM',
        unit: 'GiBy.h',
        nanos: 4_237_000,
      }),
    ];
    await expect(priceOf(predefined, 'n2-custom-4-8192')).resolves.toBeNull();
  });

  it('extended memory is billed at its own rate beyond what the vCPUs carry', async () => {
    const extended = gcpSku({
      id: 'X',
      description: 'N2 Custom Extended Instance Ram running in Americas',
      group: 'RAM',
      unit: 'GiBy.h',
      nanos: 9_550_000,
    });
    // 2 vCPUs carry 16 GiB: 2 × 0.033191 + 16 × 0.004449 + 4 × 0.00955
    await expect(priceOf([...N2_CUSTOM, extended], 'n2-custom-2-20480-ext')).resolves.toBe('0.175766');
    await expect(priceOf(N2_CUSTOM, 'n2-custom-2-20480-ext')).resolves.toBeNull();
  });

  it('a GPU machine without a GPU rate has no price', async () => {
    await expect(priceOf([...A2, A100], 'a2-highgpu-1g')).resolves.toBe('3.673385');
    await expect(priceOf(A2, 'a2-highgpu-1g')).resolves.toBeNull();
  });

  it('bundled local disks are billed', async () => {
    const skus = [
      gcpSku({ id: 'C', description: 'C3 Instance Core running in Americas', nanos: 30_000_000 }),
      gcpSku({
        id: 'R',
        description: 'C3 Instance Ram running in Americas',
        group: 'RAM',
        unit: 'GiBy.h',
        nanos: 4_000_000,
      }),
    ];
    const disk = gcpSku({
      id: 'D',
      description: 'SSD backed Local Storage',
      family: 'Storage',
      group: 'LocalSSD',
      unit: 'GiBy.mo',
      nanos: 80_000_000,
    });
    // 4 × 0.03 + 16 × 0.004 + 375 × 0.08 / 730
    await expect(priceOf([...skus, disk], 'c3-standard-4-lssd')).resolves.toBe('0.225095890411');
    await expect(priceOf(skus, 'c3-standard-4-lssd')).resolves.toBeNull();
  });

  it('Windows needs its licence and is never the Linux price', async () => {
    await expect(priceOf(E2_RATES, 'e2-standard-4', { os: 'windows' })).resolves.toBeNull();
    const license = gcpSku({
      id: 'W',
      description: 'Licensing Fee for Windows Server 2022 Datacenter Edition (CPU cost)',
      family: 'License',
      group: 'Google',
      regions: ['global'],
      nanos: 46_000_000,
    });
    await expect(priceOf([...E2_RATES, license], 'e2-standard-4', { os: 'windows' })).resolves.toBe(
      '0.31802284',
    );
  });

  it('of tiers the first that costs something counts, and all are told', async () => {
    const sku = gcpSku({
      id: 'NET',
      description: 'Network Internet Data Transfer Out from Americas to Americas',
      family: 'Network',
      group: 'PremiumInternetEgress',
      unit: 'GiBy',
    });
    const tier = (from: number, nanos: number): object => ({
      startUsageAmount: from,
      unitPrice: { currencyCode: 'USD', units: '0', nanos },
    });
    const tiered = structuredClone(sku) as {
      pricingInfo: { pricingExpression: { tieredRates: object[] } }[];
    };
    const [info] = tiered.pricingInfo;
    if (info !== undefined)
      info.pricingExpression.tieredRates = [tier(0, 0), tier(1, 120_000_000), tier(1024, 110_000_000)];
    const answer = lookupResource(await catalogueOf('gcp-skus', [{ skus: [tiered] }]), {
      provider: 'gcp',
      region: 'us-central1',
      resource: 'network',
      name: 'internet',
    });
    expect(answer.price).toBe('0.12');
    expect(answer.explanation).toContain('from 1024 GiB: 0.11');
  });

  it('a machine type list gives shapes that the built-in table does not hold', async () => {
    const skus = await parse('gcp-skus', {
      skus: [
        gcpSku({ id: 'C', description: 'Q9 Instance Core running in Americas', nanos: 10_000_000 }),
        gcpSku({
          id: 'R',
          description: 'Q9 Instance Ram running in Americas',
          group: 'RAM',
          unit: 'GiBy.h',
          nanos: 1_000_000,
        }),
      ],
    });
    const types = await parse('gcp-machine-types', {
      items: {
        'zones/us-central1-a': { machineTypes: [{ name: 'q9-standard-2', guestCpus: 2, memoryMb: 8192 }] },
      },
    });
    const without = buildCatalogue([{ asOfMs: Date.parse('2026-11-22'), rows: skus.items }]);
    const both = buildCatalogue([
      { asOfMs: Date.parse('2026-11-22'), rows: [...skus.items, ...types.items] },
    ]);
    expect(ask(without, 'q9-standard-2').price).toBeNull();
    expect(ask(both, 'q9-standard-2').price).toBe('0.028');
  });
});
