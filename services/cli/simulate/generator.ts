import { defaultProtocol, telemetry, type Protocol } from '@kubehero/rpc';
import type { Fleet } from './fleet.js';
import { type PodTraits } from './fleet.js';
import { mix } from './hash.js';
import { cpuMicroseconds, memoryBytes } from './usage.js';

/** Seconds of one node as packed little-endian columns: what `NodeBatch` carries beside spec and dictionary. */
export interface NodeColumns {
  /** Index of the node in its fleet. */
  readonly node: number;
  /** Strictly rising epoch seconds. */
  readonly seconds: readonly number[];
  readonly rows: number;
  /** How many entries of the node's dictionary these rows need. */
  readonly dictionarySize: number;
  /** Changes with the node's spec. */
  readonly specVersion: number;
  readonly second: Uint8Array;
  readonly rowCount: Uint8Array;
  readonly identity: Uint8Array;
  readonly cpuUs: Uint8Array;
  readonly memoryBytes: Uint8Array;
  readonly netRow: Uint8Array;
  readonly netClass: Uint8Array;
  readonly netTxBytes: Uint8Array;
  readonly netRxBytes: Uint8Array;
}

/** What a generator makes beside CPU and memory. */
export interface GeneratorOptions {
  /** Adds traffic of every class to about 4 % of the rows. @default false */
  readonly network?: boolean;
}

const US_PER_MILLICORE = 1000;
const WORD = 4_294_967_296;
/** One row in 25 has traffic. */
const NETWORK_EVERY = 25;
const NETWORK_SALT = 0x51ed270b;
const NETWORK_CLASSES = 5;
const MAX_CACHED_NODES = 20_000;
const EMPTY = new Uint8Array(0);

interface Network {
  readonly row: number[];
  readonly class: number[];
  readonly tx: number[];
  readonly rx: number[];
}

/** The bytes of a typed array, without copying. */
export const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** Non-negative integers below 2^53 as little-endian 64-bit words. */
export function toWords64(values: readonly number[]): Uint8Array {
  const words = new Uint32Array(values.length * 2);
  values.forEach((value, index) => {
    words[index * 2] = value % WORD;
    words[index * 2 + 1] = Math.floor(value / WORD);
  });
  return bytesOf(words);
}

/**
 * Makes telemetry of a fleet, deterministic by its seed: 30 % of the pods are asleep, 35 % idle daemons with
 * jitter, 25 % services whose load wanders, 10 % burst. Any second of any node can be made at any time.
 * Needs a little-endian machine, as every platform of Node.js is.
 */
export class TelemetryGenerator {
  readonly #traits = new Map<number, PodTraits>();
  readonly #network: boolean;

  constructor(
    readonly fleet: Fleet,
    options: GeneratorOptions = {},
  ) {
    this.#network = options.network ?? false;
  }

  /** Makes the columns of a node for strictly rising seconds. */
  columns(node: number, seconds: readonly number[]): NodeColumns {
    const traits = this.#traitsOf(node);
    const pods = traits.shape.length;
    const rows = pods * seconds.length;
    const identity = new Uint32Array(rows);
    const cpu = new Uint32Array(rows);
    const memory = new Uint32Array(rows * 2);
    const network: Network = { row: [], class: [], tx: [], rx: [] };
    seconds.forEach((second, index) => {
      const place = { first: index * pods, second };
      fillSecond(traits, place, { identity, cpu, memory });
      if (this.#network) fillNetwork(traits, place, network);
    });
    return {
      node,
      seconds,
      rows,
      dictionarySize: pods,
      specVersion: 0,
      second: bytesOf(Uint32Array.from(seconds)),
      rowCount: bytesOf(new Uint32Array(seconds.length).fill(pods)),
      identity: bytesOf(identity),
      cpuUs: bytesOf(cpu),
      memoryBytes: bytesOf(memory),
      netRow: network.row.length === 0 ? EMPTY : bytesOf(Uint32Array.from(network.row)),
      netClass: Uint8Array.from(network.class),
      netTxBytes: toWords64(network.tx),
      netRxBytes: toWords64(network.rx),
    };
  }

  #traitsOf(node: number): PodTraits {
    const known = this.#traits.get(node);
    if (known !== undefined) return known;
    const traits = this.fleet.podTraits(node);
    if (this.#traits.size < MAX_CACHED_NODES) this.#traits.set(node, traits);
    return traits;
  }
}

interface Place {
  readonly first: number;
  readonly second: number;
}

function fillSecond(
  traits: PodTraits,
  { first, second }: Place,
  columns: { identity: Uint32Array; cpu: Uint32Array; memory: Uint32Array },
): void {
  const { identity, cpu, memory } = columns;
  const pods = traits.shape.length;
  let usedUs = 0;
  for (let pod = 0; pod < pods; pod += 1) {
    const row = first + pod;
    const salt = traits.salt[pod] as number;
    const request = traits.cpuRequestMillicores[pod] as number;
    const used = cpuMicroseconds(traits.shape[pod] as number, request, { salt, second });
    const held = memoryBytes(traits.memoryRequestBytes[pod] as number, salt, second);
    identity[row] = pod;
    cpu[row] = used;
    memory[row * 2] = held % WORD;
    memory[row * 2 + 1] = Math.floor(held / WORD);
    usedUs += used;
  }
  const capacityUs = traits.capacityMillicores * US_PER_MILLICORE;
  // A node cannot spend more CPU time than it has; pods that want more share what there is.
  if (usedUs <= capacityUs) return;
  for (let row = first; row < first + pods; row += 1) {
    cpu[row] = Math.floor(((cpu[row] as number) * capacityUs) / usedUs);
  }
}

function fillNetwork(traits: PodTraits, { first, second }: Place, network: Network): void {
  for (let pod = 0; pod < traits.shape.length; pod += 1) {
    const word = mix((traits.salt[pod] as number) ^ NETWORK_SALT, second);
    if (word % NETWORK_EVERY !== 0) continue;
    network.row.push(first + pod);
    network.class.push(mix(word, 1) % NETWORK_CLASSES);
    network.tx.push(mix(word, 2) % 2_000_000);
    network.rx.push(mix(word, 3) % 4_000_000);
  }
}

/** A node's columns as a message; the first one of a node on a stream also carries its spec and dictionary. */
export function toNodeBatch(
  fleet: Fleet,
  columns: NodeColumns,
  isFirstOnStream: boolean,
): telemetry.NodeBatchInput {
  const { node, seconds: _, rows: __, dictionarySize: ___, specVersion: ____, ...packed } = columns;
  return {
    ...packed,
    node,
    source: 'SOURCE_SIMULATED',
    ...(isFirstOnStream
      ? { spec: fleet.nodeSpec(node), resetDictionary: true, identities: fleet.identities(node) }
      : {}),
  };
}

/** The nodes that a stream introduces: node n of the fleet has the index n. */
export function toHello(fleet: Fleet, emitter: string): telemetry.HelloInput {
  return { emitter, nodes: fleet.introductions() };
}

/** A request as bytes, as gRPC would carry it (without its frame): for benchmarks and tests of decoders. */
export function encodeReport(
  request: telemetry.ReportRequestInput,
  protocol: Protocol = defaultProtocol(),
): Buffer {
  const report = protocol.service(telemetry.TelemetryService.typeName)['Report'];
  if (report === undefined) throw new Error('the protocol has no telemetry');
  return report.requestSerialize(request);
}
