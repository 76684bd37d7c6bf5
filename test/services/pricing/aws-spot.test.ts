import { describe, expect, it } from '@jest/globals';
import { buildCatalogue, lookupMachine, type Catalogue, type PriceAnswer } from '@kubehero/domain';
import { parseSource } from '@kubehero/pricing';
import { catalogueOf, document, M5_LARGE, offer, parse } from '../../support/pricing/samples.js';

function entry(zone: string, price: string, more: object = {}): object {
  return {
    AvailabilityZone: zone,
    InstanceType: 'm5.large',
    ProductDescription: 'Linux/UNIX',
    SpotPrice: price,
    Timestamp: '2026-11-22T00:00:00.000Z',
    ...more,
  };
}

function ask(catalogue: Catalogue, zone: string | undefined, atMs?: number): PriceAnswer {
  const query = {
    provider: 'aws',
    region: 'eu-west-1',
    instanceType: 'm5.large',
    os: 'linux',
    purchaseModel: 'spot',
  } as const;
  return lookupMachine(catalogue, zone === undefined ? query : { ...query, zone }, { atMs });
}

const AS_OF = '2026-11-22T12:00:00Z';
const FEED = {
  vers: 0.01,
  config: {
    rate: 'perhr',
    valueColumns: ['linux', 'mswin'],
    currencies: ['USD'],
    regions: [
      {
        region: 'eu-west-1',
        footnotes: {},
        instanceTypes: [
          {
            type: 'generalCurrentGen',
            sizes: [
              {
                size: 'm5.large',
                valueColumns: [
                  { name: 'linux', prices: { USD: '0.0391' } },
                  { name: 'mswin', prices: { USD: 'N/A*' } },
                ],
              },
              { size: 't9.nano', valueColumns: [{ name: 'linux', prices: { USD: '9.0E-4' } }] },
            ],
          },
        ],
      },
    ],
  },
};

describe('AWS spot prices', () => {
  it('are per zone: each zone has its own, an unknown zone has none', async () => {
    const catalogue = await catalogueOf(
      'aws-spot-history',
      [{ SpotPriceHistory: [entry('eu-west-1a', '0.0411'), entry('eu-west-1b', '0.0402')] }],
      AS_OF,
    );
    expect(ask(catalogue, 'eu-west-1a').price).toBe('0.0411');
    expect(ask(catalogue, 'eu-west-1b').price).toBe('0.0402');
    expect(ask(catalogue, 'eu-west-1c').price).toBeNull();
  });

  it('without a zone are known only where all zones agree', async () => {
    const differ = await catalogueOf(
      'aws-spot-history',
      [{ SpotPriceHistory: [entry('eu-west-1a', '0.0411'), entry('eu-west-1b', '0.0402')] }],
      AS_OF,
    );
    const agree = await catalogueOf(
      'aws-spot-history',
      [{ SpotPriceHistory: [entry('eu-west-1a', '0.04'), entry('eu-west-1b', '0.04')] }],
      AS_OF,
    );
    expect(ask(differ, undefined).price).toBeNull();
    expect(ask(differ, undefined).explanation.join(' ')).toContain('name the zone');
    expect(ask(agree, undefined).price).toBe('0.04');
  });

  it('of several instants the newest that has come counts, and the past can be asked for', async () => {
    const catalogue = await catalogueOf(
      'aws-spot-history',
      [
        {
          SpotPriceHistory: [
            entry('eu-west-1a', '0.05'),
            entry('eu-west-1a', '0.03', { Timestamp: '2026-11-21T00:00:00Z' }),
            entry('eu-west-1a', '0.09', { Timestamp: '2026-11-23T00:00:00Z' }),
          ],
        },
      ],
      AS_OF,
    );
    expect(ask(catalogue, 'eu-west-1a').price).toBe('0.05');
    expect(ask(catalogue, 'eu-west-1a', Date.parse('2026-11-21T06:00:00Z')).price).toBe('0.03');
    expect(ask(catalogue, 'eu-west-1a', Date.parse('2026-11-20T06:00:00Z')).price).toBeNull();
  });

  it('read the same from the XML of the API as from JSON', async () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><spotPriceHistorySet>
<item><instanceType>m5.large</instanceType><productDescription>Linux/UNIX</productDescription><spotPrice>0.041100</spotPrice><timestamp>2026-11-22T00:00:00.000Z</timestamp><availabilityZone>eu-west-1a</availabilityZone></item>
</spotPriceHistorySet><nextToken/></DescribeSpotPriceHistoryResponse>`;
    const fromXml = await parse('aws-spot-history', xml);
    const fromJson = await parse('aws-spot-history', { SpotPriceHistory: [entry('eu-west-1a', '0.0411')] });
    expect(fromXml.items).toEqual(fromJson.items);
    await expect(parse('aws-spot-history', xml.slice(0, -60))).rejects.toMatchObject({ code: 'TRUNCATED' });
  });

  it('refuse a history of another region than the one that was named', async () => {
    const file = document('history.json', { SpotPriceHistory: [entry('eu-west-1a', '0.0411')] });
    await expect(parseSource('aws-spot-history', [file], { region: 'us-east-1' })).rejects.toMatchObject({
      code: 'WRONG_SHAPE',
    });
  });

  it('of the public feed: scientific notation is exact, N/A* is no price', async () => {
    const catalogue = await catalogueOf('aws-spot-feed', [FEED], AS_OF);
    expect(ask(catalogue, 'eu-west-1a').price).toBe('0.0391');
    const query = { provider: 'aws', region: 'eu-west-1', purchaseModel: 'spot' } as const;
    expect(lookupMachine(catalogue, { ...query, instanceType: 't9.nano', os: 'linux' }).price).toBe('0.0009');
    expect(lookupMachine(catalogue, { ...query, instanceType: 'm5.large', os: 'windows' }).price).toBeNull();
  });

  it('the frozen spot.js and a feed of another rate are refused', async () => {
    await expect(parse('aws-spot-feed', `callback(${JSON.stringify(FEED)});`)).rejects.toMatchObject({
      code: 'WRONG_SHAPE',
    });
    await expect(
      parse('aws-spot-feed', { ...FEED, config: { ...FEED.config, rate: 'permonth' } }),
    ).rejects.toMatchObject({ code: 'WRONG_SHAPE' });
  });

  it("the zone's own price goes before the region's, and on-demand never stands in for spot", async () => {
    const history = await parse('aws-spot-history', { SpotPriceHistory: [entry('eu-west-1a', '0.0411')] });
    const feed = await parse('aws-spot-feed', FEED);
    const list = await parse('aws-offer', offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }]));
    const at = { asOfMs: Date.parse(AS_OF) };
    const all = buildCatalogue([history, feed, list].map(({ items }) => ({ ...at, rows: items })));
    expect(ask(all, 'eu-west-1a').price).toBe('0.0411');
    expect(ask(all, 'eu-west-1b').price).toBe('0.0391');
    expect(ask(buildCatalogue([{ ...at, rows: list.items }]), 'eu-west-1a').price).toBeNull();
  });
});
