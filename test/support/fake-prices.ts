const HOUR_MS = 3_600_000;

const ago = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString();

const M5 = {
  provider: 'aws',
  region: 'eu-west-1',
  resource: 'instance',
  name: 'm5.large',
  os: 'linux',
  purchaseModel: 'on-demand',
  unit: 'hour',
  currency: 'USD',
  source: 'aws-offer',
  sku: 'JRTCKXETXF1',
};

const PRICES = [
  { ...M5, price: '0.107', sourceVersion: '20261120183001' },
  { ...M5, os: 'windows', price: '0.199', sku: 'WINDOWS1', sourceVersion: '20261120183001' },
  {
    ...M5,
    purchaseModel: 'spot',
    zone: 'eu-west-1a',
    price: '0.0391',
    sku: 'eu-west-1a/m5.large',
    source: 'aws-spot-history',
  },
  {
    ...M5,
    name: 'm5.xlarge',
    price: '0.214',
    sku: 'XLARGE',
    conflict: 'SKUs A (0.214) and B (0.3) claim the same thing',
  },
];

/** What the pricing service answers in tests of pages; undefined for paths that are not its own. */
export function fakePrices(path: string, body: Readonly<Record<string, unknown>>): unknown {
  if (path.endsWith('/GetCatalogue')) {
    return {
      version: 42,
      createdAt: ago(2),
      currency: 'USD',
      builtInVersion: 'built-in-2026-11-22',
      parts: [
        {
          name: 'aws-offer/eu-west-1',
          source: 'aws-offer',
          asOf: ago(2),
          sourceVersion: 'AmazonEC2@20261120183001',
          version: 42,
          rows: 14_212,
        },
        {
          name: 'azure-retail/westeurope',
          source: 'azure-retail',
          asOf: ago(80),
          sourceVersion: '2026-11-19',
          version: 30,
          rows: 5120,
        },
        {
          name: 'custom/all',
          source: 'custom',
          asOf: ago(2),
          sourceVersion: '2026-11',
          version: 42,
          rows: 3,
        },
      ],
      quarantined: [
        {
          source: 'aws-offer',
          region: 'eu-west-1',
          family: 'c5',
          purchaseModel: 'on-demand',
          since: ago(8),
          reasons: ['median price × 10.0, allowed is a factor of 2'],
          acceptCommand: "kubehero pricing refresh --sources aws --accept 'eu-west-1/c5'",
        },
      ],
    };
  }
  if (path.endsWith('/ListChanges')) {
    const { sku: _sku, ...subject } = M5;
    const changes = [
      { ...subject, before: '0.112', after: '0.107' },
      { ...subject, name: 'm8g.large', after: '0.0986' },
      { ...subject, name: 'm1.small', before: '0.047' },
    ];
    return { version: 42, added: 1, changed: 1, removed: 1, changes };
  }
  if (path.endsWith('/SearchPrices')) {
    const { text } = body as { text: string };
    return { prices: PRICES.filter(({ name }) => name.includes(text)) };
  }
  return path.endsWith('/ExplainPrice')
    ? { prices: explained(body['node'] !== undefined && body['node'] !== '') }
    : undefined;
}

function explained(isNode: boolean): unknown[] {
  const now = {
    price: '0.107',
    listPrice: '0.107',
    currency: 'USD',
    source: 'aws-offer',
    sourceVersion: '20261120183001',
    sku: 'JRTCKXETXF1',
    catalogueVersion: 42,
    explanation: [
      'price catalogue version 42',
      'provider aws from providerID',
      'annotation kubehero.io/price-per-hour: not set',
      'custom sheet: no entry fits this node',
      'exact on-demand linux price of m5.large in eu-west-1: aws-offer version 20261120183001, sku JRTCKXETXF1, in force since 2026-11-01T00:00:00Z',
    ],
  };
  if (!isNode) return [now];
  const startS = Math.floor(Date.now() / 1000) - 7000;
  const before = { ...now, price: '0.112', listPrice: '0.112', catalogueVersion: 41 };
  return [{ ...now, effectiveFromS: String(startS) }, before];
}
