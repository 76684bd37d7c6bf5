import { GapList, type NodeCapacity } from '@kubehero/domain';
import {
  asLeader,
  listActivations,
  listGaps,
  listNodes,
  listProgress,
  listRepricedActivations,
  markNodesGone,
  pinActivation,
  upsertIdentities,
  upsertNamespaces,
  upsertNode,
  type ActivationRow,
  type Database,
  type IdentityRecord,
  type IdentityRow,
  type Kysely,
  type LeaseTerm,
  type NodeRow,
  type NodeProgressRecord,
  type RepricedActivationRow,
} from '@kubehero/store-postgres';
import { PriceHistory } from './price-history.js';
import { toCapacity, type PriceSource } from './price-source.js';
import type { WireIdentity, WireNodeSpec } from './wire.js';

/** A node as the leader knows it. */
export interface NodeState {
  readonly key: number;
  readonly clusterKey: number;
  readonly uid: string;
  name: string;
  /** It said farewell and did not come back. */
  gone: boolean;
  spec: WireNodeSpec | undefined;
  specText: string;
  capacity: NodeCapacity;
  identityKey: number;
  prices: PriceHistory;
  /** Undefined before the first second; ahead of the stores by the writes that are under way. */
  progress: NodeProgressRecord | undefined;
  /** Last second that is durable, 0 before the first one: emitters may forget what is not later. */
  storedThrough: number;
  gaps: GapList;
  /** Identities seen lately, by pod UID, container and kind. */
  readonly identities: Map<string, IdentityRow>;
}

/** What the registry works with. */
export interface NodeRegistryOptions {
  readonly db: Kysely<Database>;
  readonly prices: PriceSource;
  /** Seconds from now until a changed price takes effect: later than anything that a collector may still hold. */
  readonly activationDelayS: number;
  readonly nowS: () => number;
  /** Epoch second below which raw rows have expired: nothing is priced there any more. @default - never */
  readonly horizonS?: () => number;
  /** Receives identities before any row refers to them. */
  readonly onIdentities: (identities: readonly IdentityRow[]) => void;
}

const MAX_CACHED_IDENTITIES = 4096;
const NO_CAPACITY: NodeCapacity = { cpuMillicores: 0, memoryBytes: 0, gpus: 0 };
const FOR_EVER = 0;
const NODES_PER_TURN = 50;

/** Nodes, their identities, prices and progress, in memory and in PostgreSQL; used by the leader alone. */
export class NodeRegistry {
  readonly #nodes = new Map<string, NodeState>();
  readonly #options: NodeRegistryOptions;
  #term: LeaseTerm | undefined;
  #pinning: Promise<void> = Promise.resolve();
  /** Nodes of which PostgreSQL may know a price that was pinned while its answer was lost. */
  readonly #doubtful = new Set<NodeState>();

  constructor(options: NodeRegistryOptions) {
    this.#options = options;
  }

  /** Reads everything afresh; called at the start of a term and after a failed write. */
  async load(term: LeaseTerm): Promise<void> {
    await this.#exclusively(() => this.#load(term));
  }

