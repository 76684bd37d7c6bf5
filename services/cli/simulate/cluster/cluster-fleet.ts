import { annotationKeys } from '@kubehero/contract';
import type { telemetry } from '@kubehero/rpc';
import { bytesOf, toWords64, type NodeColumns } from '../generator.js';
import { mixText, toUuid } from '../hash.js';
import { costOfNode, PRICE_PATTERN, toPicodollars } from '../price.js';
import type { TelemetrySource } from '../telemetry-source.js';
import {
  isReady,
  runningOn,
  toContainers,
  toNodeSpec,
  type ContainerUsage,
  type NodeObject,
  type PodObject,
} from './api-objects.js';

interface FleetNode {
  readonly uid: string;
  spec: telemetry.NodeSpecInput;
  specText: string;
  specVersion: number;
  /** Dictionary: identities in order, and the index of each by its text. */
  readonly identities: telemetry.ContainerIdentityInput[];
  readonly indexes: Map<string, number>;
}

interface Row extends ContainerUsage {
  readonly index: number;
}

/** What a second of the whole cluster held and cost. */
export interface ClusterSecond {
  readonly columns: readonly NodeColumns[];
  readonly pods: number;
  readonly costPicodollars: bigint;
}

const US_PER_MILLICORE = 1000;
const EMPTY = new Uint8Array(0);

/**
 * The nodes and running pods of a cluster, as its API shows them. Every container uses what it requests; a node
 * costs what its annotation says, else the given price.
 */
export class ClusterFleet implements TelemetrySource {
  readonly #nodes: FleetNode[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #options: { readonly startS: number; readonly pricePerHour: string };

  constructor(options: { readonly startS: number; readonly pricePerHour: string }) {
    this.#options = options;
  }

  introductions(): readonly telemetry.NodeIntroductionInput[] {
    return this.#nodes.map(({ uid }) => ({ nodeUid: uid, incarnation: this.#options.startS }));
  }

  nodeSpec(node: number): telemetry.NodeSpecInput {
    return this.#find(node).spec;
  }

  identities(node: number): readonly telemetry.ContainerIdentityInput[] {
    return this.#find(node).identities;
  }

  /** Nodes that were ready in some second. */
  get nodeCount(): number {
    return this.#nodes.length;
  }

  /** Seals a second: the ready nodes, and the pods that run on them. */
  seal(second: number, nodes: Iterable<NodeObject>, pods: Iterable<PodObject>): ClusterSecond {
    const podsByNode = groupByNode(pods);
    const columns: NodeColumns[] = [];
    let podCount = 0;
    let costPicodollars = 0n;
    for (const node of nodes) {
      if (node.metadata?.uid === undefined || !isReady(node)) continue;
      const running = podsByNode.get(node.metadata.name ?? '') ?? [];
      const index = this.#take(node, node.metadata.uid);
      columns.push(this.#toColumns(index, second, running));
      podCount += running.length;
      const price = toPicodollars(this.#priceOf(node));
      costPicodollars += costOfNode(price, second, second + 1);
    }
    return { columns, pods: podCount, costPicodollars };
  }

  #find(index: number): FleetNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${index}`);
    return node;
  }

  #priceOf(node: NodeObject): string {
    const own = node.metadata?.annotations?.[annotationKeys.pricePerHour] ?? '';
    return PRICE_PATTERN.test(own) ? own : this.#options.pricePerHour;
  }

  /** Notes a node, or what changed in it. @returns its index */
  #take(object: NodeObject, uid: string): number {
    const { startS } = this.#options;
    // A simulation is a boot of its own: nothing proves that the node was measured before or after it.
    const bootId = toUuid(mixText(startS, uid));
    const spec = toNodeSpec(object, { bootId, bootedAtS: startS, pricePerHour: this.#priceOf(object) });
    const specText = JSON.stringify(spec);
    const known = this.#indexes.get(uid);
    if (known === undefined) {
      this.#indexes.set(uid, this.#nodes.length);
      this.#nodes.push({ uid, spec, specText, specVersion: 0, identities: [], indexes: new Map() });
      return this.#nodes.length - 1;
    }
    const node = this.#find(known);
    if (node.specText !== specText) {
      Object.assign(node, { spec, specText, specVersion: node.specVersion + 1 });
    }
    return known;
  }

  #toColumns(index: number, second: number, pods: readonly PodObject[]): NodeColumns {
    const node = this.#find(index);
    const rows = pods
      .flatMap(toContainers)
      .map((usage): Row => ({ ...usage, index: indexOf(node, usage.identity) }))
      .sort((left, right) => left.index - right.index);
    const cpuUs = rows.map((row) => row.cpuMillicores * US_PER_MILLICORE);
    const usedUs = cpuUs.reduce((sum, us) => sum + us, 0);
    const capacityUs = Number(node.spec.cpuCapacityMillicores ?? 0) * US_PER_MILLICORE;
    // Static pods may request more than a node has; nobody can use more.
    const scale = usedUs > capacityUs ? capacityUs / usedUs : 1;
    return {
      node: index,
      seconds: [second],
      rows: rows.length,
      dictionarySize: node.identities.length,
      specVersion: node.specVersion,
      second: bytesOf(Uint32Array.of(second)),
      rowCount: bytesOf(Uint32Array.of(rows.length)),
      identity: bytesOf(Uint32Array.from(rows, (row) => row.index)),
      cpuUs: bytesOf(Uint32Array.from(cpuUs, (us) => Math.floor(us * scale))),
      memoryBytes: toWords64(rows.map((row) => row.memoryBytes)),
      netRow: EMPTY,
      netClass: EMPTY,
      netTxBytes: EMPTY,
      netRxBytes: EMPTY,
    };
  }
}

function groupByNode(pods: Iterable<PodObject>): Map<string, PodObject[]> {
  const groups = new Map<string, PodObject[]>();
  for (const pod of pods) {
    const node = runningOn(pod);
    if (node === undefined) continue;
    const group = groups.get(node);
    if (group === undefined) groups.set(node, [pod]);
    else group.push(pod);
  }
  return groups;
}

function indexOf(node: FleetNode, identity: telemetry.ContainerIdentityInput): number {
  const text = JSON.stringify(identity);
  const known = node.indexes.get(text);
  if (known !== undefined) return known;
  const index = node.identities.length;
  node.identities.push(identity);
  node.indexes.set(text, index);
  return index;
}
