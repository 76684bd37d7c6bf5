import type { WatchSink } from '@kubehero/kubernetes';
import type { PodDirectory, PodRecord } from './identities.js';
import type { PodObject } from './pod-object.js';
import { cgroupUidOf, toPodRecord } from './to-pod-record.js';

/** How long a deleted pod can still be named: its cgroups are charged once more after it is gone. */
const graceMs = 120_000;

/** The pods of this node by the uid in their cgroups' paths. Uids are never reused, so names never mix two pods. */
export class PodCache implements PodDirectory, WatchSink<PodObject> {
  private pods = new Map<string, PodRecord>();
  private readonly deletedAtMs = new Map<string, number>();

  constructor(private readonly nowMs: () => number = Date.now) {}

  tryFind(podUid: string): PodRecord | undefined {
    return this.pods.get(podUid);
  }

  /** Pods that are known, also those that are gone for a short time. */
  get size(): number {
    return this.pods.size;
  }

  onList(objects: readonly PodObject[]): void {
    const listed = new Set(objects.map(cgroupUidOf));
    for (const uid of this.pods.keys()) if (!listed.has(uid)) this.markDeleted(uid);
    for (const object of objects) this.onApply(object);
  }

  onApply(object: PodObject): void {
    const uid = cgroupUidOf(object);
    const record = toPodRecord(object);
    if (uid === undefined || record === undefined) return;
    this.pods.set(uid, record);
    this.deletedAtMs.delete(uid);
    this.forgetOld();
  }

  onDelete(object: PodObject): void {
    const uid = cgroupUidOf(object);
    if (uid !== undefined) this.markDeleted(uid);
    this.forgetOld();
  }

  private markDeleted(uid: string): void {
    if (!this.deletedAtMs.has(uid)) this.deletedAtMs.set(uid, this.nowMs());
  }

  private forgetOld(): void {
    const limit = this.nowMs() - graceMs;
    for (const [uid, deletedAtMs] of this.deletedAtMs) {
      if (deletedAtMs > limit) return;
      this.pods.delete(uid);
      this.deletedAtMs.delete(uid);
    }
  }
}
