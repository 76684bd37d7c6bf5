import {
  chargeNetwork,
  costOfSecond,
  NodeSecondAllocator,
  type NodePrice,
  type ResourceParts,
  type SecondUsage,
} from '@kubehero/domain';
import { RowState, type PodCostColumns, type WideColumn } from '@kubehero/store-clickhouse';
import type { BatchColumns } from './columns.js';
import type { NodeDictionary } from './node-dictionary.js';
import type { ActivePrice } from './price-history.js';
import { RejectedError } from './rejection.js';

/** Node and price of the seconds to write. */
export interface NodeContext {
  readonly clusterKey: number;
  /** Key of the node's own identity, whose row carries idle or unobserved cost. */
  readonly nodeIdentityKey: number;
  readonly dictionary: NodeDictionary;
}

/** Usage as columns: of sealed seconds as they came, or of stored ones. */
export type UsageColumns = Pick<
  BatchColumns,
  'identity' | 'cpuUs' | 'memoryBytes' | 'netRow' | 'netClass' | 'netTx' | 'netRx'
>;

/** A second within a batch. */
export interface SecondSlice {
  readonly second: number;
  readonly firstRow: number;
  readonly rows: number;
  /** Network entries of these rows: [from, to). */
  readonly netFrom: number;
  readonly netTo: number;
}

/** A second with the price that was in force. */
export interface PricedSlice {
  readonly slice: SecondSlice;
  readonly price: ActivePrice;
}

/** What a written second adds to the ledger. */
export interface SecondSum {
  readonly rows: number;
  /** Picounits; below 2^53. */
  readonly cost: number;
}

/** Version of rows: what a reprice wrote replaces all before; within it an observed second the unobserved one. */
function versionOf({ generation }: ActivePrice, isObserved: boolean): number {
  return 2 * generation + (isObserved ? 1 : 0);
}

const NO_TRAFFIC = 0;
const NETWORK_COLUMN: readonly (readonly [sent: WideColumn, received: WideColumn])[] = [
  ['net_unknown', 'net_unknown'],
  ['net_node', 'net_node'],
  ['net_zone', 'net_zone'],
  ['net_cross_tx', 'net_cross_rx'],
  ['net_internet_tx', 'net_internet_rx'],
];
const CROSS_ZONE = 3;
const INTERNET = 4;

/**
 * Writes sealed seconds as rows: a pure function of the second, of the identities' keys and requests, and of the
 * price activation. Rows are in the intrinsic order of their identities, which depends neither on the stream that
 * brought them nor on the store, so that a second which is sent again or replayed elsewhere gives the same digits.
 */
export class SecondWriter {
  readonly #allocator = new NodeSecondAllocator();
  #order = new Uint32Array(256);
  /** Row in the target of each row of the slice. */
  #target = new Uint32Array(256);
  #usage = emptyUsage(256);

  /**
   * Writes an observed second.
   *
   * @param into - must have room for `rows + 1`
   * @throws RejectedError `MALFORMED` or `DUPLICATE_IDENTITY`; nothing is written then
   */
  writeObserved(
    node: NodeContext,
    batch: UsageColumns,
    { slice, price }: PricedSlice,
    into: PodCostColumns,
  ): SecondSum {
    this.#sort(node.dictionary, batch, slice);
    this.#gather(node.dictionary, batch, slice);
    const first = into.rows;
    this.#writeRows(node, slice, price, into);
    const network = this.#writeNetwork(batch, slice, price, into);
    if (price.price !== undefined) this.#writeCosts(price.price, slice.rows, first, into);
    const idle = this.#writeIdle(node, slice.second, price, into);
    return { rows: slice.rows + 1, cost: idle + network };
  }

  /** Writes a second that the node demonstrably ran and nobody measured. */
  writeUnobserved(node: NodeContext, second: number, price: ActivePrice, into: PodCostColumns): SecondSum {
    const row = into.rows;
    const unpriced = price.price === undefined;
    this.#writeNodeRow(node, second, price, into);
    into.state[row] = unpriced ? RowState.unobservedUnpriced : RowState.unobserved;
    into.v[row] = versionOf(price, false);
    return { rows: 1, cost: unobservedCost(second, price) };
  }

