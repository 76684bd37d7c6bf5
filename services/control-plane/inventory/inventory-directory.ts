import { ClusterInventory } from './cluster-inventory.js';
import type {
  InventoryKind,
  NamespaceRecord,
  NodeRecord,
  OwnerRecord,
  ServiceRecord,
  VolumeRecord,
} from './inventory-records.js';

/** What changed: a cluster and the kinds of which something is new, other or gone. */
export interface InventoryChange {
  readonly clusterKey: number;
  readonly kinds: ReadonlySet<InventoryKind>;
}

const nothing = new ClusterInventory();

/**
 * What every cluster holds, in memory: complete and current on the leader, a few seconds old elsewhere. Everything that
 * is handed out is a picture of its moment: the same object until something in it changes, never changed itself.
 */
export class InventoryDirectory {
  readonly #clusters = new Map<number, ClusterInventory>();
  readonly #listeners = new Set<(change: InventoryChange) => void>();
  readonly #byName = new WeakMap<
    ReadonlyMap<string, NamespaceRecord>,
    ReadonlyMap<string, NamespaceRecord>
  >();
  readonly #lists = new WeakMap<ReadonlyMap<string, OwnerRecord>, readonly OwnerRecord[]>();

  /** Clusters of which something is known. */
  clusterKeys(): readonly number[] {
    return [...this.#clusters.keys()];
  }

  /** Namespaces of a cluster by name. */
  namespaces(clusterKey: number): ReadonlyMap<string, NamespaceRecord> {
    return once(
      this.#byName,
      this.cluster(clusterKey).view('namespace'),
      (byUid) => new Map([...byUid.values()].map((namespace) => [namespace.name, namespace])),
    );
  }

  /** Workloads of a cluster. */
  owners(clusterKey: number): readonly OwnerRecord[] {
    return once(this.#lists, this.cluster(clusterKey).view('owner'), (byUid) => [...byUid.values()]);
  }

  /** Nodes of a cluster by UID; see `zoneOf` and `regionOf`. */
  nodes(clusterKey: number): ReadonlyMap<string, NodeRecord> {
    return this.cluster(clusterKey).view('node');
  }

  /** Volumes of a cluster by UID. */
  volumes(clusterKey: number): ReadonlyMap<string, VolumeRecord> {
    return this.cluster(clusterKey).view('volume');
  }

  /** Services of a cluster by UID. */
  services(clusterKey: number): ReadonlyMap<string, ServiceRecord> {
    return this.cluster(clusterKey).view('service');
  }

  /**
   * Calls back after every change, in the same turn of the event loop; a listener MUST be quick and MUST NOT throw.
   *
   * @returns ends the subscription
   */
  onChange(listener: (change: InventoryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** What a cluster holds; empty where nothing is known. For the inventory itself. */
  cluster(clusterKey: number): ClusterInventory {
    return this.#clusters.get(clusterKey) ?? nothing;
  }

  /** What a cluster holds, to be changed by the inventory itself, which then calls {@link notify}. */
  open(clusterKey: number): ClusterInventory {
    const known = this.#clusters.get(clusterKey);
    if (known !== undefined) return known;
    const made = new ClusterInventory();
    this.#clusters.set(clusterKey, made);
    return made;
  }

  /** Puts what was read from the database in the place of what was known of a cluster. */
  replace(clusterKey: number, inventory: ClusterInventory): void {
    this.#clusters.set(clusterKey, inventory);
    this.notify({ clusterKey, kinds: new Set(['node', 'namespace', 'owner', 'volume', 'service']) });
  }

  /** Tells the listeners. */
  notify(change: InventoryChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** What is derived from a picture, made once for each. */
function once<Picture extends WeakKey, Made>(
  made: WeakMap<Picture, Made>,
  picture: Picture,
  make: (picture: Picture) => Made,
): Made {
  const known = made.get(picture);
  if (known !== undefined) return known;
  const fresh = make(picture);
  made.set(picture, fresh);
  return fresh;
}
