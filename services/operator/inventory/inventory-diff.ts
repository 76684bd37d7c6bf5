import { createHash } from 'node:crypto';
import type { inventory } from '@kubehero/rpc';
import { entriesOf, inventoryKinds, type InventoryKind } from './inventory-records.js';

type Source = Parameters<typeof entriesOf>[0];

/** Objects of a report at most; a report stays well below the largest message. */
const AT_ONCE = 500;

/** What was said on a stream: a digest of each object's record, so that only what differs is said again. */
export class InventoryDiff {
  readonly #said = new Map<InventoryKind, Map<string, string>>();

  /** The whole inventory as reports, the first of which begins a listing and the last completes it. */
  *listing(world: Source): Iterable<inventory.InventoryReportInput> {
    this.#said.clear();
    let isFirst = true;
    for (const kind of inventoryKinds) {
      for (const report of this.changes(world, kind)) {
        yield { ...report, ...(isFirst ? { listingBegins: true } : {}) };
        isFirst = false;
      }
    }
    yield { ...(isFirst ? { listingBegins: true } : {}), listingComplete: true };
  }

  /** What differs in a kind from what was said, as reports; none where nothing does. */
  *changes(world: Source, kind: InventoryKind): Iterable<inventory.InventoryReportInput> {
    const before = this.#said.get(kind) ?? new Map<string, string>();
    const after = new Map<string, string>();
    let changed: unknown[] = [];
    this.#said.set(kind, after);
    for (const { uid, record } of entriesOf(world, kind)) {
      const value = record();
      const digest = createHash('sha1').update(JSON.stringify(value)).digest('base64');
      after.set(uid, digest);
      if (before.get(uid) === digest) continue;
      changed.push(value);
      if (changed.length < AT_ONCE) continue;
      yield { [kind]: changed };
      changed = [];
    }
    const goneUids = [...before.keys()].filter((uid) => !after.has(uid));
    if (changed.length > 0 || goneUids.length > 0) yield { [kind]: changed, goneUids };
  }
}
