import { describe, expect, it } from '@jest/globals';
import { lookupMachine, lookupResource, type PricedOs } from '@kubehero/domain';
import {
  catalogueOf,
  getProducts,
  M5_LARGE,
  offer,
  parse,
  type OfferProduct,
} from '../../support/pricing/samples.js';

const LINUX: OfferProduct = { sku: 'LINUX', attributes: M5_LARGE, price: '0.1070000000' };

async function priceOf(products: readonly OfferProduct[], os: PricedOs = 'linux'): Promise<string | null> {
  const catalogue = await catalogueOf('aws-offer', [offer(products)]);
  const query = {
    provider: 'aws',
    region: 'eu-west-1',
    instanceType: 'm5.large',
    purchaseModel: 'on-demand',
  } as const;
  return lookupMachine(catalogue, { ...query, os }).price;
}

/** The same products as GetProducts gives them, which no fast path of the offer reader touches. */
async function priceByApi(products: readonly OfferProduct[]): Promise<string | null> {
  const catalogue = await catalogueOf('aws-getproducts', [getProducts(products)]);
  const query = {
    provider: 'aws',
    region: 'eu-west-1',
    instanceType: 'm5.large',
    purchaseModel: 'on-demand',
  } as const;
  return lookupMachine(catalogue, { ...query, os: 'linux' }).price;
}

/** A row that differs from the plain one in what the trap is about, and in its price, and in nothing else. */
function trap(attributes: Readonly<Record<string, string>>, price = '0.5000000000'): OfferProduct {
  return { sku: 'TRAP', attributes: { ...M5_LARGE, ...attributes }, price };
}

