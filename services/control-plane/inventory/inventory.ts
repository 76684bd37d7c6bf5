import { RpcError } from '@kubehero/rpc';
import { sleep, type Logger } from '@kubehero/runtime';
import {
  asLeader,
  listInventory,
  listInventoryRevisions,
  pruneInventory,
  saveInventory,
  type Database,
  type InventoryRow,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import { ClusterInventory, type Reporter } from './cluster-inventory.js';
import { InventoryDirectory } from './inventory-directory.js';
import { InventoryDraft } from './inventory-draft.js';
import type { InventoryRecords } from './inventory-records.js';
import type { ReadReport } from './read-report.js';

/** A stream of reports. */
export interface ReportSession {
  readonly clusterKey: number;
  readonly reporter: Reporter;
  /** UIDs that the running full listing named so far; undefined while none runs. */
  listing: Set<string> | undefined;
  /** Everything up to a report is durable. */
  acknowledge(throughSequence: number): void;
  /** Ends the stream; nothing more of it is taken. */
  fail(error: RpcError): void;
}

/** What an {@link Inventory} works with. */
export interface InventoryOptions {
  readonly db: Kysely<Database>;
  readonly logger: Logger;
  /** Epoch seconds. */
  readonly nowS: () => number;
  /** Objects of one cluster at most. @default 500000 */
  readonly maxObjects?: number;
}

interface Pending {
  readonly session: ReportSession;
  readonly report: ReadReport;
}

const MAX_OBJECTS = 500_000;
/** Streams wait when so many objects wait to be stored. */
const MAX_PENDING = 20_000;
const FOLLOW_MS = 5000;
/** Ended versions are kept for so long: a year and a month. */
const KEEP_S = 400 * 86_400;

const moved = new RpcError('unavailable', 'this replica does not lead: connect again');

/**
 * Takes reports of what clusters hold and stores them, one transaction in flight, everything that arrived meanwhile in
 * the next; only then are they in the directory and acknowledged. Replicas that do not lead read what was stored.
 */
export class Inventory {
  readonly directory = new InventoryDirectory();
  readonly #options: InventoryOptions;
  readonly #sessions = new Set<ReportSession>();
  readonly #revisions = new Map<number, number>();
  #term: LeaseTerm | undefined;
  #pending: Pending[] = [];
  #pendingObjects = 0;
  #room: (() => void)[] = [];
  #writing: Promise<void> | undefined;
  #following = new AbortController();
  #reading: Promise<void> | undefined;
  /** A write failed, so it is not known whether it was done: what is stored must be read before the next one. */
  #inDoubt = false;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** Reads what is stored, and again every few seconds while another replica leads. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#following = new AbortController();
    this.#reading = this.#keepFollowing(this.#following.signal);
  }

  /** Ends that. */
  async stop(): Promise<void> {
    this.#following.abort();
    await this.#reading;
    await this.#writing;
  }

  /** True while this replica takes reports. */
  get isLeading(): boolean {
    return this.#term !== undefined;
  }

  /** Begins to take reports. */
  async lead(term: LeaseTerm): Promise<void> {
    await this.#refresh();
    await pruneInventory(this.#options.db, this.#options.nowS() - KEEP_S);
    this.#term = term;
  }

  /** Ends the streams; resolves when nothing is written any more. */
  async follow(reason: string): Promise<void> {
    this.#term = undefined;
    for (const session of [...this.#sessions]) this.#fail(session, new RpcError('unavailable', reason));
    await this.#writing;
  }

  /** Takes a stream; an operator's ends the one before of its cluster. @throws RpcError `unavailable` */
  open(session: ReportSession): void {
    if (!this.isLeading) throw moved;
    if (session.reporter.role === 'operator') {
      for (const other of [...this.#sessions]) {
        if (other.clusterKey !== session.clusterKey || other.reporter.role !== 'operator') continue;
        this.#fail(other, new RpcError('aborted', 'another operator of this cluster reports now'));
      }
    }
    this.#sessions.add(session);
  }

  /** Forgets a stream; what it said before is still stored. */
  close(session: ReportSession): void {
    this.#sessions.delete(session);
  }

  /** Takes a report; resolves when there is room for the next one. */
  async enqueue(session: ReportSession, report: ReadReport): Promise<void> {
    this.#pending.push({ session, report });
    this.#pendingObjects += 1 + report.objects.length + report.goneUids.length;
    this.#writing ??= this.#write();
    while (this.#pendingObjects > MAX_PENDING)
      await new Promise<void>((resolve) => {
        this.#room.push(resolve);
      });
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // what else arrives in this turn goes along
    while (this.#pending.length > 0) {
      const wave = this.#pending;
      this.#pending = [];
      this.#pendingObjects = 0;
      await this.#store(wave).catch((error: unknown) => {
        this.#inDoubt = true;
        this.#options.logger.warn('the inventory could not be stored', { error });
        const failed = new RpcError('unavailable', 'the inventory could not be stored: connect again', {
          cause: error,
        });
        for (const { session } of wave) this.#fail(session, failed);
      });
      for (const resolve of this.#room.splice(0)) resolve();
    }
    this.#writing = undefined;
  }

  async #store(wave: readonly Pending[]): Promise<void> {
    const term = this.#term;
    if (term === undefined) throw moved;
    if (this.#inDoubt) await this.#refresh(() => true);
    this.#inDoubt = false;
    const drafts = new Map<number, InventoryDraft>();
    const taken = wave.filter((pending) => this.#draft(drafts, pending));
    const revisions = await this.#save(term, drafts);
    for (const [clusterKey, draft] of drafts) {
      const kinds = draft.apply();
      const revision = revisions.get(clusterKey);
      if (revision !== undefined) this.#revisions.set(clusterKey, revision);
      if (kinds.size > 0) this.directory.notify({ clusterKey, kinds });
    }
    for (const { session, report } of taken) session.acknowledge(report.sequence);
  }

  async #save(
    term: LeaseTerm,
    drafts: ReadonlyMap<number, InventoryDraft>,
  ): Promise<ReadonlyMap<number, number>> {
    const all = [...drafts].map(([clusterKey, draft]) => ({ clusterKey, changes: draft.changes() }));
    const changed = all.filter(
      ({ changes }) => changes.ended.length + changes.begun.length + changes.refreshed.length > 0,
    );
    const revisions = new Map<number, number>();
    if (changed.length === 0) return revisions;
    const second = this.#options.nowS();
    await asLeader(this.#options.db, term, async (transaction) => {
      for (const { clusterKey, changes } of changed)
        revisions.set(clusterKey, await saveInventory(transaction, { clusterKey, second }, changes));
    });
    return revisions;
  }

  /** Lays a report over its cluster. @returns false where its stream has ended or ends by it */
  #draft(drafts: Map<number, InventoryDraft>, { session, report }: Pending): boolean {
    if (!this.#sessions.has(session)) return false;
    const { clusterKey, reporter } = session;
    const draft = drafts.get(clusterKey) ?? new InventoryDraft(this.directory.open(clusterKey));
    drafts.set(clusterKey, draft);
    if (report.listingBegins) session.listing = new Set();
    const most = this.#options.maxObjects ?? MAX_OBJECTS;
    const listed = (session.listing?.size ?? 0) + report.objects.length;
    if (draft.sizeWith(report.objects) > most || listed > most) {
      this.#fail(session, new RpcError('resource_exhausted', `a cluster may hold at most ${most} objects`));
      return false;
    }
    for (const object of report.objects) {
      session.listing?.add(object.record.uid);
      draft.put(object, reporter);
    }
    for (const uid of report.goneUids) draft.remove(uid, reporter);
    if (report.listingComplete && session.listing !== undefined) {
      draft.removeUnlisted(session.listing, reporter);
      session.listing = undefined;
    }
    return true;
  }

  #fail(session: ReportSession, error: RpcError): void {
    if (this.#sessions.delete(session)) session.fail(error);
  }

  async #keepFollowing(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(FOLLOW_MS, signal);
      if (signal.aborted || this.isLeading) continue;
      await this.#refresh(() => !this.isLeading).catch((error: unknown) => {
        this.#options.logger.warn('the inventory could not be read', { error });
      });
    }
  }

  /**
   * Reads the clusters of which something else is stored than is known.
   *
   * @param isNewer - asked when it was read: false where this replica stored something meanwhile
   */
  async #refresh(isNewer: () => boolean = (): boolean => true): Promise<void> {
    const { db } = this.#options;
    for (const { clusterKey, revision } of await listInventoryRevisions(db)) {
      if (this.#revisions.get(clusterKey) === revision) continue;
      const rows = await listInventory(db, clusterKey);
      if (!isNewer()) return;
      this.directory.replace(clusterKey, toInventory(rows));
      this.#revisions.set(clusterKey, revision);
    }
  }
}

function toInventory(rows: readonly InventoryRow[]): ClusterInventory {
  const inventory = new ClusterInventory();
  for (const { kind, record, reporterRole, reporter } of rows) {
    inventory.set({
      kind,
      record: record as InventoryRecords[typeof kind],
      reporter: { role: reporterRole, name: reporter },
    });
  }
  return inventory;
}
