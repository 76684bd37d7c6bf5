import { decodeNativeBlocks, TABLE_OF, type ClickHouseEngine } from '@kubehero/store-clickhouse';

/** Which rows are read: of a minute of a cluster, of some nodes or of all. */
export interface StoredRowsQuestion {
  readonly clusterKey: number;
  readonly minute: number;
  readonly nodeKeys: readonly number[] | undefined;
}

const WIDTHS = {
  ns: 4,
  id: 4,
  second: 4,
  state: 1,
  v: 4,
  cost: 8,
  cpu_us: 4,
  ram_bytes: 8,
  cpu_request: 4,
  ram_request: 8,
  gpu_request: 2,
  net_unknown: 8,
  net_node: 8,
  net_zone: 8,
  net_cross_tx: 8,
  net_cross_rx: 8,
  net_internet_tx: 8,
  net_internet_rx: 8,
} as const;

type Column = keyof typeof WIDTHS;
type ColumnOf<Width> = { [Name in Column]: (typeof WIDTHS)[Name] extends Width ? Name : never }[Column];

const EXPRESSION_OF: Partial<Record<Column, string>> = {
  second: 'toUnixTimestamp(ts)',
  cost: 'cpu_cost + ram_cost + gpu_cost + network_cost',
};
const TWO_TO_32 = 4_294_967_296;

/** Raw rows as they are stored, repeats included, in any order: packed columns, no object per row. */
export class StoredRows {
  readonly state: Uint8Array;
  readonly gpuRequest: Uint16Array;
  readonly #words: Readonly<Record<ColumnOf<4 | 8>, Uint32Array>>;

  constructor(
    readonly count: number,
    bytes: ReadonlyMap<Column, Uint8Array>,
  ) {
    const bytesOf = (name: Column): Uint8Array => bytes.get(name) ?? new Uint8Array(count * WIDTHS[name]);
    this.state = bytesOf('state');
    this.gpuRequest = new Uint16Array(bytesOf('gpu_request').buffer);
    const names = (Object.keys(WIDTHS) as Column[]).filter((name) => WIDTHS[name] >= 4);
    this.#words = Object.fromEntries(
      names.map((name) => [name, new Uint32Array(bytesOf(name).buffer)]),
    ) as Record<ColumnOf<4 | 8>, Uint32Array>;
  }

  /** A column of 32 bits. */
  words(name: ColumnOf<4>): Uint32Array {
    return this.#words[name];
  }

  /** A value below 2^53 of a column of 64 bits. */
  wide(name: ColumnOf<8>, row: number): number {
    const words = this.#words[name];
    return (words[2 * row + 1] as number) * TWO_TO_32 + (words[2 * row] as number);
  }
}

/** Reads rows in the engine's own binary format. */
export async function readStoredRows(
  engine: { readonly clickhouse: ClickHouseEngine; readonly database: string },
  { clusterKey, minute, nodeKeys }: StoredRowsQuestion,
  signal: AbortSignal,
): Promise<StoredRows> {
  const { clickhouse, database } = engine;
  const names = Object.keys(WIDTHS) as Column[];
  const columns = names.map((name) => `${EXPRESSION_OF[name] ?? name} AS ${name}`);
  const nodes = nodeKeys === undefined ? '' : `AND id GLOBAL IN (${identitiesOf(database)})`;
  const answer = await clickhouse.queryNative(
    `SELECT ${columns.join(', ')} FROM ${database}.${TABLE_OF.second}
     WHERE cluster = {cluster:UInt32} AND bucket = toDateTime({minute:UInt32}, 'UTC') ${nodes}`,
    { cluster: clusterKey, minute, ...(nodeKeys === undefined ? {} : { nodes: [...nodeKeys] }) },
    signal,
  );
  return toStoredRows(answer);
}

/** Keys of the identities of the nodes that the parameter `nodes` names. */
export function identitiesOf(database: string): string {
  return `SELECT key FROM ${database}.identity WHERE node IN ({nodes:Array(UInt32)})`;
}

function toStoredRows(answer: Uint8Array): StoredRows {
  const blocks = decodeNativeBlocks(answer);
  const count = blocks.reduce((sum, { rows }) => sum + rows, 0);
  const names = Object.keys(WIDTHS) as Column[];
  const joined = names.map((name) => {
    // Copied: columns of a message are not aligned
    const bytes = new Uint8Array(count * WIDTHS[name]);
    let at = 0;
    for (const { columns } of blocks) {
      const part = columns.get(name);
      if (part === undefined) continue;
      bytes.set(part, at);
      at += part.length;
    }
    return [name, bytes] as const;
  });
  return new StoredRows(count, new Map(joined));
}
