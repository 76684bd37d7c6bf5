import { describe, expect, it } from '@jest/globals';
import { parseSource, type ParsedSource } from '@kubehero/pricing';
import { readFile } from 'node:fs/promises';
import { document } from '../../support/pricing/samples.js';

function sheet(name: string, text: string): Promise<ParsedSource> {
  return parseSource('custom', [document(name, text)], {});
}

const YAML = `
name: rack-a
version: "2026-11"
currency: EUR
nodes:
  - match: { name: "rack-*", labels: { pool: gold } }
    hardware: { purchasePrice: 8760, lifeYears: 5, powerWatts: 500, pricePerKwh: 0.20, pue: 1.5, monthlyCost: 73 }
prices:
  - { provider: aws, region: eu-west-1, instanceType: m5.large, os: linux, price: 0.0900 }
`;
const CSV = `kind,nodeName,labels,purchasePrice,lifeYears,powerWatts,pricePerKwh,pue,monthlyCost,provider,region,instanceType,os,price
node,rack-*,pool=gold,8760,5,500,0.20,1.5,73,,,,,
price,,,,,,,,,aws,eu-west-1,m5.large,linux,0.0900
`;

describe('a custom price sheet', () => {
  it('is as its documentation shows it', async () => {
    const readme = new URL('../../../../../services/pricing/sources/custom/README.md', import.meta.url);
    const text = await readFile(readme, 'utf8');
    const { items } = await sheet('readme.yaml', /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '');
    expect(items.map(({ kind }) => kind)).toEqual(['price', 'price', 'sheet']);
    const csv = /( {4}kind,[\s\S]*)$/.exec(text)?.[1]?.replace(/^ {4}/gm, '') ?? '';
    expect((await sheet('readme.csv', csv)).items).toHaveLength(1);
  });

  it('amortises hardware: life, power and monthly cost, exactly', async () => {
    const { items } = await sheet('rack.yaml', YAML);
    const found = items.find((item) => item.kind === 'sheet');
    // 8760 / (5 × 8760) + 0.5 kW × 0.20 × 1.5 + 73 / 730
    expect(found?.kind === 'sheet' ? found.nodes[0]?.pricePerHour : undefined).toBe('0.45');
    expect(items.find((item) => item.kind === 'price')).toMatchObject({
      price: '0.09',
      currency: 'EUR',
      source: 'custom',
    });
  });

  it('says the same in CSV', async () => {
    const yaml = await sheet(
      'rack.yaml',
      YAML.replace('version: "2026-11"\ncurrency: EUR\n', '').replace('name: rack-a\n', 'name: rack\n'),
    );
    const csv = await sheet('rack.csv', CSV);
    expect(csv.items).toEqual(yaml.items);
  });

  it.each([
    ['a misspelt field', 'nodes: [{match: {nam: x}, pricePerHour: 1}]', 'nodes[0].match.nam'],
    ['a price that is none', 'nodes: [{pricePerHour: free}]', 'nodes[0].pricePerHour'],
    ['a negative price', 'nodes: [{pricePerHour: -1}]', 'nodes[0].pricePerHour'],
    [
      'both a price and hardware',
      'nodes: [{pricePerHour: 1, hardware: {purchasePrice: 1, lifeYears: 1}}]',
      'not both',
    ],
    ['a life without a number', 'nodes: [{hardware: {purchasePrice: 1, lifeYears}}]', 'lifeYears'],
    ['a unit price without a number', 'units: [{vcpuHour: , memoryGibHour: 1}]', 'vcpuHour'],
    ['a life of nothing', 'nodes: [{hardware: {purchasePrice: 1, lifeYears: 0}}]', 'lifeYears'],
    ['a discount above the whole', 'discounts: [{provider: aws, percent: 101}]', 'percent'],
    ['a currency that is none', 'currency: euro\nnodes: [{pricePerHour: 1}]', 'currency'],
    ['a date that is none', 'nodes: [{pricePerHour: 1, validFrom: soon}]', 'validFrom'],
    ['no YAML', 'nodes: [', 'YAML'],
    ['a list', '- 1', 'map'],
  ])('%s is refused, naming it', async (_name, text, named) => {
    await expect(sheet('bad.yaml', text)).rejects.toMatchObject({
      code: 'BAD_SHEET',
      message: expect.stringContaining(named) as unknown,
    });
  });

  it('tells all its faults together', async () => {
    const text = 'currency: x\nnodes: [{pricePerHour: a}, {pricePerHour: b}]';
    await expect(sheet('bad.yaml', text)).rejects.toMatchObject({
      message: expect.stringMatching(/currency.*nodes\[0\].*nodes\[1\]/) as unknown,
    });
  });
});
