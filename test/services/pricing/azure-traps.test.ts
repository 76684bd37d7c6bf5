import { describe, expect, it } from '@jest/globals';
import { lookupMachine, lookupResource, type PricedOs } from '@kubehero/domain';
import { AZURE_D4S, azurePage, catalogueOf, parse } from '../../support/pricing/samples.js';

interface Asked {
  readonly os?: PricedOs;
  readonly purchaseModel?: 'on-demand' | 'spot';
  readonly instanceType?: string;
}

async function priceOf(items: readonly object[], asked: Asked = {}): Promise<string | null> {
  const catalogue = await catalogueOf('azure-retail', [azurePage(items)]);
  const query = {
    provider: 'azure',
    region: 'westeurope',
    instanceType: 'Standard_D4s_v5',
    os: 'linux',
    purchaseModel: 'on-demand',
  } as const;
  return lookupMachine(catalogue, { ...query, ...asked }).price;
}

function trap(fields: object): object {
  return { ...AZURE_D4S, meterId: 'trap', skuId: 'trap', retailPrice: 0.01, unitPrice: 0.01, ...fields };
}

describe('traps of the Azure retail prices', () => {
  it('the plain Linux item has its exact price, however the size is written', async () => {
    await expect(priceOf([AZURE_D4S])).resolves.toBe('0.23');
    await expect(priceOf([AZURE_D4S], { instanceType: 'standard_d4s_V5' })).resolves.toBe('0.23');
  });

  it.each([
    ['DevTest rows are not for production', { type: 'DevTestConsumption' }],
    [
      'a reservation row holds the whole term',
      { type: 'Reservation', reservationTerm: '1 Year', retailPrice: 1505 },
    ],
    ['a consumption row with a term is a reservation', { reservationTerm: '3 Years' }],
    [
      'low priority is a discontinued product',
      { skuName: 'D4s v5 Low Priority', meterName: 'D4s v5 Low Priority' },
    ],
    ['low priority in the SKU name alone counts', { skuName: 'D4s v5 Low Priority' }],
    ['low priority in the meter name alone counts', { meterName: 'D4s v5 Low Priority' }],
    ['the free tier shares the size of the real one', { meterName: 'D4s v5 - Free' }],
    ['a dedicated host is not a machine', { productName: 'Virtual Machines Dsv5 Series Dedicated Host' }],
    [
      'cloud services are not virtual machines',
      { productName: 'Virtual Machines Dsv5 Series CloudServices' },
    ],
    ['another product is not a virtual machine', { productName: 'Dsv5 Series Cloud' }],
    ['a basic machine is another product', { productName: 'Virtual Machines Dsv5 Series Basic' }],
    ['an expired meter is no price', { meterName: 'D4s v5 Expired' }],
    ['a usage tier is not the first hour', { tierMinimumUnits: 100 }],
    ['an item of no region belongs nowhere', { armRegionName: '', location: 'Zone 1' }],
    ['an unknown price type is not consumption', { type: 'Marketplace' }],
    ['another unit is not an hour', { unitOfMeasure: '1/Month' }],
    ['a withdrawn row ends before it starts', { effectiveEndDate: '2021-10-01T00:00:00Z' }],
    [
      'a row that has ended is over',
      { effectiveStartDate: '2022-01-01T00:00:00Z', effectiveEndDate: '2022-02-01T00:00:00Z' },
    ],
    ['a row that starts later is not yet the price', { effectiveStartDate: '2027-01-01T00:00:00Z' }],
  ])('%s', async (_name, fields) => {
    await expect(priceOf([AZURE_D4S, trap(fields)])).resolves.toBe('0.23');
    await expect(priceOf([trap(fields)])).resolves.toBeNull();
  });

  it('Windows is told by the product name and never answered with the Linux price', async () => {
    const windows = trap({ productName: 'Virtual Machines Dsv5 Series Windows', retailPrice: 0.414 });
    await expect(priceOf([AZURE_D4S, windows], { os: 'windows' })).resolves.toBe('0.414');
    await expect(priceOf([AZURE_D4S, windows])).resolves.toBe('0.23');
    await expect(priceOf([AZURE_D4S], { os: 'windows' })).resolves.toBeNull();
  });

  it('spot is told by SKU or meter name and never mixed with on-demand', async () => {
    const spot = trap({ skuName: 'D4s v5 Spot', meterName: 'D4s v5 Spot', retailPrice: 0.0368 });
    await expect(priceOf([AZURE_D4S, spot], { purchaseModel: 'spot' })).resolves.toBe('0.0368');
    await expect(priceOf([spot, AZURE_D4S])).resolves.toBe('0.23');
    await expect(priceOf([AZURE_D4S], { purchaseModel: 'spot' })).resolves.toBeNull();
    await expect(priceOf([spot])).resolves.toBeNull();
  });

  it('of rows that have started the newest counts', async () => {
    const newer = trap({ effectiveStartDate: '2024-01-01T00:00:00Z', retailPrice: 0.25 });
    await expect(priceOf([newer, AZURE_D4S])).resolves.toBe('0.25');
  });

  it("the region's own meter goes before another region's, in either order", async () => {
    const foreign = trap({ isPrimaryMeterRegion: false });
    await expect(priceOf([AZURE_D4S, foreign])).resolves.toBe('0.23');
    await expect(priceOf([foreign, AZURE_D4S])).resolves.toBe('0.23');
  });

  it('digits that a binary float would lose are kept', async () => {
    const page = JSON.stringify(azurePage([AZURE_D4S])).replace(
      '"retailPrice":0.23',
      '"retailPrice":0.12345678901234567891',
    );
    const parsed = await parse('azure-retail', page);
    expect(parsed.items).toEqual([expect.objectContaining({ price: '0.12345678901234567891' })]);
  });

  it('an item in another currency than its page is refused', async () => {
    await expect(
      parse('azure-retail', azurePage([{ ...AZURE_D4S, currencyCode: 'EUR' }])),
    ).rejects.toMatchObject({
      code: 'WRONG_CURRENCY',
    });
  });

  it('one SKU at two prices for the same time is refused; a page given twice adds nothing', async () => {
    const twice = { ...AZURE_D4S, retailPrice: 0.24 };
    await expect(parse('azure-retail', azurePage([AZURE_D4S, twice]))).rejects.toMatchObject({
      code: 'DUPLICATE_SKU',
    });
    const parsed = await parse('azure-retail', azurePage([AZURE_D4S]), azurePage([AZURE_D4S]));
    expect(parsed.items).toHaveLength(1);
  });

  it("the free tier's cluster fee is unpriced until its meter starts, and then what the meter says", async () => {
    const fee = {
      ...AZURE_D4S,
      serviceName: 'Azure Kubernetes Service',
      productName: 'Azure Kubernetes Service',
      skuName: 'Standard',
      armSkuName: '',
      meterName: 'FreeTierInfrastructureCost Uptime SLA',
    };
    const old = {
      ...fee,
      retailPrice: 0.01,
      effectiveStartDate: '2026-10-01T00:00:00Z',
      effectiveEndDate: '2026-09-30T23:59:59Z',
    };
    const now = { ...fee, retailPrice: 0.05, effectiveStartDate: '2026-10-01T00:00:00Z' };
    const catalogue = await catalogueOf('azure-retail', [azurePage([old, now])]);
    const query = { provider: 'azure', region: 'westeurope', resource: 'cluster-fee', name: 'free' } as const;
    expect(lookupResource(catalogue, query).price).toBe('0.05');
    expect(lookupResource(catalogue, query, { atMs: Date.parse('2026-09-01T00:00:00Z') }).price).toBeNull();
  });
});
