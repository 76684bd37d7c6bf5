import { ClassSums } from './class-sums.js';
import { ClusterSums, type ClusterSum } from './cluster-sums.js';
import type { IdlePool } from './idle-pool.js';
import { RecentLedger, type MinuteLedger, type RecentEntry, type RecentIdle } from './recent-ledger.js';
import { ScopeIndex, type ScopeClass, type ScopeNamespace } from './scope-index.js';
import { stampOf, type SpendCell } from './spend-cells.js';
import { poolKey, SpendLoad } from './spend-load.js';
import { sameLabels, takeOver, type PartSpec, type SpendPart } from './spend-part.js';

type Labels = Readonly<Record<string, string>>;

/** A row that was stored and never before. */
export interface SpendRow {
  readonly clusterKey: number;
  /** Zero for a node's own row. */
  readonly namespaceKey: number;
  readonly id: number;
  readonly second: number;
  /** Picounits; below 2^53. */
  readonly cost: number;
}

type Class = ScopeClass<SpendPart>;

/** Newest minutes that are kept by identity. */
const RETAIN_S = 300;
const MINUTE_S = 60;
const MAX_LABELS = 300_000;
const MAX_OTHERS = 10;
const IDLE_MINUTES = 3;

/**
 * Exact spend of many scopes, kept by what is stored anew: a second costs its own rows and the parts that they touch,
 * whatever the history. Figures of a part that is new are read once, by a {@link SpendLoad}.
 *
 * The caller MUST give every newly stored row once, also late ones, and nothing that was stored before.
 */
export class SpendBook {
  readonly #recent: RecentLedger<Class>;
  /** As `#recent`, of what was stored before the book began. */
  readonly #restored: RecentLedger<Class>;
  readonly #labels = new Map<number, Labels>();
  readonly #loads = new Set<SpendLoad>();
  readonly #changed = new Set<SpendPart>();
  /** Rows that were taken and are in no figures yet, by minute. */
  readonly #pending = new Map<number, ClassSums<SpendPart>>();
  readonly #clusters = new ClusterSums();
  readonly #classes = new Map<number, Class>();
  #parts = new Map<string, SpendPart>();
  #pools = new Map<string, { pool: IdlePool; parts: SpendPart[] }>();
  #namespaces: ReadonlyMap<number, ScopeNamespace> = new Map();
  #index = new ScopeIndex<SpendPart>([], new Map());
  #wantsIdle = false;

  /** @param fromS - first minute of which every row is given: the store is read for what is older */
  constructor(fromS: number) {
    this.#recent = new RecentLedger(fromS);
    this.#restored = new RecentLedger(fromS);
  }

  /** First minute of the ledger: what is older is read from the store by a load. */
  get recentFromS(): number {
    return this.#recent.fromS;
  }

