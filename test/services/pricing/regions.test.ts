import { describe, expect, it } from '@jest/globals';
import { pricesOf, type RefreshStep } from '../../support/pricing/contract.js';
import { M5_LARGE, offer, type OfferProduct } from '../../support/pricing/samples.js';

const US_EAST = { ...M5_LARGE, location: 'US East (N. Virginia)', regionCode: 'us-east-1' };

/** Traffic as both regions' files list it: in both directions. */
function traffic(sku: string, from: typeof M5_LARGE | typeof US_EAST, price: string): OfferProduct {
  const to = from.regionCode === 'us-east-1' ? M5_LARGE : US_EAST;
  const usagetype = from.regionCode === 'us-east-1' ? 'USE1-EU-AWS-Out-Bytes' : 'EU-USE1-AWS-Out-Bytes';
  return {
    ...{ sku, family: 'Data Transfer', unit: 'GB', price },
    attributes: {
      ...{ servicecode: 'AWSDataTransfer', transferType: 'InterRegion Outbound', usagetype, operation: '' },
      ...{ fromLocation: from.location, fromLocationType: 'AWS Region', fromRegionCode: from.regionCode },
      ...{ toLocation: to.location, toLocationType: 'AWS Region', toRegionCode: to.regionCode },
    },
  };
}

const BOTH_WAYS = [traffic('OUT', M5_LARGE, '0.02'), traffic('IN', US_EAST, '0.01')];
const machine = (of: typeof M5_LARGE | typeof US_EAST, price: string): OfferProduct => ({
  ...{ sku: `M-${of.regionCode}`, price },
  attributes: { ...of, usagetype: of.regionCode === 'us-east-1' ? 'BoxUsage:m5.large' : of.usagetype },
});
const ireland = offer([machine(M5_LARGE, '0.107'), ...BOTH_WAYS], {
  publicationDate: '2026-11-03T00:00:00Z',
});
const virginia = offer([machine(US_EAST, '0.096'), ...BOTH_WAYS], {
  publicationDate: '2026-11-01T00:00:00Z',
});

const step = (file: unknown, replace = false): RefreshStep => ({
  source: 'aws-offer',
  files: [file],
  replace,
});
const m5 = (region: string): object => ({
  ...{ provider: 'aws', region, instanceType: 'm5.large', os: 'linux', purchaseModel: 'on-demand' },
});

describe("what one region's file says of another", () => {
  it.each([
    ['added, the newer first', [step(ireland), step(virginia)]],
    ['added, the older first', [step(virginia), step(ireland)]],
    ['replacing, the newer first', [step(ireland, true), step(virginia, true)]],
    ['replacing, the older first', [step(virginia, true), step(ireland, true)]],
    ['together', [{ source: 'aws-offer', files: [ireland, virginia] } satisfies RefreshStep]],
  ])('neither prices nor dates it: %s', async (_, steps) => {
    const { found, expected } = await pricesOf(steps, [
      [m5('eu-west-1'), '0.107'],
      [m5('us-east-1'), '0.096'],
    ]);
    expect(found).toEqual(expected);
  });
});

describe('an older publication', () => {
  const disk: OfferProduct = {
    ...{ sku: 'GP3', family: 'Storage', unit: 'GB-Mo', price: '0.088' },
    attributes: {
      ...{ servicecode: 'AmazonEC2', location: M5_LARGE.location, locationType: 'AWS Region' },
      ...{
        regionCode: 'eu-west-1',
        volumeApiName: 'gp3',
        usagetype: 'EU-EBS:VolumeUsage.gp3',
        operation: '',
      },
    },
  };
  const gp3 = { provider: 'aws', region: 'eu-west-1', resource: 'volume', name: 'gp3' };
  const may = { publicationDate: '2026-05-10T00:00:00Z' };

  it('is taken where it speaks of what nothing was known of, and held back where it contradicts', async () => {
    const older = offer([disk, machine(M5_LARGE, '0.2')], may);
    const { found, expected } = await pricesOf(
      [step(ireland), step(older)],
      [
        [gp3, '0.088'],
        [m5('eu-west-1'), '0.107'],
      ],
    );
    expect(found).toEqual(expected);
  });
});

describe('a family of one row', () => {
  it('that is gone, or at zero, keeps its last good price until a person lets it go', async () => {
    const c4 = { ...M5_LARGE, instanceType: 'c4.large', usagetype: 'EU-BoxUsage:c4.large' };
    const others = ['xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge'].map((size) => ({
      ...{ sku: `M-${size}`, price: '0.5' },
      attributes: { ...M5_LARGE, instanceType: `m5.${size}`, usagetype: `EU-BoxUsage:m5.${size}` },
    }));
    const listed = (price: string): object => offer([...others, { sku: 'C4', attributes: c4, price }]);
    const query = { ...m5('eu-west-1'), instanceType: 'c4.large' };
    for (const last of [listed('0'), offer(others)]) {
      const { found, expected } = await pricesOf(
        [step(listed('0.113'), true), step(last, true)],
        [[query, '0.113']],
      );
      expect(found).toEqual(expected);
    }
  });
});
