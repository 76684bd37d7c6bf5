import { describe, expect, it } from '@jest/globals';
import { answersOf, pricesOf, type RefreshStep } from '../../support/pricing/contract.js';

const SHEET: RefreshStep = {
  source: 'custom',
  files: [
    `
name: rack-a
version: '2026-11'
currency: EUR
nodes:
  - match: { name: 'rack-*', labels: { pool: gold } }
    hardware: { purchasePrice: 8760, lifeYears: 5, powerWatts: 500, pricePerKwh: 0.20, pue: 1.5, monthlyCost: 73 }
  - match: { instanceType: cx31, region: fsn1 }
    pricePerHour: 0.0119
units:
  - match: { provider: custom }
    vcpuHour: 0.02
    memoryGibHour: 0.003
    gpuHour: { nvidia-l4: 0.5 }
prices:
  - { provider: custom, region: rack-a, instanceType: big, price: 1.5 }
  - { provider: custom, region: rack-a, resource: volume, name: ceph-ssd, unit: GiB-month, price: 0.06 }
`,
  ],
};

const machine = (more: object): object => ({ provider: 'custom', region: 'rack-b', ...more });

describe('an own price sheet through refresh and lookup', () => {
  it('prices a machine by its type, else by its parts; what it does not speak of has no price', async () => {
    const { found, expected } = await pricesOf(
      [SHEET],
      [
        [
          machine({ region: 'fsn1', instanceType: 'cx31', os: 'linux', purchaseModel: 'on-demand' }),
          '0.0119',
        ],
        [machine({ region: 'rack-a', instanceType: 'big' }), '1.5'],
        [machine({ instanceType: 'other', vcpus: 4, memoryGib: 16 }), '0.128'], // 4 × 0.02 + 16 × 0.003
        [machine({ vcpus: '4', memoryGib: '16', gpus: { 'nvidia-l4': 2 } }), '1.128'],
        [machine({ instanceType: 'other', vcpus: 4, memoryGib: 16, gpus: { 'nvidia-h100': 1 } }), null],
        [machine({ instanceType: 'other' }), null],
        [{ provider: 'aws', region: 'eu-west-1', instanceType: 'm5.large', vcpus: 2, memoryGib: 8 }, null],
        [machine({ region: 'rack-a', resource: 'volume', name: 'ceph-ssd' }), '0.06'],
        [{ node: { metadata: { name: 'rack-7', labels: { pool: 'gold' } } } }, '0.45'], // 0.2 + 0.15 + 0.1
        [{ node: { metadata: { name: 'rack-7', labels: { pool: 'tin' } } } }, null],
      ],
    );
    expect(found).toEqual(expected);
  });

  it('a question that is none is answered with the reason, and the others all the same', async () => {
    const [wrong, right] = await answersOf(
      [SHEET],
      [machine({ instanceType: 'other', vcpus: 'four', memoryGib: 16 }), machine({ vcpus: 1, memoryGib: 1 })],
    );
    expect(wrong?.price).toBeNull();
    expect(wrong?.explanation[0]).toContain("line 1: vcpus 'four' is no number above zero");
    expect(right?.price).toBe('0.023');
  });
});
