import {
  listClusters,
  listNamespaces,
  listNodes,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';

/** Names of keys, read from PostgreSQL and kept for a moment. */
export interface Names {
  readonly clusters: ReadonlyMap<number, string>;
  readonly namespaces: ReadonlyMap<number, string>;
  readonly nodes: ReadonlyMap<number, string>;
  readonly clusterOfNamespace: ReadonlyMap<number, number>;
}

const FRESH_MS = 1000;

/** Reads the names of clusters, namespaces and nodes at most once a second. */
export class NameDirectory {
  #names: Promise<Names> | undefined;
  #readAt = 0;

  constructor(private readonly db: Kysely<Database>) {}

  /** Names as of at most a second ago. */
  async read(): Promise<Names> {
    if (this.#names === undefined || performance.now() - this.#readAt > FRESH_MS) {
      this.#readAt = performance.now();
      this.#names = this.#load();
      this.#names.catch(() => (this.#names = undefined));
    }
    return await this.#names;
  }

  async #load(): Promise<Names> {
    const [clusters, namespaces, nodes] = await Promise.all([
      listClusters(this.db),
      listNamespaces(this.db),
      listNodes(this.db),
    ]);
    return {
      clusters: new Map(clusters.map(({ key, name }) => [key, name])),
      namespaces: new Map(namespaces.map(({ key, name }) => [key, name])),
      nodes: new Map(nodes.map(({ key, name }) => [key, name])),
      clusterOfNamespace: new Map(namespaces.map(({ key, clusterKey }) => [key, clusterKey])),
    };
  }
}
