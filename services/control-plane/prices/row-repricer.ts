import { TABLE_OF, type ClickHouseEngine, type QueryParameters } from '@kubehero/store-clickhouse';
import type { ActivePrice } from '../ingest/price-history.js';

/** A node and the price that its stored seconds are to have. */
export interface RepricedNode {
  readonly nodeKey: number;
  readonly price: ActivePrice;
}

/** Seconds of one minute of a cluster: what one statement reads. */
export interface RepricedMinute {
  readonly clusterKey: number;
  /** Epoch second of its start. */
  readonly start: number;
  /** First and last but one second of the window, which may cut the minute. */
  readonly from: number;
  readonly to: number;
}

/** What the seconds of a node and minute cost as they are stored, and at the other price; picounits. */
export interface RepricedSum {
  readonly nodeKey: number;
  readonly nodeSeconds: number;
  readonly before: bigint;
  readonly after: bigint;
}

interface SumRow {
  node: number;
  node_seconds: string;
  before: string;
  after: string;
}

const KEPT = [
  'cpu_us',
  'ram_bytes',
  'cpu_request',
  'ram_request',
  'gpu_request',
  'net_unknown',
  'net_node',
  'net_zone',
  'net_cross_tx',
  'net_cross_rx',
  'net_internet_tx',
  'net_internet_rx',
] as const;
const RESOURCES = ['cpu', 'ram', 'gpu'] as const;
const MAX_GENERATION = 2 ** 31 - 1;

/**
 * Prices stored seconds again, inside the engine and in integers of 128 bits: the same largest remainder, ties and
 * charges as ingest, so that the rows are digit for digit what a fresh ingest at that price would have stored. A row
 * of generation g has the version 2g, an observed one 2g + 1: it replaces all earlier generations, whenever it comes,
 * and repeating a minute changes nothing.
 */
export class RowRepricer {
  readonly #clickhouse: ClickHouseEngine;
  readonly #database: string;

  constructor(clickhouse: ClickHouseEngine, database: string) {
    this.#clickhouse = clickhouse;
    this.#database = database;
  }

  /** What the rows of these nodes cost and would cost, by node; writes nothing. */
  async sums(minute: RepricedMinute, nodes: readonly RepricedNode[]): Promise<readonly RepricedSum[]> {
    const rows = await this.#clickhouse.query<SumRow>(
      `SELECT node, sum(state > 0) AS node_seconds, sum(toInt128(old_cost)) AS before,
         sum(new_cpu + new_ram + new_gpu + new_network) AS after
       FROM (${this.#repriced()}) GROUP BY node ORDER BY node`,
      parametersOf(minute, nodes),
    );
    return rows.map((row) => ({
      nodeKey: row.node,
      nodeSeconds: Number(row.node_seconds),
      before: BigInt(row.before),
      after: BigInt(row.after),
    }));
  }

  /**
   * Writes the rows of these nodes at their new price; durable and idempotent.
   *
   * @param generation - 1 to 2^31 - 1; the highest one of a row holds
   */
  async rewrite(minute: RepricedMinute, nodes: readonly RepricedNode[], generation: number): Promise<void> {
    if (!Number.isInteger(generation) || generation < 1 || generation > MAX_GENERATION) {
      throw new RangeError(`generation ${generation} is out of range: allowed are 1 to ${MAX_GENERATION}`);
    }
    await this.#clickhouse.command(
      `INSERT INTO ${this.#database}.${TABLE_OF.second} (cluster, ns, id, ts, state, activation, v,
         cpu_rate, ram_rate, cpu_rest, ram_rest, gpu_cost, network_cost, ${KEPT.join(', ')})
       SELECT {cluster:UInt32}, ns, id, ts,
         multiIf(state = 0, 0, state IN (1, 3), if(priced, 1, 3), if(priced, 2, 4)) AS state, activation,
         toUInt32({generation:UInt32} * 2 + (state NOT IN (2, 4))) AS v, cpu_rate, ram_rate,
         toInt64(new_cpu - ${byRate('cpu')}), toInt64(new_ram - ${byRate('ram')}),
         toInt64(new_gpu), toInt64(new_network), ${KEPT.join(', ')}
       FROM (${this.#repriced()}) AS repriced
       SETTINGS optimize_on_insert = 0, prefer_column_name_to_alias = 1`,
      { ...parametersOf(minute, nodes), generation },
    );
  }

  /** Rows with what they cost at the new price. Idle is the node's own row: it takes what is left of each resource. */
  #repriced(): string {
    const spread = 'OVER (PARTITION BY node, ts)';
    const divisors = RESOURCES.map(
      (r) => `greatest(${r}_capacity, sum(if(state = 0, ${r}_weight, toInt128(0))) ${spread}) AS ${r}_divisor,
        if(state = 0, ${r}_weight, ${r}_divisor - sum(if(state = 0, ${r}_weight, toInt128(0))) ${spread}) AS ${r}_share`,
    );
    const quotients = RESOURCES.map(
      (
        r,
      ) => `if(${r}_divisor = 0, if(state = 0, toInt128(0), ${r}_part), intDiv(${r}_part * ${r}_share, greatest(${r}_divisor, 1))) AS ${r}_floor,
        if(${r}_divisor = 0, toInt128(0), modulo(${r}_part * ${r}_share, greatest(${r}_divisor, 1))) AS ${r}_left`,
    );
    const shares = RESOURCES.map(
      (
        r,
      ) => `${r}_floor + (row_number() OVER (PARTITION BY node, ts ORDER BY ${r}_left DESC, state > 0, identity)
          <= ${r}_part - sum(${r}_floor) ${spread})${r === 'cpu' ? ' + if(state = 0, toInt128(0), odd)' : ''} AS new_${r}`,
    );
    return `SELECT *, ${shares.join(', ')} FROM (
      SELECT *, ${quotients.join(', ')} FROM (
      SELECT *, ${divisors.join(', ')} FROM (${this.#priced()})))`;
  }

  /** Rows beside their node's price. */
  #priced(): string {
    return `SELECT r.*, i.identity AS identity, p.*, toInt128(greatest(cpu_us, cpu_request * 1000)) AS cpu_weight,
        toInt128(greatest(ram_bytes, ram_request)) AS ram_weight, toInt128(gpu_request) AS gpu_weight,
        intDiv((k + 1) * per_hour, 3600) - intDiv(k * per_hour, 3600) - intDiv(per_hour, 3600) AS odd,
        ${traffic('net_cross_tx')} + ${traffic('net_cross_rx')} + ${traffic('net_internet_tx')} AS new_network
      FROM (
        SELECT ns, id, ts, state, cpu_cost + ram_cost + gpu_cost + network_cost AS old_cost, ${KEPT.join(', ')},
          toInt128(toUnixTimestamp(ts) % 3600) AS k
        FROM ${this.#database}.${TABLE_OF.second} FINAL
        WHERE cluster = {cluster:UInt32} AND bucket = toDateTime({start:UInt32}, 'UTC')
          AND ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')
      ) AS r
      INNER JOIN (
        SELECT key, node AS node_of, concat(pod_uid, '/', container, '/', kind) AS identity
        FROM ${this.#database}.identity FINAL
        WHERE cluster = {cluster:UInt32} AND node IN {nodes:Array(UInt32)}
      ) AS i ON i.key = r.id
      INNER JOIN (${PRICES}) AS p ON p.node = i.node_of`;
  }
}

