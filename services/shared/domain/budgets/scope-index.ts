import { matchesLabels, type LabelSelector } from './label-selector.js';
import { keysOfSelector } from './scope.js';

type Labels = Readonly<Record<string, string>>;

/** A policy in one cluster, as rows are matched with it. */
export interface ScopePart {
  readonly clusterKey: number;
  /** Namespaces by name and labels. */
  readonly coversNamespace: (name: string, labels: Labels) => boolean;
  /** Where given, `coversNamespace` holds for none but these. */
  readonly namespaceNames?: readonly string[];
  /** Where given, `coversNamespace` holds for none that lacks one of these labels. */
  readonly namespaceLabels?: Labels;
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
  /** Counts from zero within an index. */
  readonly number: number;
  /** Places of the parts among all of the index, as {@link ScopeIndex.partAt} takes them. */
  readonly partNumbers: readonly number[];
}

interface Entry<P> {
  readonly plain: ScopeClass<P>;
  readonly selective: readonly P[];
  /** Keys of labels that the selective parts look at. */
  readonly keys: readonly string[];
  /** By signature of labels. */
  readonly classes: Map<string | undefined, ScopeClass<P>>;
}

/** Parts of a cluster by what a namespace must have to be covered, so that few are asked about each. */
interface Candidates<P> {
  readonly byName: Map<string, P[]>;
  readonly byLabel: Map<string, P[]>;
  readonly others: P[];
}

/**
 * Tells which parts cover a pod. Selectors are evaluated once for every namespace and every combination of labels
 * that they look at, never for every pod.
 */
export class ScopeIndex<P extends ScopePart> {
  readonly #byCluster = new Map<number, Candidates<P>>();
  readonly #entries = new Map<number, Entry<P>>();
  readonly #classes = new Map<string, ScopeClass<P>>();
  readonly #numbers = new Map<P, number>();
  readonly #parts: readonly P[];
  readonly #namespaces: ReadonlyMap<number, ScopeNamespace>;

  constructor(parts: readonly P[], namespaces: ReadonlyMap<number, ScopeNamespace>) {
    this.#namespaces = namespaces;
    this.#parts = parts;
    parts.forEach((part, at) => {
      this.#numbers.set(part, at);
      this.#register(part);
    });
  }

  /** How many parts there are. */
  get partCount(): number {
    return this.#parts.length;
  }

  /** A part by its number. */
  partAt(number: number): P | undefined {
    return this.#parts[number];
  }

  /** True where the labels of a namespace's pods decide. */
  needsLabels(namespaceKey: number): boolean {
    return this.#entry(namespaceKey).selective.length > 0;
  }

  /** Keys of labels that any part looks at. */
  labelKeys(): string[] {
    const keys = this.#parts.flatMap(({ workloadSelector }) =>
      workloadSelector === undefined ? [] : keysOfSelector(workloadSelector),
    );
    return [...new Set(keys)].sort();
  }

  /** Parts that cover pods with these labels in a namespace. */
  classOf(namespaceKey: number, labels: Labels | undefined): ScopeClass<P> {
    const entry = this.#entry(namespaceKey);
    if (entry.selective.length === 0 || labels === undefined) return entry.plain;
    const signature = signatureOf(entry.keys, labels);
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
      for (const part of plain.parts) namespaces.set(part, (namespaces.get(part) ?? 0) + 1);
      for (const part of selective) namespaces.set(part, (namespaces.get(part) ?? 0) + 1);
    }
    const withPods = new Set<P>();
    for (const { parts } of this.#classes.values()) for (const part of parts) withPods.add(part);
    return { namespaces, withPods };
  }

  /** For each part, parts that cover some pod that it covers. @param most - of each part */
  overlaps(most: number): ReadonlyMap<P, ReadonlySet<P>> {
    const others = new Map<P, Set<P>>();
    for (const { parts } of this.#classes.values()) {
      if (parts.length < 2) continue;
      const some = parts.slice(0, most + 1);
      for (const part of parts) addOthers(others, part, { some, most });
    }
    return others;
  }

  #register(part: P): void {
    let own = this.#byCluster.get(part.clusterKey);
    if (own === undefined) {
      own = { byName: new Map(), byLabel: new Map(), others: [] };
      this.#byCluster.set(part.clusterKey, own);
    }
    const { namespaceNames, namespaceLabels = {} } = part;
    const [label] = Object.entries(namespaceLabels);
    if (namespaceNames !== undefined) {
      for (const name of new Set(namespaceNames)) append(own.byName, name, part);
    } else if (label !== undefined) append(own.byLabel, labelKey(...label), part);
    else own.others.push(part);
  }

  /** Parts that cover a namespace, in their order. */
  #covering({ clusterKey, name, labels }: ScopeNamespace): P[] {
    const own = this.#byCluster.get(clusterKey);
    if (own === undefined) return [];
    const asked = Object.entries({ [NAME_LABEL]: name, ...labels });
    const candidates = [
      ...own.others,
      ...(own.byName.get(name) ?? []),
      ...asked.flatMap(([key, value]) => own.byLabel.get(labelKey(key, value)) ?? []),
    ];
    // A set: labels of which nobody checked the keys could name a part twice
    const covering = [...new Set(candidates)].filter((part) => part.coversNamespace(name, labels));
    return covering.sort((a, b) => this.#numberOf(a) - this.#numberOf(b));
  }

  #entry(namespaceKey: number): Entry<P> {
    const known = this.#entries.get(namespaceKey);
    if (known !== undefined) return known;
    const namespace = this.#namespaces.get(namespaceKey);
    const covering = namespace === undefined ? [] : this.#covering(namespace);
    const selective = covering.filter(({ workloadSelector }) => workloadSelector !== undefined);
    const entry = {
      plain: this.#intern(covering.filter(({ workloadSelector }) => workloadSelector === undefined)),
      selective,
      keys: [...new Set(selective.flatMap((part) => keysOfSelector(part.workloadSelector ?? {})))].sort(),
      classes: new Map<string | undefined, ScopeClass<P>>(),
    };
    this.#entries.set(namespaceKey, entry);
    return entry;
  }

  #intern(parts: readonly P[]): ScopeClass<P> {
    const partNumbers = parts.map((part) => this.#numberOf(part)).sort((a, b) => a - b);
    const key = partNumbers.join(',');
    const known = this.#classes.get(key);
    if (known !== undefined) return known;
    const made = { parts: [...parts], number: this.#classes.size, partNumbers };
    this.#classes.set(key, made);
    return made;
  }

  #numberOf(part: P): number {
    return this.#numbers.get(part) ?? -1;
  }
}

/** Set by the API server on every namespace, and by us where nobody reported labels. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** A label's key has no equals sign. */
function labelKey(key: string, value: string): string {
  return `${key}=${value}`;
}

/** Of one label its value, of more the values with their lengths, so that no two combinations look the same. */
function signatureOf(keys: readonly string[], labels: Labels): string | undefined {
  const [first = ''] = keys;
  if (keys.length === 1) return labels[first];
  let signature = '';
  for (const key of keys) {
    const value = labels[key];
    signature += value === undefined ? '-' : `${value.length}:${value}`;
  }
  return signature;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function addOthers<P>(
  others: Map<P, Set<P>>,
  part: P,
  { some, most }: { readonly some: readonly P[]; readonly most: number },
): void {
  const own = others.get(part) ?? new Set<P>();
  others.set(part, own);
  for (const other of some) if (other !== part && own.size < most) own.add(other);
}
