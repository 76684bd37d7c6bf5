import { BUILT_IN_VERSION } from '@kubehero/domain';
import { implement, pricing, RpcError, type Implementation } from '@kubehero/rpc';
import {
  countPriceChanges,
  listPriceChanges,
  listPricePartStates,
  listPriceQuarantine,
  searchPrices,
  tryFindPriceVersion,
  type Database,
  type Kysely,
  type PriceQuarantineRecord,
} from '@kubehero/store-postgres';
import { explainMachine } from './explain-machine.js';
import { explainNode } from './explain-node.js';
import type { PriceBook } from './price-book.js';

/** What the service works with. */
export interface PricingServiceOptions {
  readonly db: Kysely<Database>;
  readonly book: PriceBook;
  /** Reporting currency. */
  readonly currency: string;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;
const MAX_TEXT_CHARACTERS = 100;

/** Answers what things cost by the catalogue, and why; on every replica. */
export function pricingService(options: PricingServiceOptions): Implementation {
  const { db } = options;
  return implement(pricing.PricingService, {
    GetCatalogue: () => getCatalogue(options),
    SearchPrices: async (request) => {
      const { text, provider, region, resource, purchaseModel } = request;
      if (text.length > MAX_TEXT_CHARACTERS) {
        throw new RpcError('invalid_argument', `text has ${text.length} characters, at most are 100`);
      }
      const limit = toLimit(request.limit);
      const wanted = { text, provider, region: region.toLowerCase(), resource, purchaseModel };
      const prices = await searchPrices(db, { ...wanted, limit: limit + 1 });
      return { prices: prices.slice(0, limit), truncated: prices.length > limit };
    },
    ExplainPrice: async (request) => ({
      prices:
        request.node === '' ? [await explainMachine(options.book, request)] : await explainNode(db, request),
    }),
    ListChanges: async (request) => {
      const version =
        request.version === 0 ? ((await tryFindPriceVersion(db))?.version ?? 0) : request.version;
      const changes = await listPriceChanges(db, version, toLimit(request.limit));
      return {
        version,
        ...(await countPriceChanges(db, version)),
        changes: changes.map((change) => ({
          ...change,
          before: change.before ?? '',
          after: change.after ?? '',
        })),
      };
    },
  });
}

async function getCatalogue({
  db,
  currency,
}: PricingServiceOptions): Promise<pricing.GetCatalogueResponseInput> {
  const version = await tryFindPriceVersion(db);
  return {
    version: version?.version ?? 0,
    createdAt: version?.createdAt ?? '',
    currency,
    parts: (await listPricePartStates(db)).map(
      ({ name, source, asOf, sourceVersion, version: of, rows }) => ({
        name,
        source,
        asOf,
        sourceVersion,
        rows,
        version: of,
      }),
    ),
    quarantined: (await listPriceQuarantine(db)).map(toQuarantined),
    builtInVersion: BUILT_IN_VERSION,
  };
}

/** What `--sources` takes for a source: the cloud's name, which its sources begin with. */
function serviceOf(source: string): string {
  return source.split('-', 1)[0] ?? source;
}

function toQuarantined(part: PriceQuarantineRecord): pricing.QuarantinedPartInput {
  return {
    ...part,
    reasons: [...part.reasons],
    acceptCommand: `kubehero pricing refresh --sources ${serviceOf(part.source)} --accept '${part.region}/${part.family}'`,
  };
}

function toLimit(limit: number): number {
  if (limit <= MAX_LIMIT) return limit === 0 ? DEFAULT_LIMIT : limit;
  throw new RpcError('invalid_argument', `limit is ${limit}, at most is ${MAX_LIMIT}`);
}
