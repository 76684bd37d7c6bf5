import type { InventoryChanges, InventoryRow } from '@kubehero/store-postgres';
import type { ClusterInventory, HeldObject, Reporter } from './cluster-inventory.js';
import { placeOf, versionedPart, type InventoryKind, type InventoryRecord } from './inventory-records.js';
import type { ReportedObject } from './read-report.js';

/** What a cluster will hold once the changes that lie over it are durable. */
export class InventoryDraft {
  /** Objects that are new or other; undefined for those that are gone. */
  readonly #over = new Map<string, HeldObject | undefined>();
  readonly #uidByPlace = new Map<string, string>();
  #size: number;

  constructor(private readonly base: ClusterInventory) {
    this.#size = base.size;
  }

  /** Objects that the cluster will hold with further ones, at most. */
  sizeWith(objects: readonly ReportedObject[]): number {
    return this.#size + objects.filter(({ record }) => this.#find(record.uid) === undefined).length;
  }

  /** Takes what a reporter says of an object, unless a better reporter speaks for it or for its place. */
  put({ kind, record }: ReportedObject, reporter: Reporter): void {
    const known = this.#find(record.uid);
    if (known !== undefined && rankOf(reporter) < rankOf(known.reporter)) return;
    const inTheWay = this.#findAtPlace(kind, record);
    if (inTheWay !== undefined && inTheWay.record.uid !== record.uid) {
      if (rankOf(reporter) < rankOf(inTheWay.reporter)) return;
      this.#set(inTheWay.record.uid, undefined);
    }
    this.#set(record.uid, { kind, record, reporter });
  }

  /** Removes an object that a reporter may speak for. */
  remove(uid: string, reporter: Reporter): void {
    const known = this.#find(uid);
    if (known !== undefined && maySayGone(reporter, known.reporter)) this.#set(uid, undefined);
  }

  /** Removes what a full listing of a reporter did not name. */
  removeUnlisted(listed: ReadonlySet<string>, reporter: Reporter): void {
    for (const { record } of this.base.objects())
      if (!listed.has(record.uid)) this.remove(record.uid, reporter);
    for (const uid of [...this.#over.keys()]) if (!listed.has(uid)) this.remove(uid, reporter);
  }

  /** What must be stored; equal objects are none of it. */
  changes(): InventoryChanges {
    const ended: string[] = [];
    const begun: InventoryRow[] = [];
    const refreshed: InventoryRow[] = [];
    for (const [uid, next] of this.#over) {
      const before = this.base.tryFind(uid);
      if (next === undefined) {
        if (before !== undefined) ended.push(uid);
      } else if (before === undefined) begun.push(toRow(next));
      else if (!sameVersion(before, next)) {
        ended.push(uid);
        begun.push(toRow(next));
      } else if (!isEqual(before, next)) refreshed.push(toRow(next));
    }
    return { ended, begun, refreshed };
  }

  /** Carries the changes out. @returns the kinds of which something changed */
  apply(): ReadonlySet<InventoryKind> {
    const kinds = new Set<InventoryKind>();
    for (const [uid, next] of this.#over) {
      const before = this.base.tryFind(uid);
      if (before !== undefined && next !== undefined && isEqual(before, next)) continue;
      for (const held of [before, next]) if (held !== undefined) kinds.add(held.kind);
      if (next === undefined) this.base.delete(uid);
      else this.base.set(next);
    }
    return kinds;
  }

  #find(uid: string): HeldObject | undefined {
    return this.#over.has(uid) ? this.#over.get(uid) : this.base.tryFind(uid);
  }

  #findAtPlace(kind: InventoryKind, record: InventoryRecord): HeldObject | undefined {
    const place = placeOf(kind, record);
    const uid = this.#uidByPlace.get(place) ?? this.base.tryFindAtPlace(kind, record)?.record.uid;
    const held = uid === undefined ? undefined : this.#find(uid);
    return held !== undefined && placeOf(held.kind, held.record) === place ? held : undefined;
  }

  #set(uid: string, next: HeldObject | undefined): void {
    const before = this.#find(uid);
    this.#size += Number(next !== undefined) - Number(before !== undefined);
    this.#over.set(uid, next);
    if (next !== undefined) this.#uidByPlace.set(placeOf(next.kind, next.record), uid);
  }
}

/** The operator sees the whole cluster; everyone else knows a part. */
function rankOf({ role }: Reporter): number {
  return role === 'operator' ? 2 : 1;
}

/** Operators speak for the cluster, one after the other; everyone else for what they said themselves. */
function maySayGone(reporter: Reporter, by: Reporter): boolean {
  if (reporter.role === 'operator') return by.role === 'operator' || by.role === 'collector';
  return reporter.role === by.role && reporter.name === by.name;
}

function sameVersion(before: HeldObject, next: HeldObject): boolean {
  return (
    before.kind === next.kind &&
    versionedPart(before.kind, before.record) === versionedPart(next.kind, next.record)
  );
}

function isEqual(before: HeldObject, next: HeldObject): boolean {
  return JSON.stringify(before) === JSON.stringify(next);
}

function toRow({ kind, record, reporter }: HeldObject): InventoryRow {
  const { uid, name } = record;
  const namespace = 'namespace' in record ? record.namespace : '';
  return { uid, kind, namespace, name, reporterRole: reporter.role, reporter: reporter.name, record };
}
