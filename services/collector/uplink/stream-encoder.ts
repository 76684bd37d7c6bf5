import type { SealedSecond } from '../buffer/sealed-second.js';
import type { UsageSourceName } from '../cgroups/sample.js';
import type { ContainerIdentity } from '../pods/container-identity.js';
import type { NodeBatch, NodeSpec } from './messages.js';

/** Values of kubehero.telemetry.v1.Source. */
const sources = {
  BPF: 'SOURCE_BPF',
  CGROUP_V2: 'SOURCE_CGROUP_V2',
  CGROUP_V1: 'SOURCE_CGROUP_V1',
} as const satisfies Record<UsageSourceName, string>;
/** A dictionary of fewer entries is never emptied. What short-lived processes leave in it is all that it costs. */
const smallDictionary = 1024;

/** Encodes the seconds of one node for one stream, whose dictionary it keeps. */
export class StreamEncoder {
  private readonly dictionary = new Map<ContainerIdentity, number>();
  private lastSpec: NodeSpec | undefined;

  /** `node` is the node's index on the stream. */
  constructor(private readonly node: number) {}

  /**
   * Encodes seconds of one source, rising. The result MUST be sent, in order, on the stream of this encoder, for it
   * relies on the dictionary that earlier results built.
   */
  encode(seconds: readonly SealedSecond[], spec: NodeSpec): NodeBatch {
    const resetDictionary = this.shouldReset(seconds);
    if (resetDictionary) this.dictionary.clear();
    const identities = this.appendNew(seconds);
    const columns = new Columns(seconds);
    for (const second of seconds) columns.append(second, this.dictionary);
    const isSame = this.lastSpec === spec;
    this.lastSpec = spec;
    return {
      node: this.node,
      ...(isSame ? {} : { spec }),
      resetDictionary,
      identities,
      ...columns.buffers(),
      source: sources[seconds[0]?.source ?? 'BPF'],
    };
  }

  private shouldReset(seconds: readonly SealedSecond[]): boolean {
    const rows = seconds.reduce((most, second) => Math.max(most, second.identities.length), 0);
    return this.dictionary.size > smallDictionary && this.dictionary.size > 4 * rows;
  }

  private appendNew(seconds: readonly SealedSecond[]): ContainerIdentity[] {
    const added: ContainerIdentity[] = [];
    for (const { identities } of seconds) {
      for (const identity of identities) {
        if (this.dictionary.has(identity)) continue;
        this.dictionary.set(identity, this.dictionary.size);
        added.push(identity);
      }
    }
    return added;
  }
}

/** The packed columns of a NodeBatch. */
class Columns {
  private readonly second: Buffer;
  private readonly rowCount: Buffer;
  private readonly identity: Buffer;
  private readonly cpuUs: Buffer;
  private readonly memoryBytes: Buffer;
  private readonly netRow: Buffer;
  private readonly netClass: Buffer;
  private readonly netTxBytes: Buffer;
  private readonly netRxBytes: Buffer;
  private seconds = 0;
  private rows = 0;
  private entries = 0;

  constructor(seconds: readonly SealedSecond[]) {
    const rows = seconds.reduce((sum, second) => sum + second.identities.length, 0);
    const entries = seconds.reduce((sum, second) => sum + second.network.length, 0);
    this.second = Buffer.alloc(4 * seconds.length);
    this.rowCount = Buffer.alloc(4 * seconds.length);
    this.identity = Buffer.alloc(4 * rows);
    this.cpuUs = Buffer.alloc(4 * rows);
    this.memoryBytes = Buffer.alloc(8 * rows);
    this.netRow = Buffer.alloc(4 * entries);
    this.netClass = Buffer.alloc(entries);
    this.netTxBytes = Buffer.alloc(8 * entries);
    this.netRxBytes = Buffer.alloc(8 * entries);
  }

  append(second: SealedSecond, dictionary: ReadonlyMap<ContainerIdentity, number>): void {
    this.second.writeUInt32LE(second.second, 4 * this.seconds);
    this.rowCount.writeUInt32LE(second.identities.length, 4 * this.seconds++);
    const first = this.rows;
    const indexes = Uint32Array.from(second.identities, (identity) => dictionary.get(identity) ?? 0);
    const order = orderOf(indexes);
    const places = new Uint32Array(order.length);
    for (const row of order) {
      places[row] = this.rows - first;
      this.identity.writeUInt32LE(indexes[row] ?? 0, 4 * this.rows);
      this.cpuUs.writeUInt32LE(second.cpuUs[row] ?? 0, 4 * this.rows);
      writeUInt64(this.memoryBytes, second.memoryBytes[row] ?? 0, 8 * this.rows);
      this.rows++;
    }
    this.appendNetwork(second, first, places);
  }

  buffers(): Omit<NodeBatch, 'node' | 'spec' | 'resetDictionary' | 'identities' | 'source'> {
    const { second, rowCount, identity, cpuUs, memoryBytes, netRow, netClass, netTxBytes, netRxBytes } = this;
    return { second, rowCount, identity, cpuUs, memoryBytes, netRow, netClass, netTxBytes, netRxBytes };
  }

  private appendNetwork(second: SealedSecond, first: number, places: Uint32Array): void {
    const entries = second.network
      .map((entry) => ({ ...entry, row: first + (places[entry.row] ?? 0) }))
      .sort((a, b) => a.row - b.row || a.networkClass - b.networkClass);
    for (const entry of entries) {
      this.netRow.writeUInt32LE(entry.row, 4 * this.entries);
      this.netClass.writeUInt8(entry.networkClass, this.entries);
      writeUInt64(this.netTxBytes, entry.txBytes, 8 * this.entries);
      writeUInt64(this.netRxBytes, entry.rxBytes, 8 * this.entries);
      this.entries++;
    }
  }
}

/** Rows by rising dictionary index; they mostly are in that order already. */
function orderOf(indexes: Uint32Array): Uint32Array {
  const order = Uint32Array.from(indexes, (_, row) => row);
  const isSorted = indexes.every((index, row) => row === 0 || index > (indexes[row - 1] ?? 0));
  return isSorted ? order : order.sort((a, b) => (indexes[a] ?? 0) - (indexes[b] ?? 0));
}

function writeUInt64(buffer: Buffer, value: number, offset: number): void {
  buffer.writeUInt32LE(value % 2 ** 32, offset);
  buffer.writeUInt32LE(Math.floor(value / 2 ** 32), offset + 4);
}
