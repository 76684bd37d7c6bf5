import { RowState } from '@kubehero/store-clickhouse';
import { NodeDictionary } from '../ingest/node-dictionary.js';
import type { SecondSlice, UsageColumns } from '../ingest/second-writer.js';
import type { IdentityOrder, OrderedIdentity } from './identity-order.js';
import type { StoredRows } from './stored-rows.js';
import { Turns } from './turns.js';

/** A second of a node as it is stored. */
export interface StoredSecond {
  readonly nodeKey: number;
  readonly dictionary: NodeDictionary;
  readonly isObserved: boolean;
  readonly slice: SecondSlice;
  /** Its own stored row, -1 where there is none; see {@link NodeMinutes.sourceOf} for those of its pods. */
  readonly own: number;
}

const SECONDS = 60;
const NONE = -1;
const ROWS_PER_TURN = 20_000;
const NETWORK: readonly (readonly [
  sent: Parameters<StoredRows['wide']>[0],
  received: Parameters<StoredRows['wide']>[0] | undefined,
])[] = [
  ['net_unknown', undefined],
  ['net_node', undefined],
  ['net_zone', undefined],
  ['net_cross_tx', 'net_cross_rx'],
  ['net_internet_tx', 'net_internet_rx'],
];

/** Network entries as they are found. */
interface Traffic {
  readonly row: number[];
  readonly networkClass: number[];
}

/** An identity in the minute: the newest version of its row in each second. */
interface Seen {
  readonly key: number;
  readonly identity: OrderedIdentity;
  readonly rows: Int32Array;
}

interface Node {
  readonly key: number;
  readonly dictionary: NodeDictionary;
  readonly pods: Seen[];
  own: Seen | undefined;
}

/**
 * The rows of a minute by node and second, as columns that ingest's own arithmetic takes. Of a row that is stored more
 * than once the highest version counts, as for whoever reads with FINAL.
 */
export class NodeMinutes implements UsageColumns {
  readonly identity: Uint32Array;
  readonly cpuUs: Uint32Array;
  netRow: Uint32Array;
  netClass: Uint8Array;
  readonly #nodes: readonly Node[];
  readonly #source: Int32Array;
  readonly #sent: number[] = [];
  readonly #received: number[] = [];

  private constructor(
    private readonly rows: StoredRows,
    private readonly minute: number,
    nodes: readonly Node[],
  ) {
    this.#nodes = nodes;
    const count = nodes.reduce((sum, { pods }) => sum + pods.reduce((all, pod) => all + filled(pod), 0), 0);
    this.identity = new Uint32Array(count);
    this.cpuUs = new Uint32Array(count);
    this.#source = new Int32Array(count);
    this.netRow = new Uint32Array(0);
    this.netClass = new Uint8Array(0);
  }

  /** @param identities - know every identity of the rows */
  static async of(rows: StoredRows, minute: number, identities: IdentityOrder): Promise<NodeMinutes> {
    const turns = new Turns();
    const minutes = new NodeMinutes(
      rows,
      minute,
      toNodes(rows, await collect(rows, minute, identities, turns)),
    );
    await minutes.#place(turns);
    return minutes;
  }

  memoryBytes(row: number): number {
    return this.rows.wide('ram_bytes', this.#source[row] as number);
  }

  netTx(entry: number): number {
    return this.#sent[entry] as number;
  }

  netRx(entry: number): number {
    return this.#received[entry] as number;
  }

  /** The stored row that a row of a slice was made of. */
  sourceOf(row: number): number {
    return this.#source[row] as number;
  }

  /** Seconds by node and time; a second of which nothing is stored is none. */
  *seconds(): Generator<StoredSecond> {
    let before = { firstRow: 0, rows: 0, netFrom: 0, netTo: 0 };
    for (const node of this.#nodes) {
      for (let second = 0; second < SECONDS; second += 1) {
        const slice = this.#sliceAfter(before, node, second);
        const own = node.own?.rows[second] ?? NONE;
        before = slice;
        if (own === NONE && slice.rows === 0) continue;
        const isObserved = slice.rows > 0 || !isUnobserved(this.rows.state[own] as number);
        yield { own, slice, isObserved, nodeKey: node.key, dictionary: node.dictionary };
      }
    }
  }

  #sliceAfter(before: Omit<SecondSlice, 'second'>, { pods }: Node, second: number): SecondSlice {
    const firstRow = before.firstRow + before.rows;
    let rows = 0;
    for (const pod of pods) if (pod.rows[second] !== NONE) rows += 1;
    let netTo = before.netTo;
    while (netTo < this.netRow.length && (this.netRow[netTo] as number) < firstRow + rows) netTo += 1;
    return { second: this.minute + second, firstRow, rows, netFrom: before.netTo, netTo };
  }

