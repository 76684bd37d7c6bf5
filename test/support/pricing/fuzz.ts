import {
  openSpotClient,
  parseSource,
  PricingError,
  spotHistoryPages,
  type SourceName,
  type SpotClient,
} from '@kubehero/pricing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AZURE_D4S,
  azurePage,
  document,
  E2_RATES,
  gcpSku,
  getProducts,
  M5_LARGE,
  offer,
  reservedTerm,
  SAVINGS_PLAN,
} from './samples.js';

/** A small fast generator with a seed, so that a failure can be repeated. See Marsaglia, xorshift32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}

const PRODUCT = { sku: 'LINUX', attributes: M5_LARGE, price: '0.107' };
const SPOT = {
  AvailabilityZone: 'eu-west-1a',
  InstanceType: 'm5.large',
  ProductDescription: 'Linux/UNIX',
  SpotPrice: '0.04',
  Timestamp: '2026-11-22T00:00:00Z',
};
const FEED = {
  vers: 0.01,
  config: {
    rate: 'perhr',
    regions: [
      {
        region: 'eu-west-1',
        instanceTypes: [
          { sizes: [{ size: 'm5.large', valueColumns: [{ name: 'linux', prices: { USD: '9.0E-4' } }] }] },
        ],
      },
    ],
  },
};
const SHEET = `name: rack
currency: EUR
nodes:
  - match: {name: "rack-*", labels: {pool: gold}}
    hardware: {purchasePrice: "8000", lifeYears: "5", powerWatts: "350", pricePerKwh: "0.12"}
units:
  - {vcpuHour: "0.02", memoryGibHour: "0.003", gpuHour: {"*": "1"}}
discounts:
  - {provider: aws, percent: "10"}
`;
const XML = `<?xml version="1.0"?><DescribeSpotPriceHistoryResponse><spotPriceHistorySet><item><instanceType>m5.large</instanceType><productDescription>Linux/UNIX</productDescription><spotPrice>0.04</spotPrice><timestamp>2026-11-22T00:00:00Z</timestamp><availabilityZone>eu-west-1a</availabilityZone></item></spotPriceHistorySet></DescribeSpotPriceHistoryResponse>`;
const CSV =
  '"FormatVersion","v1.0"\n"Version","2026"\n"SKU","OfferTermCode","RateCode","TermType","EffectiveDate","StartingRange","Unit","PricePerUnit","Currency","Product Family","Location","Instance Type","Tenancy","Operating System","usageType"\n"S","J","R","OnDemand","2026-01-01","0","Hrs","0.107","USD","Compute Instance","EU (Ireland)","m5.large","Shared","Linux","EU-BoxUsage:m5.large"\n';

const RESERVED = {
  ...offer([PRODUCT]),
  terms: {
    OnDemand: (offer([PRODUCT]) as { readonly terms: { readonly OnDemand: object } }).terms.OnDemand,
    Reserved: {
      LINUX: {
        ...reservedTerm('LINUX', { term: '1yr', payment: 'Partial Upfront', hourly: '0.03', upfront: '270' }),
        ...reservedTerm('LINUX', { term: '3yr', payment: 'No Upfront', hourly: '0.045' }),
      },
    },
  },
};
const RESERVATION = {
  ...AZURE_D4S,
  retailPrice: 990,
  type: 'Reservation',
  reservationTerm: '1 Year',
};
const COMMITMENT = gcpSku({
  id: 'CUD',
  description: 'Commitment v1: E2 Cpu in Americas for 1 Year',
  usage: 'Commit1Yr',
  nanos: 13_741_000,
});

/** Well-formed documents of every source, from which inputs are made. */
export const SEEDS: readonly (readonly [SourceName, string, string])[] = [
  ['aws-offer', 'offer.json', JSON.stringify(offer([PRODUCT]))],
  ['aws-offer', 'offer.csv', CSV],
  ['aws-offer', 'reserved.json', JSON.stringify(RESERVED)],
  ['aws-getproducts', 'products.json', JSON.stringify(getProducts([PRODUCT]))],
  ['aws-spot-history', 'history.json', JSON.stringify({ SpotPriceHistory: [SPOT] })],
  ['aws-spot-history', 'history.xml', XML],
  ['aws-spot-history', 'answer-to-sdk.xml', XML],
  ['aws-spot-feed', 'spot.json', JSON.stringify(FEED)],
  ['aws-savings-plan', 'plan.json', JSON.stringify(SAVINGS_PLAN)],
  ['azure-retail', 'page.json', JSON.stringify(azurePage([AZURE_D4S]))],
  ['azure-retail', 'reservation.json', JSON.stringify(azurePage([RESERVATION]))],
  ['gcp-skus', 'commitment.json', JSON.stringify({ skus: [COMMITMENT] })],
  ['gcp-skus', 'skus.json', JSON.stringify({ skus: E2_RATES.slice(0, 1) })],
  [
    'gcp-machine-types',
    'types.json',
    JSON.stringify({ items: [{ name: 'n2-standard-2', guestCpus: 2, memoryMb: 8192 }] }),
  ],
  ['custom', 'sheet.yaml', SHEET],
  ['custom', 'sheet.csv', 'kind,nodeName,pricePerHour,labels\nnode,rack-*,0.35,pool=gold\n'],
];

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\\u0000',
  'null',
  'true',
  '-1',
  '1e999',
  '0.0000000000',
  'N/A*',
  '9.0E-4',
  'NaN',
  '__proto__',
  '\n',
  '\uFEFF',
  '<',
  '99999999999999999999999999999999999999999',
  'constructor',
  '*',
  '&a',
] as const;