const INTEGERS = [
  'per_hour',
  'cpu_part',
  'ram_part',
  'gpu_part',
  'cpu_capacity',
  'ram_capacity',
  'gpu_capacity',
  'net_cross_tx_rate',
  'net_cross_rx_rate',
  'net_internet_tx_rate',
] as const;

/** Prices come as one array of digits by node: floats as their bits, because parsing decimals may round. */
const FIELDS = [...INTEGERS, 'cpu_rate', 'ram_rate', 'activation', 'priced'] as const;

const PRICES = `SELECT {nodes:Array(UInt32)}[n] AS node, ${FIELDS.map((name, at) => `${fieldAt(name, at)} AS ${name}`).join(', ')}
  FROM (SELECT number + 1 AS n FROM numbers(length({nodes:Array(UInt32)})))`;

function fieldAt(name: (typeof FIELDS)[number], at: number): string {
  const digits = `splitByChar(',', {prices:String})[(n - 1) * ${FIELDS.length} + ${at + 1}]`;
  if (name.endsWith('_rate') && !name.startsWith('net_')) return `reinterpretAsFloat64(toUInt64(${digits}))`;
  if (name === 'activation') return `toUInt32(${digits})`;
  return name === 'priced' ? `toUInt8(${digits})` : `toInt128(${digits})`;
}

function parametersOf(minute: RepricedMinute, nodes: readonly RepricedNode[]): QueryParameters {
  return {
    cluster: minute.clusterKey,
    start: minute.start,
    from: minute.from,
    to: minute.to,
    nodes: nodes.map(({ nodeKey }) => nodeKey),
    prices: nodes.flatMap(({ price }) => digitsOf(price)).join(','),
  };
}

function digitsOf({ price, rates, cpuRate, ramRate, activation }: ActivePrice): readonly string[] {
  const fixed = [floatBits(cpuRate), floatBits(ramRate), String(activation.key)];
  if (price === undefined) return [...INTEGERS.map(() => '0'), ...fixed, '0'];
  const { curve, parts, capacity } = price;
  const numbers = [
    ...[parts.cpu, parts.ram, parts.gpu, capacity.cpuMillicores * 1000, capacity.memoryBytes, capacity.gpus],
    ...[rates.crossZoneSent, rates.crossZoneReceived, rates.internetSent],
  ];
  return [curve.perHour.toString(), ...numbers.map(String), ...fixed, '1'];
}

function floatBits(value: number): string {
  return new BigUint64Array(Float64Array.of(value).buffer).join();
}

function traffic(column: string): string {
  return `intDiv(toInt128(${column}) * ${column}_rate, 1073741824)`;
}

/** As the raw table's own columns work their cost out. */
function byRate(resource: 'cpu' | 'ram'): string {
  return `bitShiftRight(toInt64(toFloat64(${resource}_weight) * ${resource}_rate) + 1, 1)`;
}