  async #load(term: LeaseTerm): Promise<void> {
    const { db } = this.#options;
    const endedBy = this.#options.horizonS?.() ?? 0;
    const [nodes, activations, repriced, progress, gaps] = await Promise.all([
      listNodes(db),
      listActivations(db),
      listRepricedActivations(db, { endedBy }),
      listProgress(db),
      listGaps(db),
    ]);
    this.#term = term;
    this.#nodes.clear();
    this.#doubtful.clear();
    const byNode = groupBy(activations, (row) => row.nodeKey);
    const repricedByNode = groupBy(repriced, (row) => row.nodeKey);
    const gapsByNode = groupBy(gaps, (row) => row.nodeKey);
    const progressByNode = new Map(progress.map((row) => [row.nodeKey, row]));
    for (const node of nodes) {
      this.#nodes.set(idOf(node.clusterKey, node.uid), {
        ...emptyState(node),
        prices: new PriceHistory(byNode.get(node.key) ?? [], repricedByNode.get(node.key)),
        progress: progressByNode.get(node.key),
        storedThrough: progressByNode.get(node.key)?.lastSecond ?? 0,
        gaps: new GapList(gapsByNode.get(node.key) ?? []),
      });
    }
  }

  /** All nodes. */
  all(): Iterable<NodeState> {
    return this.#nodes.values();
  }

  /** A node, undefined where none of its seconds was ever stored. */
  tryFind(clusterKey: number, uid: string): NodeState | undefined {
    return this.#nodes.get(idOf(clusterKey, uid));
  }

  /**
   * Takes a node's spec over: registers the node, and pins its price where it has none or where it changed.
   *
   * @param firstSecond - first second that this spec holds for
   */
  async applySpec(
    node: { clusterKey: number; uid: string },
    spec: WireNodeSpec,
    firstSecond: number,
  ): Promise<NodeState> {
    const text = JSON.stringify(spec).replaceAll('\\u0000', '\uFFFD');
    const known = this.tryFind(node.clusterKey, node.uid);
    if (known?.specText === text && !known.gone) return known;
    const row = await upsertNode(this.#options.db, {
      ...node,
      name: toStorable(spec.name),
      providerId: toStorable(spec.providerId),
      spec: text,
      validFrom: firstSecond,
    });
    const state = known ?? emptyState(row);
    state.name = spec.name;
    state.gone = false;
    state.spec = spec;
    state.specText = text;
    state.capacity = toCapacity(spec);
    if (state.identityKey === 0) state.identityKey = await this.#nodeIdentity(state);
    await this.#exclusively(() => this.#pinIfChanged(state, spec));
    this.#nodes.set(idOf(node.clusterKey, node.uid), state);
    return state;
  }

  /** Notes that nodes run no more: what follows their last second is no gap. */
  async markGone(nodes: readonly NodeState[]): Promise<void> {
    await markNodesGone(
      this.#options.db,
      nodes.map(({ key }) => key),
    );
    for (const node of nodes) node.gone = true;
  }

  /** Keys of identities, in their order. */
  async resolveIdentities(
    node: NodeState,
    identities: readonly WireIdentity[],
  ): Promise<readonly IdentityRow[]> {
    const missing = identities.filter((identity) => !node.identities.has(cacheKeyOf(identity)));
    if (missing.length > 0) await this.#addIdentities(node, missing);
    return identities.map((identity) => {
      const row = node.identities.get(cacheKeyOf(identity));
      if (row === undefined) throw new RangeError(`identity ${cacheKeyOf(identity)} was not stored`);
      return row;
    });
  }

  async #addIdentities(node: NodeState, identities: readonly WireIdentity[]): Promise<void> {
    const { db } = this.#options;
    const names = [...new Set(identities.map((identity) => toStorable(identity.namespace)))];
    const namespaces = await upsertNamespaces(db, node.clusterKey, names);
    const records = identities.map((identity) =>
      toRecord(identity, namespaces.get(toStorable(identity.namespace)) ?? 0),
    );
    const rows = await upsertIdentities(db, node, records);
    this.#options.onIdentities(rows);
    if (node.identities.size > MAX_CACHED_IDENTITIES) node.identities.clear();
    identities.forEach((identity, at) => {
      const row = rows[at];
      if (row !== undefined) node.identities.set(cacheKeyOf(identity), row);
    });
  }

  async #nodeIdentity(node: NodeState): Promise<number> {
    const record: IdentityRecord = {
      kind: 'node',
      namespaceKey: null,
      podUid: '',
      pod: '',
      container: '',
      workloadKind: '',
      workload: '',
      labels: {},
    };
    const rows = await upsertIdentities(this.#options.db, node, [record]);
    this.#options.onIdentities(rows);
    return rows[0]?.key ?? 0;
  }

  /** Has prices that a reprice stored hold for every second of its window that is written from now on. */
  async addRepriced(repriced: readonly RepricedActivationRow[]): Promise<void> {
    const byNode = groupBy(repriced, (row) => row.nodeKey);
    await this.#exclusively(() => {
      for (const node of this.#nodes.values()) node.prices.addRepriced(byNode.get(node.key) ?? []);
      return Promise.resolve();
    });
  }

  /**
   * Works out the prices of all nodes again; whose price changed gets a new activation in the future.
   *
   * @throws the store's error; nodes before it have their new price
   */
  async repriceAll(signal: AbortSignal): Promise<{ readonly checked: number; readonly changed: number }> {
    let checked = 0;
    let changed = 0;
    for (const id of [...this.#nodes.keys()]) {
      if (signal.aborted) break;
      const isChanged = await this.#exclusively(async () => {
        const node = this.#nodes.get(id);
        return node?.spec === undefined || node.gone ? undefined : this.#pinIfChanged(node, node.spec);
      });
      if (isChanged === undefined) continue;
      checked += 1;
      if (isChanged) changed += 1;
      // Awaits that are answered from memory alone would not let anything else run
      if (checked % NODES_PER_TURN === 0) await new Promise(setImmediate);
    }
    return { checked, changed };
  }

  /** One price is pinned at a time, and none while all is read afresh: each is later than the one before. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#pinning.then(work);
    this.#pinning = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  /** A new node's first price holds for all its past; a changed one from a second that nobody may still hold. */
  async #pinIfChanged(node: NodeState, spec: WireNodeSpec): Promise<boolean> {
    const { db, prices, activationDelayS, nowS } = this.#options;
    const record = await prices.resolve(node.key, spec, FOR_EVER);
    if (this.#doubtful.has(node)) await this.#learnPinned(node);
    const latest = node.prices.latest;
    if (latest !== undefined && isSamePrice(latest, record)) return false;
    const term = this.#term;
    if (term === undefined) throw new RangeError('a price was to be pinned before the term began');
    const effectiveFrom =
      latest === undefined ? FOR_EVER : Math.max(nowS() + activationDelayS, latest.effectiveFrom + 1);
    this.#doubtful.add(node);
    const activation = await asLeader(db, term, (transaction) =>
      pinActivation(
        transaction,
        { ...record, effectiveFrom },
        { clusterKey: node.clusterKey, uid: node.uid, providerId: spec.providerId, capacity: node.capacity },
        term.epoch,
      ),
    );
    this.#doubtful.delete(node);
    node.prices.add(activation);
    return true;
  }

  async #learnPinned(node: NodeState): Promise<void> {
    const latest = node.prices.latest?.effectiveFrom ?? -1;
    for (const activation of await listActivations(this.#options.db, node.key)) {
      if (activation.effectiveFrom > latest) node.prices.add(activation);
    }
    this.#doubtful.delete(node);
  }
}