/** A mutation of a document: cuts, copies, flips and foreign tokens, one to four of them. */
export function mutate(text: string, random: Random): string {
  let result = text;
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(result.length + 1);
    const length = random.below(24);
    switch (random.below(6)) {
      case 0:
        result = result.slice(0, at);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 2:
        result = result.slice(0, at) + result.slice(at, at + length) + result.slice(at);
        break;
      case 3:
        result = result.slice(0, at) + random.pick(TOKENS) + result.slice(at + random.below(4));
        break;
      case 4:
        result = result.slice(0, at) + String.fromCharCode(random.below(256)) + result.slice(at + 1);
        break;
      default:
        result = result.replace(/\d+/, () => String(random.below(1_000_000)));
    }
  }
  return result;
}

function checkPrice(price: string, input: string): void {
  if (/^\d+(\.\d+)?$/.test(price) && !/^0+(\.0+)?$/.test(price)) return;
  throw new Error(`a price of '${price}' came out of ${JSON.stringify(input)}`);
}

let sdk: Promise<{ readonly client: SpotClient; answer: string }> | undefined;

/** The real SDK over a transport that answers whatever it is told to. */
async function openSdk(): Promise<{ readonly client: SpotClient; answer: string }> {
  // The SDK's notice is about later versions than the one that is pinned
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-fuzz-'));
  const credentialsFile = join(folder, 'credentials');
  await writeFile(credentialsFile, '[default]\naws_access_key_id = fuzz\naws_secret_access_key = fuzz\n');
  const context = {
    fetch: () => Promise.resolve(new Response(opened.answer, { headers: { 'content-type': 'text/xml' } })),
    sleep: () => Promise.resolve(),
    random: () => 0,
    signal: new AbortController().signal,
  };
  const client = await openSpotClient('eu-west-1', { credentialsFile }, context);
  const opened = { client, answer: '' };
  await client.hasCredentials();
  await rm(folder, { recursive: true });
  return opened;
}

/** What the engine makes of an answer of the EC2 API that comes through the SDK. */
async function throughSdk(input: string): Promise<string> {
  const opened = await (sdk ??= openSdk());
  opened.answer = input;
  const request = { region: 'eu-west-1', nowMs: 0, signal: new AbortController().signal };
  for await (const page of spotHistoryPages(opened.client.send, request)) return page;
  return '{}';
}

/** One input: the parser gives sound rows or a PricingError of one line, and nothing else. @returns whether it took it */
export async function tryInput(source: SourceName, name: string, input: string): Promise<boolean> {
  try {
    const content = name.endsWith('-to-sdk.xml') ? await throughSdk(input) : input;
    const parsed = await parseSource(source, [document(name, content)], {});
    for (const item of parsed.items)
      if (item.kind === 'price' && item.source !== 'custom') checkPrice(item.price, input);
    return true;
  } catch (error) {
    if (error instanceof PricingError && !error.message.includes('\n')) return false;
    throw new Error(`${source} ${name}: ${String(error)} for ${JSON.stringify(input)}`, { cause: error });
  }
}

/** What a run saw. */
export interface FuzzResult {
  readonly source: string;
  readonly inputs: number;
  readonly taken: number;
  readonly refused: number;
  readonly slowestMs: number;
  /** The same input again, best of a few: what it costs by itself, without the machine's other work and warm-up. */
  readonly slowestAgainMs: number;
}

const REPEATS = 5;

async function again(source: SourceName, name: string, input: string): Promise<number> {
  let bestMs = Infinity;
  for (let count = 0; count < REPEATS; count += 1) {
    const startedAt = performance.now();
    await tryInput(source, name, input);
    bestMs = Math.min(bestMs, performance.now() - startedAt);
  }
  return bestMs;
}

/** Feeds mutations of one seed document to its parser. @throws Error with the input that broke a rule */
export async function fuzz(
  seed: readonly [SourceName, string, string],
  inputs: number,
  random: Random,
): Promise<FuzzResult> {
  const [source, name, text] = seed;
  let taken = 0;
  let slowestMs = 0;
  let slowest = text;
  for (let count = 0; count < inputs; count += 1) {
    const startedAt = performance.now();
    const input = mutate(text, random);
    if (await tryInput(source, name, input)) taken += 1;
    const tookMs = performance.now() - startedAt;
    if (tookMs <= slowestMs) continue;
    slowestMs = tookMs;
    slowest = input;
  }
  return {
    source: `${source} ${name}`,
    inputs,
    taken,
    refused: inputs - taken,
    slowestMs: Math.round(slowestMs),
    slowestAgainMs: Number((await again(source, name, slowest)).toFixed(2)),
  };
}
