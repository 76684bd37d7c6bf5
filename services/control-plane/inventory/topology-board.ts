import { sleep } from '@kubehero/runtime';
import type { InventoryDirectory } from './inventory-directory.js';
import { TopologyTable, type ClassedPrefix } from './topology-table.js';

/** A table as it is pushed. */
export interface VersionedTopology {
  /** Rises from push to push, also across replicas: milliseconds since the epoch. */
  readonly version: number;
  readonly prefixes: readonly ClassedPrefix[];
}

/** How changes are gathered. */
export interface TopologyBoardOptions {
  readonly directory: InventoryDirectory;
  /** What changes within this time is pushed at once. @default 1000 */
  readonly debounceMs?: number;
}

interface Board {
  readonly nodes: ReadonlyMap<string, unknown>;
  readonly services: ReadonlyMap<string, unknown>;
  readonly table: TopologyTable;
}

const DEBOUNCE_MS = 1000;
/** The pushes of a large cluster are spread out: encoding a table of 1,000 nodes takes about a millisecond. */
const SPREAD_MS_PER_NODE = 5;

/** Tells every watching node where addresses are, again whenever that changes. */
export class TopologyBoard {
  readonly #options: TopologyBoardOptions;
  readonly #boards = new Map<number, Board>();
  readonly #waiting = new Map<number, Set<() => void>>();
  #unsubscribe: (() => void) | undefined;
  #version = 0;

  constructor(options: TopologyBoardOptions) {
    this.#options = options;
  }

  /** Begins to listen to the directory. */
  start(): void {
    this.#unsubscribe = this.#options.directory.onChange(({ clusterKey, kinds }) => {
      if (kinds.has('node') || kinds.has('service')) this.#wake(clusterKey);
    });
  }

  /** Ends that. */
  stop(): void {
    this.#unsubscribe?.();
    this.wakeAll();
  }

  /** Lets every watcher look again, because it may be told something else than a topology. */
  wakeAll(): void {
    for (const clusterKey of [...this.#waiting.keys()]) this.#wake(clusterKey);
  }

  /**
   * What a node must be told, at first and after every change, until the signal aborts. Nothing is said while nothing
   * of the cluster is known: what the node has is better than that.
   *
   * @param mayServe - asked before every answer; throws where the watch must end
   */
  async *watch(
    of: { readonly clusterKey: number; readonly nodeUid: string },
    mayServe: () => void,
    signal: AbortSignal,
  ): AsyncGenerator<VersionedTopology> {
    let told: string | undefined;
    for (;;) {
      mayServe();
      const changed = this.#changed(of.clusterKey, signal);
      const nodes = this.#options.directory.nodes(of.clusterKey);
      const { prefixes, digest } = this.#tableOf(of.clusterKey).forNode(of.nodeUid);
      if (digest !== told && nodes.size > 0) {
        told = digest;
        yield { version: this.#nextVersion(), prefixes };
      }
      await changed;
      if (signal.aborted) return;
      mayServe();
      const { debounceMs = DEBOUNCE_MS } = this.#options;
      await sleep(debounceMs + Math.random() * SPREAD_MS_PER_NODE * nodes.size, signal);
    }
  }

  #tableOf(clusterKey: number): TopologyTable {
    const { directory } = this.#options;
    const nodes = directory.nodes(clusterKey);
    const services = directory.services(clusterKey);
    const known = this.#boards.get(clusterKey);
    if (known?.nodes === nodes && known.services === services) return known.table;
    const table = new TopologyTable(nodes, services.values());
    this.#boards.set(clusterKey, { nodes, services, table });
    return table;
  }

  #nextVersion(): number {
    this.#version = Math.max(this.#version + 1, Date.now());
    return this.#version;
  }

  /** Resolves at the next change of a cluster, or when the signal aborts. */
  #changed(clusterKey: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(clusterKey) ?? new Set();
      this.#waiting.set(clusterKey, waiting);
      const done = (): void => {
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) {
        resolve();
        return;
      }
      waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #wake(clusterKey: number): void {
    for (const done of [...(this.#waiting.get(clusterKey) ?? [])]) done();
  }
}
