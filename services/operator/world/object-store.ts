import type { WorldObject } from './world-objects.js';

/** So many objects that were deleted are remembered, so that a late answer does not bring one back. */
const rememberedDeletions = 1000;

/** Objects of one kind by UID and by namespace. */
export class ObjectStore<T extends WorldObject> {
  #byUid = new Map<string, T>();
  #byNamespace = new Map<string, Map<string, T>>();
  readonly #deleted = new Set<string>();

  /** Objects of a namespace, or all. */
  values(namespace?: string): Iterable<T> {
    return namespace === undefined
      ? this.#byUid.values()
      : (this.#byNamespace.get(namespace)?.values() ?? []);
  }

  get(uid: string): T | undefined {
    return this.#byUid.get(uid);
  }

  /** Replaces everything. */
  replace(objects: readonly T[]): void {
    this.#byUid = new Map();
    this.#byNamespace = new Map();
    for (const object of objects) this.#put(object);
  }

  /** Takes an object unless something newer is known of it. Returns whether it was taken. */
  apply(object: T): boolean {
    const known = this.#byUid.get(object.uid);
    if (this.#deleted.has(object.uid)) return false;
    if (known !== undefined && isOlder(object.resourceVersion, known.resourceVersion)) return false;
    this.#put(object);
    return true;
  }

  delete({ uid, namespace }: T): void {
    this.#byUid.delete(uid);
    const siblings = this.#byNamespace.get(namespace);
    siblings?.delete(uid);
    if (siblings?.size === 0) this.#byNamespace.delete(namespace);
    this.#deleted.add(uid);
    for (const oldest of this.#deleted) {
      if (this.#deleted.size <= rememberedDeletions) break;
      this.#deleted.delete(oldest);
    }
  }

  #put(object: T): void {
    this.#byUid.set(object.uid, object);
    const siblings = this.#byNamespace.get(object.namespace);
    if (siblings) siblings.set(object.uid, object);
    else this.#byNamespace.set(object.namespace, new Map([[object.uid, object]]));
  }
}

/** Versions of one resource are decimal numbers that grow (KEP-5504); longer is larger. */
function isOlder(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
