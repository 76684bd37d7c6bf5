import {
  placeOf,
  type InventoryKind,
  type InventoryRecord,
  type InventoryRecords,
} from './inventory-records.js';

/** Who said something: the role in its certificate and its name. */
export interface Reporter {
  readonly role: string;
  readonly name: string;
}

/** An object as it is held: what it is and who said so. */
export interface HeldObject<Kind extends InventoryKind = InventoryKind> {
  readonly kind: Kind;
  readonly record: InventoryRecords[Kind];
  readonly reporter: Reporter;
}

/** What one cluster holds now, by UID and by the place that only one object can have. */
export class ClusterInventory {
  readonly #objects = new Map<string, HeldObject>();
  readonly #uidByPlace = new Map<string, string>();
  readonly #views = new Map<InventoryKind, ReadonlyMap<string, InventoryRecord>>();

  /** Number of objects. */
  get size(): number {
    return this.#objects.size;
  }

  /** The object of a UID. */
  tryFind(uid: string): HeldObject | undefined {
    return this.#objects.get(uid);
  }

  /** The object that stands in the place of a record. */
  tryFindAtPlace(kind: InventoryKind, record: InventoryRecord): HeldObject | undefined {
    const uid = this.#uidByPlace.get(placeOf(kind, record));
    return uid === undefined ? undefined : this.#objects.get(uid);
  }

  /** Every object. */
  objects(): IterableIterator<HeldObject> {
    return this.#objects.values();
  }

  /** Takes an object in place of the one of its UID. */
  set(held: HeldObject): void {
    this.delete(held.record.uid);
    this.#objects.set(held.record.uid, held);
    this.#uidByPlace.set(placeOf(held.kind, held.record), held.record.uid);
    this.#views.delete(held.kind);
  }

  /** Forgets an object. */
  delete(uid: string): void {
    const held = this.#objects.get(uid);
    if (held === undefined) return;
    this.#objects.delete(uid);
    const place = placeOf(held.kind, held.record);
    if (this.#uidByPlace.get(place) === uid) this.#uidByPlace.delete(place);
    this.#views.delete(held.kind);
  }

  /** Objects of a kind by UID; the same map until one of them changes. */
  view<Kind extends InventoryKind>(kind: Kind): ReadonlyMap<string, InventoryRecords[Kind]> {
    const known = this.#views.get(kind) as ReadonlyMap<string, InventoryRecords[Kind]> | undefined;
    if (known !== undefined) return known;
    const made = new Map<string, InventoryRecords[Kind]>();
    for (const [uid, held] of this.#objects)
      if (held.kind === kind) made.set(uid, held.record as InventoryRecords[Kind]);
    this.#views.set(kind, made);
    return made;
  }
}
