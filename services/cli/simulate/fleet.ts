import { annotationKeys } from '@kubehero/contract';
import type { telemetry } from '@kubehero/rpc';
import type { TelemetrySource } from './telemetry-source.js';
import { mix, mixText, toFraction, toUuid } from './hash.js';

/** What a fleet is invented from; the same options give the same fleet. */
export interface FleetOptions {
  readonly nodes: number;
  readonly podsPerNode: number;
  /** 0 to 2^32 − 1. */
  readonly seed: number;
  /** Name of the cluster: fleets of two clusters have no identity in common. */
  readonly cluster: string;
  /** Plain decimal, written on every node as its price annotation. */
  readonly nodePricePerHour: string;
  /** First second, epoch: the nodes boot then, so that nothing before it can be charged. */
  readonly startS: number;
}

/** How a pod behaves. */
export const podShapes = { asleep: 0, daemon: 1, service: 2, burst: 3 } as const;

/** What the generator needs to know of the pods of one node, by pod. */
export interface PodTraits {
  /** A value of {@link podShapes}. */
  readonly shape: Uint8Array;
  readonly cpuRequestMillicores: Uint32Array;
  readonly memoryRequestBytes: Float64Array;
  /** Makes pods differ. */
  readonly salt: Uint32Array;
  /** Sum of CPU that all pods of the node may use in a second. */
  readonly capacityMillicores: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const NAMESPACES = [
  'web',
  'payments',
  'search',
  'catalog',
  'checkout',
  'recommendations',
  'data-platform',
  'machine-learning',
  'batch',
  'observability',
  'identity',
  'staging',
] as const;
const TIERS = ['api', 'worker', 'cache', 'gateway', 'indexer', 'scheduler'] as const;
const CPU_REQUESTS_MILLICORES = [50, 100, 100, 250, 250, 500, 1000] as const;
const MEMORY_REQUESTS_MIB = [64, 128, 256, 256, 512, 1024, 2048] as const;
const ZONES = ['sim-1a', 'sim-1b', 'sim-1c'] as const;
/** Shares of shapes, cumulated: 30 % asleep, 35 % daemons, 25 % services, the rest bursts. */
const SHAPE_LIMITS = [0.3, 0.65, 0.9] as const;
/** Every tenth node is packed to its last core, so that usage above requests has to be scaled down. */
const PACKED_EVERY = 10;
const HEADROOM = 1.15;

function choose<T>(values: readonly T[], word: number): T {
  return values[word % values.length] as T;
}

/** Nodes and pods that exist in numbers only: objects are made one node at a time, when they are sent. */
export class Fleet implements TelemetrySource {
  readonly #root: number;

  constructor(readonly options: FleetOptions) {
    this.#root = mixText(options.seed, options.cluster);
  }

  /** Identity of a node, the same in every run with this seed and cluster. */
  nodeUid(node: number): string {
    return toUuid(this.#nodeWord(node));
  }

  /** All nodes, under an incarnation by which a repeated simulation is the same one. */
  introductions(): readonly telemetry.NodeIntroductionInput[] {
    return Array.from({ length: this.options.nodes }, (_, node) => ({
      nodeUid: this.nodeUid(node),
      incarnation: this.options.startS,
    }));
  }

  /** A node as the protocol describes it. */
  nodeSpec(node: number): telemetry.NodeSpecInput {
    const { seed, startS, nodePricePerHour } = this.options;
    const name = `sim-${seed}-node-${String(node).padStart(4, '0')}`;
    const traits = this.podTraits(node);
    const memoryBytes = traits.memoryRequestBytes.reduce((sum, bytes) => sum + bytes, 0);
    return {
      name,
      providerId: `simulated:///${name}`,
      // Another start is another boot: nothing proves that the node ran between two simulations.
      bootId: toUuid(mix(this.#nodeWord(node), startS)),
      bootedAtS: startS,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': 'simulated',
        'topology.kubernetes.io/region': 'sim-1',
        'topology.kubernetes.io/zone': choose(ZONES, node),
      },
      annotations: { [annotationKeys.pricePerHour]: nodePricePerHour },
      cpuCapacityMillicores: traits.capacityMillicores,
      memoryCapacityBytes: Math.ceil((memoryBytes * 1.5) / GIB + 1) * GIB,
    };
  }

  /** The pods of a node as numbers. */
  podTraits(node: number): PodTraits {
    const pods = this.options.podsPerNode;
    const traits = {
      shape: new Uint8Array(pods),
      cpuRequestMillicores: new Uint32Array(pods),
      memoryRequestBytes: new Float64Array(pods),
      salt: new Uint32Array(pods),
    };
    let requestedMillicores = 0;
    for (let pod = 0; pod < pods; pod += 1) {
      const salt = this.#podWord(node, pod);
      const share = toFraction(mix(salt, 1));
      const limit = SHAPE_LIMITS.findIndex((bound) => share < bound);
      traits.shape[pod] = limit === -1 ? podShapes.burst : limit;
      traits.cpuRequestMillicores[pod] = choose(CPU_REQUESTS_MILLICORES, mix(salt, 2));
      traits.memoryRequestBytes[pod] = choose(MEMORY_REQUESTS_MIB, mix(salt, 3)) * MIB;
      traits.salt[pod] = salt;
      requestedMillicores += traits.cpuRequestMillicores[pod] ?? 0;
    }
    const headroom = node % PACKED_EVERY === 0 ? 1 : HEADROOM;
    const cores = Math.max(2, Math.ceil((requestedMillicores * headroom) / 1000));
    return { ...traits, capacityMillicores: cores * 1000 };
  }

  /** The dictionary of a node: entry n is pod n. */
  identities(node: number): readonly telemetry.ContainerIdentityInput[] {
    const traits = this.podTraits(node);
    return Array.from({ length: this.options.podsPerNode }, (_, pod) => {
      const word = traits.salt[pod] ?? 0;
      const namespace = choose(NAMESPACES, mix(word, 4));
      const workload = `${namespace}-${choose(TIERS, mix(word, 5))}`;
      const memoryRequestBytes = traits.memoryRequestBytes[pod] ?? 0;
      return {
        kind: 'IDENTITY_KIND_CONTAINER' as const,
        podUid: toUuid(word),
        namespace,
        pod: `${workload}-${mix(word, 6).toString(36).padStart(7, '0')}-${pod}`,
        container: 'main',
        workloadKind: 'Deployment',
        workload,
        labels: { app: workload, team: namespace },
        cpuRequestMillicores: traits.cpuRequestMillicores[pod] ?? 0,
        memoryRequestBytes,
        memoryLimitBytes: memoryRequestBytes * 2,
      };
    });
  }

  #nodeWord(node: number): number {
    return mix(this.#root, node);
  }

  #podWord(node: number, pod: number): number {
    return mix(this.#nodeWord(node), pod + 1_000_003);
  }
}
