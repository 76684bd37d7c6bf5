import { matchesLabels, type LabelSelector } from './label-selector.js';
import { keysOfSelector } from './scope.js';

type Labels = Readonly<Record<string, string>>;

/** A policy in one cluster, as rows are matched with it. */
export interface ScopePart {
  readonly clusterKey: number;
  /** Namespaces by name and labels. */
  readonly coversNamespace: (name: string, labels: Labels) => boolean;
  readonly workloadSelector?: LabelSelector;
}

/** A namespace of a cluster; names are unique within it, keys everywhere. */
export interface ScopeNamespace {
  readonly key: number;
  readonly clusterKey: number;
  readonly name: string;
  readonly labels: Labels;
}

/** All that exactly the same parts cover. */
export interface ScopeClass<P> {
  readonly parts: readonly P[];
}

interface Entry<P> {
  readonly plain: ScopeClass<P>;
  readonly selective: readonly P[];
  /** Keys of labels that the selective parts look at. */
  readonly keys: readonly string[];
  readonly classes: Map<string, ScopeClass<P>>;
}

/**
 * Tells which parts cover a pod. Selectors are evaluated once for every namespace and every combination of labels
 * that they look at, never for every pod.
 */
export class ScopeIndex<P extends ScopePart> {
  readonly #byCluster = new Map<number, P[]>();
  readonly #entries = new Map<number, Entry<P>>();
  readonly #classes = new Map<string, ScopeClass<P>>();
  readonly #numbers = new Map<P, number>();
  readonly #namespaces: ReadonlyMap<number, ScopeNamespace>;

  constructor(parts: readonly P[], namespaces: ReadonlyMap<number, ScopeNamespace>) {
    this.#namespaces = namespaces;
    parts.forEach((part, at) => {
      this.#numbers.set(part, at);
      const own = this.#byCluster.get(part.clusterKey);
      if (own === undefined) this.#byCluster.set(part.clusterKey, [part]);
      else own.push(part);
    });
  }

  /** True where the labels of a namespace's pods decide. */
  needsLabels(namespaceKey: number): boolean {
    return this.#entry(namespaceKey).selective.length > 0;
  }

  /** Keys of labels that any part looks at. */
  labelKeys(): string[] {
    const keys = [...this.#numbers.keys()].flatMap(({ workloadSelector }) =>
      workloadSelector === undefined ? [] : keysOfSelector(workloadSelector),
    );
    return [...new Set(keys)].sort();
  }

  /** Parts that cover pods with these labels in a namespace. */
  classOf(namespaceKey: number, labels: Labels | undefined): ScopeClass<P> {
    const entry = this.#entry(namespaceKey);
    if (entry.selective.length === 0 || labels === undefined) return entry.plain;
    const signature = JSON.stringify(entry.keys.map((key) => labels[key] ?? null));
    const known = entry.classes.get(signature);
    if (known !== undefined) return known;
    const matched = entry.selective.filter(({ workloadSelector }) => matchesLabels(workloadSelector, labels));
    const found = this.#intern([...entry.plain.parts, ...matched]);
    entry.classes.set(signature, found);
    return found;
  }

  /** How many namespaces each part covers, and which parts cover a pod that was met. */
  coverage(): { readonly namespaces: ReadonlyMap<P, number>; readonly withPods: ReadonlySet<P> } {
    const namespaces = new Map<P, number>();
    for (const key of this.#namespaces.keys()) {
      const { plain, selective } = this.#entry(key);
      for (const part of [...plain.parts, ...selective])
        namespaces.set(part, (namespaces.get(part) ?? 0) + 1);
    }
    return { namespaces, withPods: new Set([...this.#classes.values()].flatMap(({ parts }) => parts)) };
  }

  /** Every class that was met. */
  classes(): Iterable<ScopeClass<P>> {
    return this.#classes.values();
  }

  #entry(namespaceKey: number): Entry<P> {
    const known = this.#entries.get(namespaceKey);
    if (known !== undefined) return known;
    const namespace = this.#namespaces.get(namespaceKey);
    const covering =
      namespace === undefined
        ? []
        : (this.#byCluster.get(namespace.clusterKey) ?? []).filter((part) =>
            part.coversNamespace(namespace.name, namespace.labels),
          );
    const selective = covering.filter(({ workloadSelector }) => workloadSelector !== undefined);
    const entry = {
      plain: this.#intern(covering.filter(({ workloadSelector }) => workloadSelector === undefined)),
      selective,
      keys: [...new Set(selective.flatMap((part) => keysOfSelector(part.workloadSelector ?? {})))].sort(),
      classes: new Map<string, ScopeClass<P>>(),
    };
    this.#entries.set(namespaceKey, entry);
    return entry;
  }

  #intern(parts: readonly P[]): ScopeClass<P> {
    const numbers = parts.map((part) => this.#numbers.get(part) ?? -1).sort((a, b) => a - b);
    const key = numbers.join(',');
    const known = this.#classes.get(key);
    if (known !== undefined) return known;
    const made = { parts: [...parts] };
    this.#classes.set(key, made);
    return made;
  }
}