function emptyState(node: NodeRow): NodeState {
  return {
    key: node.key,
    clusterKey: node.clusterKey,
    uid: node.uid,
    name: node.name,
    gone: node.gone,
    spec: undefined,
    specText: '',
    capacity: NO_CAPACITY,
    identityKey: 0,
    prices: new PriceHistory([]),
    progress: undefined,
    storedThrough: 0,
    gaps: new GapList(),
    identities: new Map(),
  };
}

function isSamePrice(a: ActivationRow, b: Omit<ActivationRow, 'key'>): boolean {
  const text = (value: Omit<ActivationRow, 'key'>): string =>
    JSON.stringify([
      value.picounitsPerHour?.toString() ?? null,
      value.currency,
      sorted(value.weights),
      sorted(value.networkRates),
    ]);
  return text(a) === text(b);
}

function sorted(record: object): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => a.localeCompare(b));
}

const KINDS = ['container', 'pod-overhead', 'host'] as const;
const KIND_NAMES = ['IDENTITY_KIND_CONTAINER', 'IDENTITY_KIND_POD_OVERHEAD', 'IDENTITY_KIND_HOST'];

function kindOf(identity: WireIdentity): (typeof KINDS)[number] {
  const index = typeof identity.kind === 'number' ? identity.kind : KIND_NAMES.indexOf(identity.kind);
  return KINDS[index] ?? 'container';
}

/** A bare pod is its own workload, as it is for whoever reads a bill. */
function toRecord(identity: WireIdentity, namespaceKey: number): IdentityRecord {
  return {
    kind: kindOf(identity),
    namespaceKey,
    podUid: toStorable(identity.podUid),
    pod: toStorable(identity.pod),
    container: toStorable(identity.container),
    workloadKind: identity.workload === '' ? 'Pod' : toStorable(identity.workloadKind),
    workload: toStorable(identity.workload === '' ? identity.pod : identity.workload),
    labels: toStorableRecord(identity.labels),
  };
}

/** PostgreSQL's text holds any character but NUL, and only whole ones. */
function toStorable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD');
}

function toStorableRecord(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [toStorable(key), toStorable(value)]),
  );
}

function cacheKeyOf(identity: WireIdentity): string {
  return `${identity.podUid}\u0000${identity.container}\u0000${kindOf(identity)}`;
}

function idOf(clusterKey: number, uid: string): string {
  return `${clusterKey}/${uid}`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
