import type {
  Catalogue,
  ExplainedPrice,
  Explanation,
  FoundPrices,
  PriceChanges,
  PriceQuestion,
  PriceSearch,
  PriceSubject,
} from '../../features/prices/model/price-messages.js';
import type { ControlPlaneClient } from '../control-plane-client.js';
import { readInstant, readList, readMessage, readNumber, readString } from './connect-json.js';
import type { QueryCache } from './query-cache.js';

type Client = Pick<ControlPlaneClient, 'call'>;
type Raw = Readonly<Record<string, unknown>>;

const SERVICE = 'kubehero.pricing.v1.PricingService';
const LIFETIME_MS = 5000;
const SHOWN_CHANGES = 200;
const SHOWN_PRICES = 100;

/** The catalogue in force. @throws ControlPlaneError */
export function readCatalogue(client: Client, cache: QueryCache): Promise<Catalogue> {
  return cache.get('price-catalogue', LIFETIME_MS, async () => {
    const raw = readMessage(await client.call(`${SERVICE}/GetCatalogue`, {}), 'answer');
    return {
      version: readNumber(raw['version'], 'version'),
      createdAtS: readInstant(raw['createdAt'], 'createdAt'),
      builtInVersion: readString(raw['builtInVersion'], 'builtInVersion'),
      parts: messages(raw, 'parts').map((part) => ({
        ...texts(part, ['name', 'source', 'sourceVersion']),
        asOfS: readInstant(part['asOf'], 'asOf'),
        rows: readNumber(part['rows'], 'rows'),
      })),
      quarantined: messages(raw, 'quarantined').map((part) => ({
        ...texts(part, ['source', 'region', 'family', 'purchaseModel', 'acceptCommand']),
        sinceS: readInstant(part['since'], 'since'),
        reasons: readList(part['reasons'], 'reasons').map((reason) => readString(reason, 'reason')),
      })),
    };
  });
}

/** What the newest version changed. @throws ControlPlaneError */
export function readPriceChanges(client: Client, cache: QueryCache): Promise<PriceChanges> {
  return cache.get('price-changes', LIFETIME_MS, async () => {
    const answer = await client.call(`${SERVICE}/ListChanges`, { limit: SHOWN_CHANGES });
    const raw = readMessage(answer, 'answer');
    return {
      version: readNumber(raw['version'], 'version'),
      added: readNumber(raw['added'], 'added'),
      changed: readNumber(raw['changed'], 'changed'),
      removed: readNumber(raw['removed'], 'removed'),
      changes: messages(raw, 'changes').map((change) => ({
        ...toSubject(change),
        ...texts(change, ['before', 'after']),
      })),
    };
  });
}

/** Prices in force by name. @throws ControlPlaneError */
export async function searchPrices(client: Client, search: PriceSearch): Promise<FoundPrices> {
  const answer = await client.call(`${SERVICE}/SearchPrices`, { ...search, limit: SHOWN_PRICES });
  const raw = readMessage(answer, 'answer');
  return {
    truncated: raw['truncated'] === true,
    prices: messages(raw, 'prices').map((price) => ({
      ...toSubject(price),
      ...texts(price, ['price', 'sourceVersion', 'conflict']),
    })),
  };
}

/** Why something costs what it does. @throws ControlPlaneError */
export async function explainPrice(client: Client, question: PriceQuestion): Promise<Explanation> {
  const raw = readMessage(await client.call(`${SERVICE}/ExplainPrice`, question), 'answer');
  return { prices: messages(raw, 'prices').map(toExplained) };
}

function toExplained(raw: Raw): ExplainedPrice {
  return {
    ...texts(raw, ['price', 'listPrice', 'currency', 'source', 'sourceVersion', 'sku']),
    effectiveFromS: readNumber(raw['effectiveFromS'], 'effectiveFromS'),
    catalogueVersion: readNumber(raw['catalogueVersion'], 'catalogueVersion'),
    explanation: readList(raw['explanation'], 'explanation').map((line) => readString(line, 'explanation')),
  };
}

function toSubject(raw: Raw): PriceSubject {
  const place = texts(raw, ['provider', 'region', 'zone', 'resource', 'name', 'os']);
  return { ...place, ...texts(raw, ['purchaseModel', 'unit', 'currency', 'source', 'sku']) };
}

function messages(raw: Raw, name: string): readonly Raw[] {
  return readList(raw[name], name).map((item) => readMessage(item, name));
}

function texts<Name extends string>(raw: Raw, names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, readString(raw[name], name)])) as Record<Name, string>;
}
