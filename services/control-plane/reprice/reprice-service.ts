import { formatInstant } from '@kubehero/domain';
import { implement, pricing, RpcError, type Implementation } from '@kubehero/rpc';
import {
  addReprice,
  listReprices,
  listRepriceSums,
  tryFindReprice,
  type Database,
  type Kysely,
  type RepriceRow,
  type RepriceTotal,
} from '@kubehero/store-postgres';
import type { NameDirectory, Names } from '../query/names.js';
import { readRepriceRequest, type RepriceBounds } from './reprice-request.js';

/** What the service works with. */
export interface RepriceServiceOptions extends RepriceBounds {
  readonly db: Kysely<Database>;
  readonly names: NameDirectory;
  /** Reporting currency. */
  readonly currency: string;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;
const NODES_THEMSELVES = '(nodes)';

/** Takes corrections of the past and says how far they are; on every replica. */
export function repriceService(options: RepriceServiceOptions): Implementation {
  const { db } = options;
  return implement(pricing.RepriceService, {
    StartReprice: async (request) => {
      const id = await addReprice(db, await readRepriceRequest(db, request, options));
      return { reprice: await find(options, id) };
    },
    GetReprice: async ({ id }) => ({ reprice: await find(options, id) }),
    ListReprices: async ({ limit }) => {
      if (limit > MAX_LIMIT) {
        throw new RpcError('invalid_argument', `limit is ${limit}, at most is ${MAX_LIMIT}`);
      }
      const names = await options.names.read();
      const rows = await listReprices(db, limit === 0 ? DEFAULT_LIMIT : limit);
      return { reprices: rows.map((row) => ({ ...toMessage(row, names), currency: options.currency })) };
    },
  });
}

async function find(options: RepriceServiceOptions, id: number): Promise<pricing.RepriceInput> {
  const row = await tryFindReprice(options.db, id);
  if (row === undefined)
    throw new RpcError('not_found', `there is no reprice ${id}: list them to see their numbers`);
  const [names, sums] = await Promise.all([options.names.read(), listRepriceSums(options.db, id)]);
  const byNode = sums.filter(({ kind }) => kind === 'node');
  const byNamespace = sums.filter(({ kind }) => kind === 'namespace');
  return {
    ...toMessage(row, names),
    currency: options.currency,
    beforePicodollars: total(byNode, 'before'),
    afterPicodollars: total(byNode, 'after'),
    byNode: byNode.map((sum) => toSum(sum, names, names.nodes.get(sum.key))),
    byNamespace: byNamespace.map((sum) =>
      toSum(sum, names, sum.key === 0 ? NODES_THEMSELVES : names.namespaces.get(sum.key)),
    ),
  };
}

function toMessage(row: RepriceRow, names: Names): pricing.RepriceInput {
  const nodeName = (key: number): string => names.nodes.get(key) ?? String(key);
  return {
    id: row.key,
    clusters: row.clusterKeys.map((key) => names.clusters.get(key) ?? String(key)),
    nodes: (row.nodeKeys ?? []).map(nodeName),
    from: formatInstant(row.from),
    to: formatInstant(row.to),
    pricePerHour: row.pricePerHour ?? '',
    dryRun: row.dryRun,
    reason: row.reason,
    requestedBy: row.requestedBy,
    requestedAt: row.requestedAt.toISOString(),
    status: row.status,
    detail: row.detail,
    endedAt: row.endedAt?.toISOString() ?? '',
    rows: row.rows,
    minutes: row.minutes,
    minutesDone: row.minutesDone,
    keptNodes: row.keptNodes.map(nodeName),
  };
}

function toSum(sum: RepriceTotal, names: Names, name: string | undefined): pricing.RepriceSumInput {
  return {
    cluster: names.clusters.get(sum.clusterKey) ?? String(sum.clusterKey),
    name: name ?? String(sum.key),
    rows: sum.rows,
    beforePicodollars: sum.before.toString(),
    afterPicodollars: sum.after.toString(),
  };
}

function total(sums: readonly RepriceTotal[], pick: 'before' | 'after'): string {
  return sums.reduce((sum, entry) => sum + entry[pick], 0n).toString();
}