describe('traps of the EC2 offer file', () => {
  it('the plain Linux row has its exact price', async () => {
    await expect(priceOf([LINUX])).resolves.toBe('0.107');
  });

  it.each([
    [
      'dedicated tenancy is not the shared price',
      { tenancy: 'Dedicated', usagetype: 'EU-DedicatedUsage:m5.large' },
    ],
    ['a dedicated host is not the shared price', { tenancy: 'Host', usagetype: 'EU-HostBoxUsage:m5.large' }],
    [
      'an unused capacity reservation is not a running machine',
      { capacitystatus: 'UnusedCapacityReservation' },
    ],
    [
      'an allocated capacity reservation is not a running machine',
      { capacitystatus: 'AllocatedCapacityReservation' },
    ],
    ['a capacity block is not on demand', { marketoption: 'CapacityBlock' }],
    ['software on top is not the plain price', { preInstalledSw: 'SQL Std' }],
    ['software under another name on top is not the plain price', { preInstalledSw: 'Other Software' }],
    ['an operation code with software on top is not the plain price', { operation: 'RunInstances:0004' }],
    ['a usage type other than BoxUsage is not a running machine', { usagetype: 'EU-UnusedBox:m5.large' }],
    ['a machine on Outposts is not in the region', { usagetype: 'EU-Outposts-BoxUsage:m5.large' }],
    ['another Linux is not plain Linux', { operatingSystem: 'Ubuntu Pro', operation: '' }],
    ['a product without an instance type is no machine', { instanceType: '' }],
    ['an own licence is not the plain price', { licenseModel: 'Bring your own license' }],
  ])('%s', async (_name, attributes) => {
    await expect(priceOf([LINUX, trap(attributes)])).resolves.toBe('0.107');
    await expect(priceOf([trap(attributes)])).resolves.toBeNull();
    await expect(priceByApi([LINUX, trap(attributes)])).resolves.toBe('0.107');
    await expect(priceByApi([trap(attributes)])).resolves.toBeNull();
  });

  it('Windows with an own licence at the Linux price does not become the Windows price', async () => {
    const windows = { operatingSystem: 'Windows', operation: 'RunInstances:0002' };
    const own = {
      sku: 'OWN',
      attributes: { ...M5_LARGE, ...windows, licenseModel: 'Bring your own license' },
      price: '0.107',
    };
    const listed = { sku: 'WINDOWS', attributes: { ...M5_LARGE, ...windows }, price: '0.199' };
    await expect(priceOf([listed, own], 'windows')).resolves.toBe('0.199');
    await expect(priceOf([own], 'windows')).resolves.toBeNull();
  });

  it('Windows is never answered with the Linux price, nor Linux with the Windows price', async () => {
    await expect(priceOf([LINUX], 'windows')).resolves.toBeNull();
    const windows = { ...M5_LARGE, operatingSystem: 'Windows', operation: 'RunInstances:0002' };
    await expect(priceOf([{ sku: 'WINDOWS', attributes: windows, price: '0.199' }])).resolves.toBeNull();
  });

  it('a price of zero is no price', async () => {
    await expect(priceOf([trap({}, '0.0000000000')])).resolves.toBeNull();
  });

  it('a row that starts after the instant of judgement is not yet the price', async () => {
    const later = { ...LINUX, sku: 'LATER', price: '0.2', effectiveDate: '2027-01-01T00:00:00Z' };
    await expect(priceOf([LINUX, later])).resolves.toBe('0.107');
    await expect(priceOf([later])).resolves.toBeNull();
  });

  it('two SKUs that claim one machine at two prices leave it unpriced, with the reason', async () => {
    const catalogue = await catalogueOf('aws-offer', [offer([LINUX, trap({})])]);
    const answer = lookupMachine(catalogue, {
      provider: 'aws',
      region: 'eu-west-1',
      instanceType: 'm5.large',
      os: 'linux',
      purchaseModel: 'on-demand',
    });
    expect(answer.price).toBeNull();
    expect(answer.explanation.join(' ')).toContain('both claim it');
  });

  it('a file that names no region code is placed by its location', async () => {
    const { regionCode: _code, ...attributes } = M5_LARGE;
    await expect(priceOf([{ ...LINUX, attributes }])).resolves.toBe('0.107');
  });

  it("a Local Zone has its own prices and never its parent region's", async () => {
    const local = { ...M5_LARGE, regionCode: 'us-west-2-lax-1', usagetype: 'LAX1-BoxUsage:m5.large' };
    const parent = {
      ...M5_LARGE,
      regionCode: 'us-west-2',
      usagetype: 'USW2-BoxUsage:m5.large',
      instanceType: 'm5.xlarge',
    };
    const catalogue = await catalogueOf('aws-offer', [
      offer([
        { sku: 'LOCAL', attributes: local, price: '0.115' },
        { sku: 'PARENT', attributes: parent, price: '0.192' },
      ]),
    ]);
    const query = {
      provider: 'aws',
      region: 'us-west-2',
      zone: 'us-west-2-lax-1a',
      os: 'linux',
      purchaseModel: 'on-demand',
    } as const;
    expect(lookupMachine(catalogue, { ...query, instanceType: 'm5.large' }).price).toBe('0.115');
    expect(lookupMachine(catalogue, { ...query, instanceType: 'm5.xlarge' }).price).toBeNull();
  });

  it('a Chinese region is priced in yuan', async () => {
    const attributes = { ...M5_LARGE, regionCode: 'cn-northwest-1', usagetype: 'CNW1-BoxUsage:m5.large' };
    const catalogue = await catalogueOf('aws-offer', [
      offer([{ ...LINUX, attributes, price: '0.9', currency: 'CNY' }]),
    ]);
    const answer = lookupMachine(catalogue, {
      provider: 'aws',
      region: 'cn-northwest-1',
      instanceType: 'm5.large',
      os: 'linux',
      purchaseModel: 'on-demand',
    });
    expect([answer.price, answer.currency]).toEqual(['0.9', 'CNY']);
  });

  it('throughput is listed per GiB/s and answered per MiB/s', async () => {
    const attributes = {
      regionCode: 'eu-west-1',
      usagetype: 'EU-EBS:VolumeP-Throughput.gp3',
      volumeApiName: 'gp3',
    };
    const catalogue = await catalogueOf('aws-offer', [
      offer([
        { sku: 'T', family: 'Provisioned Throughput', attributes, price: '45.0560000000', unit: 'GiBps-mo' },
      ]),
    ]);
    const answer = lookupResource(catalogue, {
      provider: 'aws',
      region: 'eu-west-1',
      resource: 'throughput',
      name: 'gp3',
    });
    expect([answer.price, answer.unit]).toEqual(['0.044', 'MiBps-month']);
  });

  it("a volume on Outposts is not the region's volume", async () => {
    const attributes = {
      regionCode: 'eu-west-1',
      usagetype: 'EU-Outposts-EBS:VolumeUsage.gp2',
      volumeApiName: 'gp2',
    };
    const parsed = await parse(
      'aws-offer',
      offer([{ sku: 'V', family: 'Storage', attributes, price: '0.3', unit: 'GB-Mo' }]),
    );
    expect(parsed.items).toEqual([]);
  });

  it('a cluster in extended support costs the base fee and the surcharge', async () => {
    const fee = (usage: string): Record<string, string> => ({
      regionCode: 'us-east-1',
      usagetype: `USE1-AmazonEKS-Hours:${usage}`,
    });
    const catalogue = await catalogueOf('aws-offer', [
      offer([
        { sku: 'BASE', family: 'Compute', attributes: fee('perCluster'), price: '0.1000000000' },
        { sku: 'MORE', family: 'Compute', attributes: fee('extendedSupport'), price: '0.5000000000' },
      ]),
    ]);
    const query = { provider: 'aws', region: 'us-east-1', resource: 'cluster-fee' } as const;
    expect(lookupResource(catalogue, { ...query, name: 'standard' }).price).toBe('0.1');
    expect(lookupResource(catalogue, { ...query, name: 'extended' }).price).toBe('0.6');
  });
});
