import type { Labels, OwnerRef } from './world-objects.js';

/** More different values than this are not remembered; the memory begins anew. */
const most = 50_000;

/**
 * Makes equal strings, label maps and owners one object in memory: the pods of a workload differ in name and UID alone.
 * Bounded; what is forgotten stays right and is only held twice.
 */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #labels = new Map<string, Labels>();
  readonly #owners = new Map<string, OwnerRef>();

  text(value: string | undefined): string {
    return remember(this.#texts, value ?? '', () => value ?? '');
  }

  labels(value: Labels | undefined): Labels {
    const entries = Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    return remember(this.#labels, JSON.stringify(entries), () =>
      Object.freeze(Object.fromEntries(entries.map(([key, text]) => [this.text(key), this.text(text)]))),
    );
  }

  owner({ apiVersion, kind, name, uid }: OwnerRef): OwnerRef {
    return remember(this.#owners, uid, () =>
      Object.freeze({ apiVersion: this.text(apiVersion), kind: this.text(kind), name, uid }),
    );
  }
}

function remember<T>(memory: Map<string, T>, key: string, make: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  if (memory.size >= most) memory.clear();
  const made = make();
  memory.set(key, made);
  return made;
}
