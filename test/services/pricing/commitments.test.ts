import { describe, expect, it } from '@jest/globals';
import {
  buildCatalogue,
  commitmentsOf,
  judgeRefresh,
  lookupMachine,
  resolveNodePrice,
  toNodeFacts,
  type Catalogue,
  type CustomSheet,
  type MachineQuery,
  type PriceRow,
} from '@kubehero/domain';
import { parseSource } from '@kubehero/pricing';
import {
  AZURE_D4S,
  azurePage,
  catalogueOf,
  document,
  E2_RATES,
  gcpSku,
  M5_LARGE,
  offer,
  parse,
  reservedTerm,
  SAVINGS_PLAN,
} from '../../support/pricing/samples.js';

const AS_OF = '2026-11-22T00:00:00Z';
const M5: MachineQuery = {
  provider: 'aws',
  region: 'eu-west-1',
  instanceType: 'm5.large',
  os: 'linux',
  purchaseModel: 'on-demand',
};
const D4S: MachineQuery = {
  ...M5,
  provider: 'azure',
  region: 'westeurope',
  instanceType: 'Standard_D4s_v5',
};
const E2: MachineQuery = { ...M5, provider: 'gcp', region: 'us-central1', instanceType: 'e2-standard-4' };

const RESERVED = {
  LINUX: {
    ...reservedTerm('LINUX', { term: '1yr', payment: 'No Upfront', hourly: '0.068' }),
    ...reservedTerm('LINUX', { term: '1yr', payment: 'Partial Upfront', hourly: '0.032', upfront: '284' }),
    ...reservedTerm('LINUX', { term: '3yr', payment: 'All Upfront', hourly: '0', upfront: '1077' }),
  },
};

function withOnDemand(): unknown {
  const plain = offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }]);
  return { ...plain, terms: { ...(plain['terms'] as object), Reserved: RESERVED } };
}

function namesAndPrices(catalogue: Catalogue, query: MachineQuery): Record<string, string> {
  return Object.fromEntries(
    commitmentsOf(catalogue, query, undefined).map(({ name, price }) => [name, price]),
  );
}