  /** Replaces what is asked; what was asked before in the same words keeps its figures. */
  configure(specs: readonly PartSpec[], namespaces: ReadonlyMap<number, ScopeNamespace>): void {
    this.settle();
    const before = this.#parts;
    const oldNamespaces = this.#namespaces;
    this.#namespaces = namespaces;
    this.#parts = new Map(specs.map((spec) => [spec.key, takeOver(before.get(spec.key), spec)]));
    this.#index = new ScopeIndex([...this.#parts.values()], namespaces);
    this.#dropClasses();
    this.#wantsIdle = specs.some(({ includeIdle }) => includeIdle);
    this.#outdate(before, oldNamespaces);
    this.#rollOver(before);
    this.#sharePools();
    for (const [, minute] of this.#recent.minutes(this.#recent.fromS)) {
      for (let slot = 0; slot < minute.size; slot += 1) this.#classAt(minute, slot);
    }
    this.#changed.clear();
    for (const part of this.#parts.values()) this.#changed.add(part);
  }

  /** Labels of pods; needed where {@link needsLabels}. */
  addLabels(id: number, labels: Labels): void {
    if (this.#labels.size >= MAX_LABELS) {
      this.#labels.clear();
      this.#classes.clear();
    }
    this.#labels.set(id, labels);
  }

  /** False where a namespace was not among those of {@link configure}. */
  knowsNamespace(key: number): boolean {
    return this.#namespaces.has(key);
  }

  /** True where the labels of this pod must be given before its rows. */
  needsLabels(namespaceKey: number, id: number): boolean {
    return this.#index.needsLabels(namespaceKey) && !this.#labels.has(id);
  }

  /** True where {@link addLabels} told of this pod. */
  hasLabels(id: number): boolean {
    return this.#labels.has(id);
  }

  /** Pods of the ledger whose labels must be given before {@link finishLoad}. */
  missingLabels(): number[] {
    const ids = new Set<number>();
    for (const ledger of [this.#restored, this.#recent]) {
      for (const [, minute] of ledger.minutes(ledger.fromS)) this.#addMissing(ids, minute);
    }
    return [...ids];
  }

  /** Takes a minute over that was stored before the book began; what is not in the ledger is read by a load. */
  restore({ minute, ...row }: RecentEntry): void {
    this.#restored.add(minute, row);
  }

  /** As {@link restore}, of idle. */
  restoreIdle({ minute, clusterKey, cost, rows }: RecentIdle): void {
    this.#restored.addIdle(minute, clusterKey, cost, rows);
  }

  /** What the nodes of a cluster idle away in an hour, by the newest whole minutes. */
  idlePerHour(clusterKey: number, nowS: number): bigint {
    const to = nowS - (nowS % MINUTE_S);
    const fromS = Math.max(this.#recent.fromS, to - IDLE_MINUTES * MINUTE_S);
    let sum = 0n;
    for (const ledger of [this.#restored, this.#recent]) {
      for (const one of ledger.idle(fromS)) {
        if (one.clusterKey === clusterKey && one.minute < to) sum += one.cost;
      }
    }
    return to > fromS ? (sum * 3600n) / BigInt(to - fromS) : 0n;
  }

  /** Takes a pod's row. */
  add(row: SpendRow): void {
    const minute = row.second - (row.second % MINUTE_S);
    const { clusterKey, namespaceKey, cost } = row;
    const found = this.#remember(row, minute);
    if (found.parts.length > 0) this.#pendingOf(minute).add(found, cost, stampOf(namespaceKey, 1));
    if (this.#wantsIdle) this.#clusters.add(clusterKey, minute, 'pods', cost);
  }

  /** Takes a node's own row: idle cost. */
  addIdle(row: SpendRow): void {
    const minute = row.second - (row.second % MINUTE_S);
    if (!this.#recent.addIdle(minute, row.clusterKey, BigInt(row.cost), 1)) this.#disturb(minute);
    if (this.#wantsIdle) this.#clusters.add(row.clusterKey, minute, 'idle', row.cost);
  }

  /** Brings the rows that were taken into the figures. */
  settle(): void {
    for (const [minute, sums] of this.#pending) {
      sums.takeParts(this.#index, (part, cost, stamp) => {
        part.cells.add(minute, cost, stamp);
        this.#changed.add(part);
      });
    }
    this.#pending.clear();
    for (const [clusterKey, minutes] of this.#clusters.take()) this.#settlePools(clusterKey, minutes);
  }

  /** Parts whose figures changed since the last time; call {@link settle} before. */
  takeChanged(): SpendPart[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** Lets go of what is too old to be needed; a reading keeps what it needs. */
  advance(nowS: number): void {
    const fromS = nowS - (nowS % MINUTE_S) - RETAIN_S;
    const keptS = Math.min(fromS, ...[...this.#loads].map(({ toS }) => toS));
    this.#recent.expire(keptS);
    this.#restored.expire(keptS);
  }

  /** A part by its key. */
  tryFind(key: string): SpendPart | undefined {
    return this.#parts.get(key);
  }

  /** Parts whose figures have to be read. */
  waiting(): SpendPart[] {
    return [...this.#parts.values()].filter(({ ready, outdated }) => !ready || outdated);
  }

  /** Has the figures of a cluster's parts read again (of every cluster's without a key). */
  outdate(clusterKey?: number): void {
    for (const part of this.#parts.values()) {
      if (clusterKey === undefined || part.clusterKey === clusterKey) part.outdated = true;
    }
  }

  /** Labels that a reading has to group by. */
  labelKeys(): string[] {
    return this.#index.labelKeys();
  }

  /** Begins to read; end it by {@link finishLoad} or {@link dropLoad}. */
  beginLoad(parts: readonly SpendPart[]): SpendLoad {
    const load = new SpendLoad(parts, this.#recent.fromS, this.#index);
    this.#loads.add(load);
    return load;
  }

  /** Takes the figures over. @returns false where something came in between: begin again */
  finishLoad(load: SpendLoad): boolean {
    this.#loads.delete(load);
    if (load.disturbed || load.index !== this.#index) return false;
    this.settle();
    const { cells, pools } = load.finish(this.#ledgers(), (minute, slot) => this.#classAt(minute, slot));
    for (const [part, figures] of cells) {
      Object.assign(part, { cells: figures, ready: true, outdated: false });
      this.#changed.add(part);
    }
    for (const [key, pool] of pools) this.#pools.set(key, { pool, parts: [] });
    this.#sharePools();
    return true;
  }

  /** Gives a reading up. */
  dropLoad(load: SpendLoad): void {
    this.#loads.delete(load);
  }

  /** Hours that changed since the last time, with the stamp by which {@link SpendLoad.restore} knows them. */
  takeCells(part: SpendPart): SpendCell[] {
    const pool = part.includeIdle ? this.#pools.get(poolKey(part))?.pool : undefined;
    return part.cells
      .takeChanged()
      .map((cell) =>
        pool === undefined ? cell : { ...cell, stamp: cell.stamp + pool.rowsOf(cell.startsAtS) },
      );
  }

  /** How many namespaces each part covers, and which parts cover a pod that was met. */
  coverage(): ReturnType<ScopeIndex<SpendPart>['coverage']> {
    return this.#index.coverage();
  }

  /** For each part, parts that cover some pod that it covers; ten of them at most. */
  overlaps(): ReadonlyMap<SpendPart, ReadonlySet<SpendPart>> {
    return this.#index.overlaps(MAX_OTHERS);
  }

  #ledgers(): { readonly restored: RecentLedger<Class>; readonly recent: RecentLedger<Class> } {
    return { restored: this.#restored, recent: this.#recent };
  }

  /** Adds a pod's row to the ledger. @returns which parts cover it */
  #remember(row: SpendRow, minute: number): Class {
    const ledger = this.#recent.tryOpen(minute);
    if (ledger === undefined) {
      this.#disturb(minute);
      return this.#classOf(row.namespaceKey, row.id);
    }
    const slot = ledger.slotOf(row);
    ledger.addAt(slot, row.cost, 1);
    return this.#classAt(ledger, slot);
  }

  #addMissing(ids: Set<number>, minute: MinuteLedger<Class>): void {
    for (let slot = 0; slot < minute.size; slot += 1) {
      const id = minute.idAt(slot);
      if (this.needsLabels(minute.namespaceAt(slot), id)) ids.add(id);
    }
  }

  #dropClasses(): void {
    this.#classes.clear();
    this.#recent.dropClasses();
    this.#restored.dropClasses();
  }

  /** Kept at the pod's place for as long as the index stands, unless its labels are still to come. */
  #classAt(minute: MinuteLedger<Class>, slot: number): Class {
    const known = minute.classAt(slot);
    if (known !== undefined) return known;
    const id = minute.idAt(slot);
    const found = this.#classOf(minute.namespaceAt(slot), id);
    if (!this.needsLabels(minute.namespaceAt(slot), id)) minute.setClass(slot, found);
    return found;
  }

  /** Kept by pod where its labels decide: they never change. */
  #classOf(namespaceKey: number, id: number): Class {
    if (!this.#index.needsLabels(namespaceKey)) return this.#index.classOf(namespaceKey, undefined);
    const known = this.#classes.get(id);
    if (known !== undefined) return known;
    const labels = this.#labels.get(id);
    const found = this.#index.classOf(namespaceKey, labels);
    if (labels !== undefined) this.#classes.set(id, found);
    return found;
  }

  #pendingOf(minute: number): ClassSums<SpendPart> {
    let sums = this.#pending.get(minute);
    if (sums === undefined) {
      sums = new ClassSums();
      this.#pending.set(minute, sums);
    }
    return sums;
  }

  #settlePools(clusterKey: number, minutes: ReadonlyMap<number, ClusterSum>): void {
    for (const { pool, parts } of this.#pools.values()) {
      if (pool.clusterKey !== clusterKey) continue;
      for (const [minute, { idle, pods, rows }] of minutes) {
        pool.add(minute, { idle: idle.value, pods: pods.value, rows });
        for (const part of parts) this.#share(part, pool, minute);
      }
    }
  }

  #share(part: SpendPart, pool: IdlePool, minute: number): void {
    part.cells.setIdle(minute, pool.shareOf(minute, part.cells.cellAt(minute).cost));
    part.cells.touch(minute);
    this.#changed.add(part);
  }

  /** A row older than the ledger: a reading under way may or may not have seen it. */
  #disturb(minute: number): void {
    for (const load of this.#loads) if (minute < load.toS) load.disturbed = true;
  }

  /** Namespaces that were there before and are covered now, or are no more: their past counts, or counts no more. */
  #outdate(before: ReadonlyMap<string, SpendPart>, old: ReadonlyMap<number, ScopeNamespace>): void {
    const moved = [...this.#namespaces.values()].filter(({ key, labels }) => {
      const known = old.get(key);
      return known !== undefined && known.labels !== labels && !sameLabels(known.labels, labels);
    });
    for (const part of this.#parts.values()) {
      const was = before.get(part.key);
      if (was === undefined || part.outdated) continue;
      part.outdated = moved.some(
        (one) =>
          one.clusterKey === part.clusterKey &&
          part.coversNamespace(one.name, one.labels) !==
            part.coversNamespace(one.name, old.get(one.key)?.labels ?? {}),
      );
    }
  }

  /** A new period begins with what the ledger holds of it; with nothing but a reading where that is not all. */
  #rollOver(before: ReadonlyMap<string, SpendPart>): void {
    const rolled = new Set(
      [...this.#parts.values()].filter((part) => {
        const was = before.get(part.key);
        const isLater = was?.ready === true && was.period.from < part.period.from && !part.ready;
        return isLater && was.question === part.question && part.period.from >= this.#recent.fromS;
      }),
    );
    if (rolled.size === 0) return;
    const starts = Math.min(...[...rolled].map(({ period }) => period.from));
    const load = new SpendLoad([...rolled], starts, this.#index);
    const { cells, pools } = load.finish(this.#ledgers(), (minute, slot) => this.#classAt(minute, slot));
    for (const [part, figures] of cells) {
      figures.inherit(part.cells);
      Object.assign(part, { cells: figures, ready: true });
    }
    for (const [key, pool] of pools) this.#pools.set(key, { pool, parts: [] });
  }

  #sharePools(): void {
    const byPool = new Map<string, SpendPart[]>();
    for (const part of this.#parts.values()) {
      if (!part.includeIdle || !part.ready) continue;
      const key = poolKey(part);
      byPool.set(key, [...(byPool.get(key) ?? []), part]);
    }
    this.#pools = new Map(
      [...this.#pools].flatMap(([key, { pool }]) => {
        const parts = byPool.get(key);
        return parts === undefined ? [] : [[key, { pool, parts }] as const];
      }),
    );
  }
}
