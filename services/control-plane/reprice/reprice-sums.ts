import { ExactSum } from '@kubehero/domain';
import type { RepriceSum } from '@kubehero/store-postgres';

interface Sum {
  readonly cost: ExactSum;
  rows: number;
}

/** What rows cost, by node and by namespace of each cluster; exact. */
export class RepriceSums {
  readonly #sums = new Map<string, { readonly name: Omit<RepriceSum, 'rows' | 'cost'>; readonly sum: Sum }>();
  readonly #kept = { node: new Map<number, Sum>(), namespace: new Map<number, Sum>() };
  #clusterKey = 0;

  /** Adds a row's cost to a node and to a namespace. */
  add(row: { clusterKey: number; nodeKey: number; namespaceKey: number; cost: number }): void {
    if (row.clusterKey !== this.#clusterKey) {
      this.#kept.node.clear();
      this.#kept.namespace.clear();
      this.#clusterKey = row.clusterKey;
    }
    this.#addTo('node', row.nodeKey, row.cost);
    this.#addTo('namespace', row.namespaceKey, row.cost);
  }

  /** Everything so far. */
  list(): RepriceSum[] {
    return [...this.#sums.values()].map(({ name, sum }) => ({
      ...name,
      rows: sum.rows,
      cost: sum.cost.value,
    }));
  }

  #addTo(kind: 'node' | 'namespace', key: number, cost: number): void {
    const sum = this.#kept[kind].get(key) ?? this.#open(kind, key);
    sum.cost.add(cost);
    sum.rows += 1;
  }

  #open(kind: 'node' | 'namespace', key: number): Sum {
    const name = { kind, clusterKey: this.#clusterKey, key };
    const id = `${kind}/${this.#clusterKey}/${key}`;
    const entry = this.#sums.get(id) ?? { name, sum: { cost: new ExactSum(), rows: 0 } };
    this.#sums.set(id, entry);
    this.#kept[kind].set(key, entry.sum);
    return entry.sum;
  }
}

/** Adds sums of the same node or namespace together. */
export function addUp(parts: readonly (readonly RepriceSum[])[]): RepriceSum[] {
  const all = new Map<string, RepriceSum>();
  for (const sum of parts.flat()) {
    const id = `${sum.kind}/${sum.clusterKey}/${sum.key}`;
    const known = all.get(id);
    all.set(
      id,
      known === undefined ? sum : { ...sum, rows: known.rows + sum.rows, cost: known.cost + sum.cost },
    );
  }
  return [...all.values()];
}
