import { encodeNativeBlock, type NativeColumn } from './native.js';

/** What a row of the cost tables stands for; `unpriced` rows carry usage or time and no cost. */
export const RowState = {
  /** A container, a pod's overhead, or a unit of a plain host. */
  allocated: 0,
  /** A node's own row: what of its price nobody asked for. */
  idle: 1,
  /** A node's own row for a second that was never measured although the node ran. */
  unobserved: 2,
  /** As `idle`, of a node without a price. */
  unpriced: 3,
  /** As `unobserved`, of a node without a price. */
  unobservedUnpriced: 4,
} as const;

const U8 = 1;
const U16 = 2;
const U32 = 4;
const U64 = 8;
/** Eight bytes too, told apart from integers of 64 bits by its type. */
const F64 = 'double';

const TWO_TO_32 = 4_294_967_296;
const US_PER_MILLICORE_SECOND = 1000;

interface ColumnSpec {
  readonly name: string;
  readonly type: string;
  readonly width: number | typeof F64;
  /** Left out of an insert in which all its values are zero; the table's default is zero. */
  readonly sparse?: boolean;
}

const COLUMNS = [
  { name: 'cluster', type: 'UInt32', width: U32 },
  { name: 'ns', type: 'UInt32', width: U32 },
  { name: 'id', type: 'UInt32', width: U32 },
  { name: 'ts', type: 'DateTime', width: U32 },
  { name: 'state', type: 'UInt8', width: U8 },
  { name: 'activation', type: 'UInt32', width: U32 },
  { name: 'v', type: 'UInt32', width: U32 },
  { name: 'cpu_rate', type: 'Float64', width: F64 },
  { name: 'ram_rate', type: 'Float64', width: F64 },
  { name: 'cpu_rest', type: 'Int64', width: U64 },
  { name: 'ram_rest', type: 'Int64', width: U64 },
  { name: 'cpu_us', type: 'UInt32', width: U32 },
  { name: 'ram_bytes', type: 'UInt64', width: U64 },
  { name: 'cpu_request', type: 'UInt32', width: U32 },
  { name: 'ram_request', type: 'UInt64', width: U64 },
  { name: 'gpu_cost', type: 'Int64', width: U64, sparse: true },
  { name: 'gpu_request', type: 'UInt16', width: U16, sparse: true },
  { name: 'network_cost', type: 'Int64', width: U64, sparse: true },
  { name: 'net_unknown', type: 'UInt64', width: U64, sparse: true },
  { name: 'net_node', type: 'UInt64', width: U64, sparse: true },
  { name: 'net_zone', type: 'UInt64', width: U64, sparse: true },
  { name: 'net_cross_tx', type: 'UInt64', width: U64, sparse: true },
  { name: 'net_cross_rx', type: 'UInt64', width: U64, sparse: true },
  { name: 'net_internet_tx', type: 'UInt64', width: U64, sparse: true },
  { name: 'net_internet_rx', type: 'UInt64', width: U64, sparse: true },
] as const satisfies readonly ColumnSpec[];

/** Names of the columns that carry integers of up to 53 bits as two words. */
export type WideColumn = Extract<(typeof COLUMNS)[number], { width: typeof U64 }>['name'];

type NarrowColumn = Exclude<(typeof COLUMNS)[number]['name'], WideColumn>;

const FIELD_OF = {
  cluster: 'cluster',
  ns: 'ns',
  id: 'id',
  ts: 'ts',
  state: 'state',
  activation: 'activation',
  v: 'v',
  cpu_rate: 'cpuRate',
  ram_rate: 'ramRate',
  cpu_us: 'cpuUs',
  cpu_request: 'cpuRequest',
  gpu_request: 'gpuRequest',
} as const satisfies Record<NarrowColumn, string>;

/**
 * Rows of `pod_cost_1s` as columns, filled row by row on the ingest path: typed arrays of fixed capacity that
 * are used again, no object per row. Integers of 64 bits are pairs of 32-bit words.
 */
export class PodCostColumns {
  /** Rows filled so far. */
  rows = 0;
  readonly cluster: Uint32Array;
  readonly ns: Uint32Array;
  readonly id: Uint32Array;
  readonly ts: Uint32Array;
  readonly state: Uint8Array;
  readonly activation: Uint32Array;
  readonly v: Uint32Array;
  readonly cpuUs: Uint32Array;
  readonly cpuRequest: Uint32Array;
  readonly gpuRequest: Uint16Array;
  /** Picounits; not stored as such, see `cpu_rest`. */
  readonly cpuCost: Float64Array;
  readonly ramCost: Float64Array;
  /** Half picounits that a microsecond of CPU time and a byte cost at the node's price. */
  readonly cpuRate: Float64Array;
  readonly ramRate: Float64Array;
  readonly wide: Readonly<Record<WideColumn, Uint32Array>>;
  /** Set as soon as a row has a GPU or traffic. */
  hasGpu = false;
  hasNetwork = false;
  /** Rows whose rests are worked out. */
  #settled = 0;

  /** @param capacity - rows; 130 to 180 bytes each */
  constructor(readonly capacity: number) {
    this.cluster = new Uint32Array(capacity);
    this.ns = new Uint32Array(capacity);
    this.id = new Uint32Array(capacity);
    this.ts = new Uint32Array(capacity);
    this.state = new Uint8Array(capacity);
    this.activation = new Uint32Array(capacity);
    this.v = new Uint32Array(capacity);
    this.cpuUs = new Uint32Array(capacity);
    this.cpuRequest = new Uint32Array(capacity);
    this.gpuRequest = new Uint16Array(capacity);
    this.cpuCost = new Float64Array(capacity);
    this.ramCost = new Float64Array(capacity);
    this.cpuRate = new Float64Array(capacity);
    this.ramRate = new Float64Array(capacity);
    const wide = COLUMNS.filter((column) => column.width === U64);
    this.wide = Object.fromEntries(wide.map(({ name }) => [name, new Uint32Array(2 * capacity)])) as Record<
      WideColumn,
      Uint32Array
    >;
  }