describe('list rates of commitments', () => {
  it('AWS reserved terms: an upfront payment is spread over the hours of the term', async () => {
    const catalogue = await catalogueOf('aws-offer', [withOnDemand()]);
    expect(namesAndPrices(catalogue, M5)).toEqual({
      'reserved/3yr/all-upfront/standard': '0.04098173516', // 1077 / 26280
      'reserved/1yr/partial-upfront/standard': '0.064420091324', // 284 / 8760 + 0.032
      'reserved/1yr/no-upfront/standard': '0.068',
    });
  });

  it('are kept apart: the on-demand price stays, and a node is never priced by one', async () => {
    const catalogue = await catalogueOf('aws-offer', [withOnDemand()]);
    expect(lookupMachine(catalogue, M5)).toMatchObject({ price: '0.107', purchaseModel: 'on-demand' });
    expect(namesAndPrices(catalogue, { ...M5, purchaseModel: 'spot' })).toEqual({});
    expect(namesAndPrices(catalogue, { ...M5, os: 'windows' })).toEqual({});
  });

  it('are left out on request', async () => {
    const parsed = await parseSource('aws-offer', [document('offer.json', withOnDemand())], {
      commitments: false,
    });
    expect(parsed.items.map((item) => (item.kind === 'price' ? item.purchaseModel : ''))).toEqual([
      'on-demand',
    ]);
  });

  it('AWS savings plans: rates join machines by SKU, else by usage type and operation', async () => {
    const onDemand = await parse('aws-offer', withOnDemand());
    const products = new Map(
      onDemand.items.filter((item): item is PriceRow => item.kind === 'price').map((row) => [row.sku, row]),
    );
    const parsed = await parseSource('aws-savings-plan', [document('plan.json', SAVINGS_PLAN)], { products });
    const catalogue = buildCatalogue([{ asOfMs: Date.parse(AS_OF), rows: parsed.items }]);
    expect(namesAndPrices(catalogue, M5)).toEqual({
      'savings-plan/1yr/no-upfront/compute': '0.0795',
      'savings-plan/3yr/all-upfront/ec2-instance': '0.0428',
    });
    // Not in the on-demand list: its usage type says what it is
    expect(namesAndPrices(catalogue, { ...M5, instanceType: 'c5.xlarge', os: 'windows' })).toEqual({
      'savings-plan/1yr/no-upfront/compute': '0.33',
    });
    expect(parsed.skipped.get('rate of something else than a plain machine')).toBe(2);
    expect(parsed.skipped.get('other savings plan')).toBe(1);
  });

  it('Azure reservations: the price is the whole term, whatever the unit says; plans are hourly', async () => {
    const reservation = { ...AZURE_D4S, type: 'Reservation', skuName: 'D4s v5', meterId: 'r1' };
    const savingsPlan = [
      { unitPrice: 0.1673, retailPrice: 0.1673, term: '1 Year' },
      { unitPrice: 0.1134, retailPrice: 0.1134, term: '3 Years' },
    ];
    const catalogue = await catalogueOf('azure-retail', [
      azurePage([
        { ...AZURE_D4S, savingsPlan },
        { ...reservation, retailPrice: 1188, unitPrice: 1188, reservationTerm: '1 Year' },
        { ...reservation, retailPrice: 2300, unitPrice: 2300, reservationTerm: '3 Years' },
      ]),
    ]);
    expect(namesAndPrices(catalogue, D4S)).toEqual({
      'reserved/1yr': '0.135616438356',
      'reserved/3yr': '0.087519025875',
      'savings-plan/1yr': '0.1673',
      'savings-plan/3yr': '0.1134',
    });
    expect(lookupMachine(catalogue, D4S).price).toBe('0.23');
  });

  it('Google commitments: composed from the parts that all have a rate for the term', async () => {
    const commit = (id: string, description: string, more: object): Record<string, unknown> =>
      gcpSku({ id, description, usage: 'Commit1Yr', ...more });
    const catalogue = await catalogueOf('gcp-skus', [
      {
        skus: [
          ...E2_RATES,
          commit('C1', 'Commitment v1: E2 Cpu in Americas for 1 Year', { nanos: 13741200 }),
          commit('C2', 'Commitment v1: E2 Ram in Americas for 1 Year', { nanos: 1841900, unit: 'GiBy.h' }),
          gcpSku({
            id: 'C3',
            description: 'Commitment v1: E2 Cpu in Americas for 3 Year',
            usage: 'Commit3Yr',
            nanos: 9815000,
          }),
          commit('C4', 'Commitment - dollar based v1: GCE for 1 year', { nanos: 1000 }),
        ],
      },
    ]);
    // 4 × 0.0137412 + 16 × 0.0018419; for three years the memory's rate is missing
    expect(namesAndPrices(catalogue, E2)).toEqual({ 'reserved/1yr': '0.0844352' });
    expect(namesAndPrices(catalogue, { ...E2, instanceType: 'e2-custom-4-16384' })).toEqual({
      'reserved/1yr': '0.0844352',
    });
    expect(lookupMachine(catalogue, E2).price).toBe('0.13402284');
  });

  it('the gate judges every way to commit by itself', async () => {
    const rows = async (value: unknown): Promise<PriceRow[]> =>
      (await parse('aws-offer', value)).items.filter((item): item is PriceRow => item.kind === 'price');
    const before = await rows(withOnDemand());
    const slipped = before.map((row) =>
      row.commitments === undefined
        ? row
        : {
            ...row,
            commitments: row.commitments.map((rate) =>
              rate.payment === 'no-upfront' ? { ...rate, price: '6.8' } : rate,
            ),
          },
    );
    const { verdicts, passed } = judgeRefresh(before, slipped, { mode: 'replace', accept: [] });
    expect(verdicts.map(({ purchaseModel, quarantined }) => [purchaseModel, quarantined])).toEqual([
      ['reserved', true],
    ]);
    expect(passed.map(({ purchaseModel }) => purchaseModel)).toEqual(['on-demand']);
  });
});

describe('a custom discount that names a commitment', () => {
  const node = toNodeFacts({
    metadata: {
      name: 'n1',
      labels: {
        'node.kubernetes.io/instance-type': 'm5.large',
        'topology.kubernetes.io/region': 'eu-west-1',
        'topology.kubernetes.io/zone': 'eu-west-1a',
      },
    },
    spec: { providerID: 'aws:///eu-west-1a/i-1' },
  });

  async function priced(commitment: string): Promise<ReturnType<typeof resolveNodePrice>> {
    const parsed = await parse('aws-offer', withOnDemand());
    const text = `name: agreement\ndiscounts:\n  - {provider: aws, name: m5.large, commitment: ${commitment}, validFrom: 2026-01-01}\n`;
    const sheet = await parseSource('custom', [document('sheet.yaml', text)], {});
    const sheets = sheet.items.filter((item): item is CustomSheet => item.kind === 'sheet');
    const catalogue = buildCatalogue([{ asOfMs: Date.parse(AS_OF), rows: [...parsed.items, ...sheets] }]);
    return resolveNodePrice(node, catalogue);
  }

  it('makes its list rate the effective price; the list price stays beside it', async () => {
    const answer = await priced('reserved/1yr/no-upfront/standard');
    expect(answer).toMatchObject({ price: '0.068', listPrice: '0.107' });
    expect(answer.explanation.at(-1)).toContain('commitment reserved/1yr/no-upfront/standard');
  });

  it('leaves the list price where no such rate is listed, and says so', async () => {
    const answer = await priced('savings-plan/1yr/no-upfront/compute');
    expect(answer).toMatchObject({ price: '0.107', listPrice: '0.107' });
    expect(answer.explanation.at(-1)).toContain('no list rate');
  });

  it('is refused where it names no way to commit', async () => {
    await expect(priced('reserved/2yr')).rejects.toMatchObject({ code: 'BAD_SHEET' });
  });
});