  /** Rows in the order of {@link seconds}; within a second pods stand as they do in the next one. */
  async #place(turns: Turns): Promise<void> {
    const traffic: Traffic = { row: [], networkClass: [] };
    let at = 0;
    for (const node of this.#nodes) {
      const entries = node.pods.map((pod) => new DictionaryEntries(node.dictionary, pod, this.rows));
      for (let second = 0; second < SECONDS; second += 1) {
        for (const entry of entries) at += this.#placeRow(at, entry, second, traffic);
      }
      if (turns.isOver) await turns.pass();
    }
    this.netRow = Uint32Array.from(traffic.row);
    this.netClass = Uint8Array.from(traffic.networkClass);
  }

  /** @returns rows that were placed: one, or none where the pod has none in this second */
  #placeRow(at: number, entry: DictionaryEntries, second: number, traffic: Traffic): number {
    const source = entry.pod.rows[second] as number;
    if (source === NONE) return 0;
    this.#source[at] = source;
    this.identity[at] = entry.indexOf(source);
    this.cpuUs[at] = this.rows.words('cpu_us')[source] as number;
    this.#placeTraffic(at, source, traffic);
    return 1;
  }

  #placeTraffic(at: number, source: number, traffic: Traffic): void {
    for (let index = 0; index < NETWORK.length; index += 1) {
      const [tx, rx] = NETWORK[index] as (typeof NETWORK)[number];
      const sent = this.rows.wide(tx, source);
      const received = rx === undefined ? 0 : this.rows.wide(rx, source);
      if (sent === 0 && received === 0) continue;
      traffic.row.push(at);
      traffic.networkClass.push(index);
      this.#sent.push(sent);
      this.#received.push(received);
    }
  }
}

/** A pod's places in the dictionary of its node: one for each set of requests that it had. */
class DictionaryEntries {
  #cpu = NONE;
  #memory = NONE;
  #gpu = NONE;
  #index = NONE;
  readonly #known: { cpu: number; memory: number; gpu: number; index: number }[] = [];

  constructor(
    private readonly dictionary: NodeDictionary,
    readonly pod: Seen,
    private readonly rows: StoredRows,
  ) {}

  indexOf(source: number): number {
    const cpu = this.rows.words('cpu_request')[source] as number;
    const memory = this.rows.wide('ram_request', source);
    const gpu = this.rows.gpuRequest[source] as number;
    if (cpu === this.#cpu && memory === this.#memory && gpu === this.#gpu) return this.#index;
    const found = this.#known.find((one) => one.cpu === cpu && one.memory === memory && one.gpu === gpu);
    [this.#cpu, this.#memory, this.#gpu] = [cpu, memory, gpu];
    this.#index = found?.index ?? this.#append(source);
    return this.#index;
  }

  #append(source: number): number {
    const index = this.dictionary.size;
    this.dictionary.append({
      key: this.pod.key,
      namespaceKey: this.rows.words('ns')[source] as number,
      sortText: this.pod.identity.sortText,
      cpuRequestMillicores: this.#cpu,
      memoryRequestBytes: this.#memory,
      gpuRequest: this.#gpu,
    });
    this.#known.push({ cpu: this.#cpu, memory: this.#memory, gpu: this.#gpu, index });
    return index;
  }
}

/** The newest version of each row, by identity. */
async function collect(
  rows: StoredRows,
  minute: number,
  identities: IdentityOrder,
  turns: Turns,
): Promise<Iterable<Seen>> {
  const seen = new Map<number, Seen>();
  for (let from = 0; from < rows.count; from += ROWS_PER_TURN) {
    const to = Math.min(rows.count, from + ROWS_PER_TURN);
    collectPart(seen, { rows, from, to, minute, identities });
    if (turns.isOver) await turns.pass();
  }
  return seen.values();
}

function collectPart(
  seen: Map<number, Seen>,
  part: { rows: StoredRows; from: number; to: number; minute: number; identities: IdentityOrder },
): void {
  const { rows, minute } = part;
  const [id, second, version] = [rows.words('id'), rows.words('second'), rows.words('v')];
  let last: Seen | undefined;
  for (let row = part.from; row < part.to; row += 1) {
    const key = id[row] as number;
    if (last?.key !== key) {
      last = seen.get(key) ?? newSeen(key, part.identities);
      seen.set(key, last);
    }
    const at = (second[row] as number) - minute;
    const other = last.rows[at] as number;
    if (other === NONE || (version[row] as number) > (version[other] as number)) last.rows[at] = row;
  }
}

function newSeen(key: number, identities: IdentityOrder): Seen {
  const identity = identities.tryFind(key);
  if (identity === undefined) throw new RangeError(`identity ${key} of a stored row is not in PostgreSQL`);
  return { key, identity, rows: new Int32Array(SECONDS).fill(NONE) };
}

function toNodes(rows: StoredRows, seen: Iterable<Seen>): readonly Node[] {
  const nodes = new Map<number, Node>();
  for (const one of seen) {
    const { nodeKey } = one.identity;
    const node = nodes.get(nodeKey) ?? {
      key: nodeKey,
      dictionary: new NodeDictionary(),
      pods: [],
      own: undefined,
    };
    nodes.set(nodeKey, node);
    const any = one.rows.find((row) => row !== NONE) ?? 0;
    if (rows.state[any] === RowState.allocated) node.pods.push(one);
    else node.own = one;
  }
  return [...nodes.values()].sort((a, b) => a.key - b.key);
}

function filled({ rows }: Seen): number {
  let count = 0;
  for (const row of rows) if (row !== NONE) count += 1;
  return count;
}

function isUnobserved(state: number): boolean {
  return state === RowState.unobserved || state === RowState.unobservedUnpriced;
}