  /** Rows by rising rank; a duplicate shows as two equal neighbours. */
  #sort(dictionary: NodeDictionary, batch: UsageColumns, slice: SecondSlice): void {
    this.#reserve(slice.rows);
    const kept = dictionary.tryFindOrder(batch.identity, slice.firstRow, slice.rows);
    if (kept !== undefined) {
      this.#order.set(kept);
      return;
    }
    const order = this.#order.subarray(0, slice.rows);
    const indexes = batch.identity.subarray(slice.firstRow, slice.firstRow + slice.rows);
    for (let i = 0; i < slice.rows; i += 1) {
      const index = indexes[i] as number;
      if (index >= dictionary.size) {
        throw new RejectedError(
          'MALFORMED',
          `identity ${index} is not in the dictionary of ${dictionary.size}`,
        );
      }
      order[i] = i;
    }
    const { rank } = dictionary;
    const rankOf = (i: number): number => rank[indexes[i] as number] as number;
    order.sort((a, b) => rankOf(a) - rankOf(b));
    for (let i = 1; i < slice.rows; i += 1) {
      if (rankOf(order[i] as number) === rankOf(order[i - 1] as number)) {
        throw new RejectedError('DUPLICATE_IDENTITY', `an identity appears twice in second ${slice.second}`);
      }
    }
    dictionary.keepOrder(indexes, order);
  }

  #gather(dictionary: NodeDictionary, batch: UsageColumns, slice: SecondSlice): void {
    const usage = this.#usage;
    usage.count = slice.rows;
    for (let i = 0; i < slice.rows; i += 1) {
      const row = slice.firstRow + (this.#order[i] as number);
      const index = batch.identity[row] as number;
      usage.index[i] = index;
      usage.cpuUs[i] = batch.cpuUs[row] as number;
      usage.memoryBytes[i] = batch.memoryBytes(row);
      usage.cpuRequestMillicores[i] = dictionary.cpuRequest[index] as number;
      usage.memoryRequestBytes[i] = dictionary.memoryRequest[index] as number;
      usage.gpuRequest[i] = dictionary.gpuRequest[index] as number;
    }
  }

  #writeRows(node: NodeContext, slice: SecondSlice, price: ActivePrice, into: PodCostColumns): void {
    const usage = this.#usage;
    const { key, namespaceKey } = node.dictionary;
    const version = versionOf(price, true);
    for (let i = 0; i < slice.rows; i += 1) {
      const row = into.rows;
      const index = usage.index[i] as number;
      into.rows = row + 1;
      this.#target[this.#order[i] as number] = row;
      into.cluster[row] = node.clusterKey;
      into.ns[row] = namespaceKey[index] as number;
      into.id[row] = key[index] as number;
      into.ts[row] = slice.second;
      into.state[row] = RowState.allocated;
      into.activation[row] = price.activation.key;
      into.v[row] = version;
      into.cpuUs[row] = usage.cpuUs[i] as number;
      into.cpuRequest[row] = usage.cpuRequestMillicores[i] as number;
      into.setWide('ram_bytes', row, usage.memoryBytes[i] as number);
      into.setWide('ram_request', row, usage.memoryRequestBytes[i] as number);
      into.cpuCost[row] = 0;
      into.ramCost[row] = 0;
      into.cpuRate[row] = price.cpuRate;
      into.ramRate[row] = price.ramRate;
      if ((usage.gpuRequest[i] as number) > 0) {
        into.gpuRequest[row] = usage.gpuRequest[i] as number;
        into.hasGpu = true;
      }
    }
  }

  #writeCosts(price: NodePrice, count: number, first: number, into: PodCostColumns): void {
    this.#allocator.allocate(price, this.#usage);
    const { cpuCost, ramCost, gpuCost } = this.#allocator;
    for (let i = 0; i < count; i += 1) {
      into.cpuCost[first + i] = cpuCost[i] as number;
      into.ramCost[first + i] = ramCost[i] as number;
      if (gpuCost[i] !== 0) {
        into.setWide('gpu_cost', first + i, gpuCost[i] as number);
        into.hasGpu = true;
      }
    }
  }

  #writeNetwork(batch: UsageColumns, slice: SecondSlice, price: ActivePrice, into: PodCostColumns): number {
    let charged = 0;
    let entry = slice.netFrom;
    while (entry < slice.netTo) {
      const row = batch.netRow[entry] as number;
      const target = this.#target[row - slice.firstRow] as number;
      const bytes = [
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
        NO_TRAFFIC,
      ];
      for (; entry < slice.netTo && batch.netRow[entry] === row; entry += 1) {
        const networkClass = batch.netClass[entry] as number;
        bytes[2 * networkClass] = (bytes[2 * networkClass] ?? 0) + batch.netTx(entry);
        bytes[2 * networkClass + 1] = (bytes[2 * networkClass + 1] ?? 0) + batch.netRx(entry);
      }
      charged += writeTraffic(bytes, price, target, into);
    }
    return charged;
  }

  /** Writes the node's own row; returns the node-second's whole price. */
  #writeIdle(node: NodeContext, second: number, price: ActivePrice, into: PodCostColumns): number {
    const row = into.rows;
    this.#writeNodeRow(node, second, price, into);
    into.state[row] = price.price === undefined ? RowState.unpriced : RowState.idle;
    into.v[row] = versionOf(price, true);
    if (price.price === undefined) return 0;
    const { idleCpu, idleRam, idleGpu } = this.#allocator;
    const cost = costOfSecond(price.price.curve, second);
    setNodeCosts(into, row, { cpu: idleCpu + cost - price.price.curve.base, ram: idleRam, gpu: idleGpu });
    return cost;
  }

  #writeNodeRow(node: NodeContext, second: number, price: ActivePrice, into: PodCostColumns): void {
    const row = into.rows;
    into.rows = row + 1;
    into.cluster[row] = node.clusterKey;
    into.ns[row] = 0;
    into.id[row] = node.nodeIdentityKey;
    into.ts[row] = second;
    into.activation[row] = price.activation.key;
    into.cpuUs[row] = 0;
    into.cpuRequest[row] = 0;
    into.cpuRate[row] = price.cpuRate;
    into.ramRate[row] = price.ramRate;
    into.setWide('ram_bytes', row, 0);
    into.setWide('ram_request', row, 0);
    setNodeCosts(into, row, { cpu: 0, ram: 0, gpu: 0 });
    if (price.price === undefined) return;
    const { parts, curve } = price.price;
    setNodeCosts(into, row, { ...parts, cpu: parts.cpu + costOfSecond(curve, second) - curve.base });
  }

  #reserve(rows: number): void {
    if (rows <= this.#order.length) return;
    const size = 2 ** Math.ceil(Math.log2(rows));
    this.#order = new Uint32Array(size);
    this.#target = new Uint32Array(size);
    this.#usage = emptyUsage(size);
  }
}