  /** Empties it. */
  reset(): void {
    this.truncate(0);
    this.hasGpu = false;
    this.hasNetwork = false;
  }

  /** Takes the last rows back; sparse columns are zeroed, because a row writes only what it has. */
  truncate(rows: number): void {
    if (this.hasGpu) {
      this.gpuRequest.fill(0, rows, this.rows);
      this.wide.gpu_cost.fill(0, 2 * rows, 2 * this.rows);
    }
    if (this.hasNetwork) {
      for (const { name } of COLUMNS) {
        if (name === 'network_cost' || isNetworkBytes(name)) this.wide[name].fill(0, 2 * rows, 2 * this.rows);
      }
    }
    this.rows = rows;
    this.#settled = Math.min(this.#settled, rows);
  }

  /** Reads a wide column. */
  getWide(column: WideColumn, row: number): number {
    return wordsAt(this.wide[column], row);
  }

  /** Writes an integer in [0, 2^53) into a wide column. */
  setWide(column: WideColumn, row: number, value: number): void {
    const words = this.wide[column];
    words[2 * row] = value >>> 0;
    words[2 * row + 1] = value / TWO_TO_32;
  }

  /**
   * Works out what the stored costs lack to the exact ones. A cost follows max(request, usage) at the node's rate but
   * for an odd picounit: stored as that product and a rest, which is zero mostly, it takes no room even where the
   * usage is noise. The table's `cpu_cost` and `ram_cost` do the same arithmetic: one IEEE product, then integers.
   * Done for rows that were filled since the last call, so that a long insert need not hold the event loop at its end.
   */
  settleRests(): void {
    const { cpuCost, ramCost, cpuRate, ramRate, cpuUs, cpuRequest, wide, rows } = this;
    for (let row = this.#settled; row < rows; row += 1) {
      const cpu = Math.max(cpuUs[row] as number, (cpuRequest[row] as number) * US_PER_MILLICORE_SECOND);
      setSigned(wide.cpu_rest, row, (cpuCost[row] as number) - halved(cpu * (cpuRate[row] as number)));
      const ram = Math.max(wordsAt(wide.ram_bytes, row), wordsAt(wide.ram_request, row));
      setSigned(wide.ram_rest, row, (ramCost[row] as number) - halved(ram * (ramRate[row] as number)));
    }
    this.#settled = rows;
  }

  /** Views on the filled rows; valid until the next `reset`. */
  #column(name: (typeof COLUMNS)[number]['name']): Uint8Array {
    const array = this.#array(name);
    const width = array instanceof Uint32Array && name in this.wide ? U64 : array.BYTES_PER_ELEMENT;
    return new Uint8Array(array.buffer, array.byteOffset, this.rows * width);
  }

  #array(name: (typeof COLUMNS)[number]['name']): Uint8Array | Uint16Array | Uint32Array | Float64Array {
    return name in this.wide ? this.wide[name as WideColumn] : this[FIELD_OF[name as NarrowColumn]];
  }

  /** The columns of an insert; all blocks of one insert must name the same ones. */
  toNative(names: readonly string[]): NativeColumn[] {
    this.settleRests();
    return COLUMNS.filter(({ name }) => names.includes(name)).map(({ name, type }) => ({
      name,
      type,
      bytes: this.#column(name),
    }));
  }
}

function wordsAt(words: Uint32Array, row: number): number {
  return (words[2 * row + 1] ?? 0) * TWO_TO_32 + (words[2 * row] ?? 0);
}

/** Writes an integer in (-2^53, 2^53) as two words of its two's complement. */
function setSigned(words: Uint32Array, row: number, value: number): void {
  words[2 * row] = value >>> 0;
  words[2 * row + 1] = Math.floor(value / TWO_TO_32);
}

/** Half of the whole part, rounded up: half picounits to picounits. */
function halved(value: number): number {
  return Math.floor((Math.floor(value) + 1) / 2);
}

function isNetworkBytes(name: string): name is Extract<WideColumn, `net_${string}`> {
  return name.startsWith('net_');
}

/** One insert: which columns it names and its Native bytes. */
export interface NativeInsert {
  readonly columns: readonly string[];
  readonly parts: readonly Uint8Array[];
  readonly rows: number;
}

/**
 * Encodes filled column sets as one insert, one block each; columns that are zero throughout are left out.
 *
 * @param sets - at least one with rows; MUST NOT change until the insert has ended
 */
export function encodePodCosts(sets: readonly PodCostColumns[]): NativeInsert {
  const filled = sets.filter((set) => set.rows > 0);
  const hasGpu = filled.some((set) => set.hasGpu);
  const hasNetwork = filled.some((set) => set.hasNetwork);
  const columns = COLUMNS.filter(
    (column) => !('sparse' in column) || (column.name.startsWith('gpu') ? hasGpu : hasNetwork),
  ).map(({ name }) => name);
  return {
    columns,
    parts: filled.flatMap((set) => encodeNativeBlock(set.toNative(columns), set.rows)),
    rows: filled.reduce((sum, set) => sum + set.rows, 0),
  };
}
