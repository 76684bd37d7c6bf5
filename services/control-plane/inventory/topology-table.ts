import { networkClasses, PrefixTable, tryParseAddressPrefix } from '@kubehero/domain';
import { createHash } from 'node:crypto';
import { regionOf, zoneOf, type NodeRecord, type ServiceRecord } from './inventory-records.js';

/** A block of addresses and where it is, relative to a node. */
export interface ClassedPrefix {
  readonly cidr: string;
  readonly networkClass: number;
}

/** A table as a node needs it. */
export interface NodeTopology {
  readonly prefixes: readonly ClassedPrefix[];
  /** Equal where the prefixes are. */
  readonly digest: string;
}

interface ZoneTable {
  readonly prefixes: readonly ClassedPrefix[];
  readonly digest: string;
}

/** A block of addresses: the zone that it is in, undefined where that cannot be told. */
interface Located {
  readonly cidr: string;
  readonly zone: string | undefined;
}

/**
 * Where the addresses of a cluster are. One table serves all nodes of a zone; a node adds what is its own, which wins
 * because it comes later. The internet and private blocks that nobody claims are not in it: collectors know those.
 */
export class TopologyTable {
  readonly #nodes: ReadonlyMap<string, NodeRecord>;
  readonly #located: readonly Located[];
  /** Addresses of services of which every endpoint is on one node. */
  readonly #onOneNode = new Map<string, string[]>();
  readonly #tables = new Map<string | undefined, ZoneTable>();

  constructor(nodes: ReadonlyMap<string, NodeRecord>, services: Iterable<ServiceRecord>) {
    this.#nodes = nodes;
    const index = indexOf(nodes.values());
    const located = [...nodes.values()].flatMap((node) =>
      blocksOf(node).map((cidr) => ({ cidr, zone: zoneKeyOf(node) })),
    );
    for (const service of services) located.push(...this.#locate(service, index));
    this.#located = located;
  }

  /** The table for a node; one that is not known gets what can be told without its zone: nothing of the inside. */
  forNode(nodeUid: string): NodeTopology {
    const node = this.#nodes.get(nodeUid);
    const table = this.#tableOf(node === undefined ? undefined : zoneKeyOf(node));
    const own = node === undefined ? [] : [...blocksOf(node), ...(this.#onOneNode.get(nodeUid) ?? [])];
    return {
      prefixes: [...table.prefixes, ...own.map((cidr) => ({ cidr, networkClass: networkClasses.sameNode }))],
      digest: `${table.digest} ${own.join(' ')}`,
    };
  }

  #tableOf(zone: string | undefined): ZoneTable {
    const known = this.#tables.get(zone);
    if (known !== undefined) return known;
    const prefixes = this.#located.map((located) => ({
      cidr: located.cidr,
      networkClass: classOf(zone, located.zone),
    }));
    const text = prefixes.map(({ cidr, networkClass }) => `${cidr} ${networkClass}`).join('\n');
    const table = { prefixes, digest: createHash('sha256').update(text).digest('base64') };
    this.#tables.set(zone, table);
    return table;
  }

  /** Traffic to a service's address goes to one of its endpoints: its zone is known where all of them share one. */
  #locate(service: ServiceRecord, index: PrefixTable<NodeRecord>): Located[] {
    const addresses = service.clusterIps.filter((address) => tryParseAddressPrefix(address) !== undefined);
    if (addresses.length === 0) return [];
    const nodes = new Set<NodeRecord | undefined>(
      service.endpointAddresses.map((address) => {
        const prefix = tryParseAddressPrefix(address);
        return prefix === undefined ? undefined : index.tryFind(prefix);
      }),
    );
    const zones = new Set([...nodes].map((node) => (node === undefined ? undefined : zoneKeyOf(node))));
    const [node] = nodes;
    if (nodes.size === 1 && node !== undefined) {
      this.#onOneNode.set(node.uid, [...(this.#onOneNode.get(node.uid) ?? []), ...addresses]);
    }
    const [zone] = zones;
    return addresses.map((cidr) => ({ cidr, zone: zones.size === 1 ? zone : undefined }));
  }
}

function indexOf(nodes: Iterable<NodeRecord>): PrefixTable<NodeRecord> {
  const index = new PrefixTable<NodeRecord>();
  for (const node of nodes) {
    for (const cidr of blocksOf(node)) {
      const prefix = tryParseAddressPrefix(cidr);
      if (prefix !== undefined) index.set(prefix, node);
    }
  }
  return index;
}

/** Pod networks and addresses of a node; host names stand among a node's addresses too. */
function blocksOf({ podCidrs, addresses }: NodeRecord): readonly string[] {
  return [...podCidrs, ...addresses].filter((cidr) => tryParseAddressPrefix(cidr) !== undefined);
}

/** Names of zones are unique within a region. */
function zoneKeyOf(node: NodeRecord): string | undefined {
  const zone = zoneOf(node);
  return zone === undefined ? undefined : `${regionOf(node) ?? ''}/${zone}`;
}

function classOf(from: string | undefined, to: string | undefined): number {
  if (from === undefined || to === undefined) return networkClasses.unknown;
  return from === to ? networkClasses.sameZone : networkClasses.crossZone;
}
