import {
  listNodeIdentities,
  listNodes,
  listNodeSpecs,
  type ActivationRecord,
  type Database,
  type Kysely,
  type NodeRow,
  type RepricedActivationRow,
  type RepriceRow,
} from '@kubehero/store-postgres';
import type { NodeCapacity } from '@kubehero/domain';
import { PriceHistory, type ActivePrice } from '../ingest/price-history.js';
import { toCapacity, type PriceSource } from '../ingest/price-source.js';
import type { WireNodeSpec } from '../ingest/wire.js';

/** What a node was, by rising time. */
type NodeSpecs = readonly { readonly validFrom: number; readonly spec: WireNodeSpec }[];

/** A price that a reprice sets. */
export type RepricedRecord = Omit<RepricedActivationRow, 'key'>;

/** Prices as they were worked out for a reprice. */
export interface ResolvedPrices {
  readonly records: readonly RepricedRecord[];
  /** Nodes that have no price now for all or a part of the window: there they keep what they had. */
  readonly keptNodes: readonly number[];
}

interface PlannedNode {
  readonly prices: PriceHistory;
  readonly capacities: readonly { readonly validFrom: number; readonly capacity: NodeCapacity }[];
}

const NODES_PER_TURN = 20;

/** The nodes that a reprice is about, gone ones included. */
export async function listRepricedNodes(
  db: Kysely<Database>,
  { clusterKeys, nodeKeys }: Pick<RepriceRow, 'clusterKeys' | 'nodeKeys'>,
): Promise<readonly NodeRow[]> {
  const nodes = await listNodes(db);
  return nodes.filter(
    ({ key, clusterKey }) => clusterKeys.includes(clusterKey) && (nodeKeys?.includes(key) ?? true),
  );
}

/** Works out what the nodes of a reprice cost in its window, as the catalogue of now says. */
export async function resolveRepriced(
  db: Kysely<Database>,
  source: PriceSource,
  reprice: RepriceRow,
): Promise<ResolvedPrices> {
  const nodes = await listRepricedNodes(db, reprice);
  const specs = await specsOf(db, nodes);
  const records: RepricedRecord[] = [];
  const keptNodes: number[] = [];
  for (const [at, { key }] of nodes.entries()) {
    const own = specs.get(key) ?? [];
    const question = { nodeKey: key, specs: own, from: reprice.from, to: reprice.to };
    const prices = own.length === 0 ? [] : await source.resolvePast(question, reprice.pricePerHour);
    const covered = prices.reduce((sum, { record, to }) => sum + to - record.effectiveFrom, 0);
    if (covered < reprice.to - reprice.from) keptNodes.push(key);
    for (const { record, to } of prices) {
      records.push({ ...explained(record, reprice), effectiveTo: to, repriceKey: reprice.key });
    }
    if (at % NODES_PER_TURN === 0) await new Promise(setImmediate);
  }
  return { records, keptNodes };
}

/** What a stored second is to cost. */
export class RepricePlan {
  readonly #nodes: ReadonlyMap<number, PlannedNode>;

  private constructor(
    nodes: ReadonlyMap<number, PlannedNode>,
    private readonly identities: ReadonlyMap<number, number>,
  ) {
    this.#nodes = nodes;
  }

  /** Reads what nodes were. */
  static async load(
    db: Kysely<Database>,
    reprice: RepriceRow,
    activations: readonly RepricedActivationRow[],
  ): Promise<RepricePlan> {
    const nodes = await listRepricedNodes(db, reprice);
    const [specs, identities] = await Promise.all([specsOf(db, nodes), listNodeIdentities(db)]);
    const byNode = new Map<number, RepricedActivationRow[]>();
    for (const row of activations) byNode.set(row.nodeKey, [...(byNode.get(row.nodeKey) ?? []), row]);
    const planned = nodes.map(({ key }) => {
      const capacities = (specs.get(key) ?? []).map(({ validFrom, spec }) => ({
        validFrom,
        capacity: toCapacity(spec),
      }));
      return [key, { prices: new PriceHistory([], byNode.get(key)), capacities }] as const;
    });
    return new RepricePlan(new Map(planned), identities);
  }

  /** The price of a second; undefined: it keeps the one that it has. */
  priceOf(nodeKey: number, second: number): ActivePrice | undefined {
    const node = this.#nodes.get(nodeKey);
    const [first] = node?.capacities ?? [];
    if (node === undefined || first === undefined) return undefined;
    let { capacity } = first;
    for (const stretch of node.capacities) if (stretch.validFrom <= second) capacity = stretch.capacity;
    return node.prices.tryRepriced(second, capacity);
  }

  /** Key of a node's own identity. */
  identityOf(nodeKey: number): number {
    const key = this.identities.get(nodeKey);
    if (key === undefined) throw new RangeError(`node ${nodeKey} has no identity of its own in PostgreSQL`);
    return key;
  }
}

async function specsOf(
  db: Kysely<Database>,
  nodes: readonly NodeRow[],
): Promise<ReadonlyMap<number, NodeSpecs>> {
  const rows = await listNodeSpecs(
    db,
    nodes.map(({ key }) => key),
  );
  const specs = new Map<number, { validFrom: number; spec: WireNodeSpec }[]>();
  for (const { nodeKey, validFrom, spec } of rows) {
    const own = specs.get(nodeKey) ?? [];
    own.push({ validFrom, spec: spec as WireNodeSpec });
    specs.set(nodeKey, own);
  }
  return specs;
}

/** Why this price: the reprice first, then the way to the price. */
function explained(record: ActivationRecord, reprice: RepriceRow): ActivationRecord {
  const { key, requestedBy, reason } = reprice;
  const by = requestedBy === '' ? '' : ` by ${requestedBy}`;
  const why = reason === '' ? '' : `: ${reason}`;
  const words = `reprice ${key}${by}${why}`;
  if (reprice.pricePerHour === undefined) return { ...record, explanation: [words, ...record.explanation] };
  const given = `price given with it: ${reprice.pricePerHour} per hour`;
  return { ...record, source: 'reprice', sourceVersion: '', sku: '', explanation: [words, given] };
}