/** Cost of a second that nobody measured: the node's whole price. */
export function unobservedCost(second: number, { price }: ActivePrice): number {
  return price === undefined ? 0 : costOfSecond(price.curve, second);
}

function setNodeCosts(into: PodCostColumns, row: number, { cpu, ram, gpu }: ResourceParts): void {
  into.cpuCost[row] = cpu;
  into.ramCost[row] = ram;
  if (gpu === 0 && !into.hasGpu) return;
  into.setWide('gpu_cost', row, gpu);
  into.hasGpu = true;
}

/** Writes a row's traffic by class and its charge. An unpriced node's traffic is stored, not charged. */
function writeTraffic(
  bytes: readonly number[],
  { price, rates }: ActivePrice,
  row: number,
  into: PodCostColumns,
): number {
  into.hasNetwork = true;
  NETWORK_COLUMN.forEach(([sent, received], networkClass) => {
    const tx = bytes[2 * networkClass] ?? 0;
    const rx = bytes[2 * networkClass + 1] ?? 0;
    if (sent === received) {
      into.setWide(sent, row, tx + rx);
      return;
    }
    into.setWide(sent, row, tx);
    into.setWide(received, row, rx);
  });
  if (price === undefined) return 0;
  const cost = chargeNetwork(
    {
      crossZoneSent: bytes[2 * CROSS_ZONE] ?? 0,
      crossZoneReceived: bytes[2 * CROSS_ZONE + 1] ?? 0,
      internetSent: bytes[2 * INTERNET] ?? 0,
    },
    rates,
  );
  into.setWide('network_cost', row, cost);
  return cost;
}

interface MutableUsage extends SecondUsage {
  count: number;
  readonly index: Uint32Array;
}

function emptyUsage(size: number): MutableUsage {
  return {
    count: 0,
    index: new Uint32Array(size),
    cpuUs: new Float64Array(size),
    cpuRequestMillicores: new Float64Array(size),
    memoryBytes: new Float64Array(size),
    memoryRequestBytes: new Float64Array(size),
    gpuRequest: new Float64Array(size),
  };
}
