import type { Logger } from '@kubehero/runtime';
import { sleep } from '@kubehero/runtime';
import type { PodCostColumns } from '@kubehero/store-clickhouse';
import {
  asLeader,
  listBudgetEnforcement,
  listBudgetPolicies,
  listBudgetVerdicts,
  NotLeaderError,
  replaceBudgetPolicies,
  saveBudgetEnforcement,
  type BudgetPolicyRow,
  type IdentityRow,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import type { budget } from '@kubehero/rpc';
import type { NodeRegistry } from '../ingest/node-registry.js';
import { observeClusters } from './collectors.js';
import type { BudgetMetrics } from './budget-metrics.js';
import { Evaluator, type Published } from './evaluator.js';
import type { FollowSession } from './follow-sessions.js';
import { BudgetSaver } from './budget-saver.js';
import { planPolicies } from './policy-plan.js';
import { Registrations } from './registrations.js';
import { stillPaidPerHour } from './still-paid.js';
import { SpendTracker, type SpendTrackerOptions } from './spend-tracker.js';

/** What the engine works with. */
export interface BudgetEngineOptions extends SpendTrackerOptions {
  readonly registry: Pick<NodeRegistry, 'all'>;
  readonly currency: string;
  readonly metrics: BudgetMetrics;
  readonly logger: Logger;
}

/** What a cluster reported. */
export interface BudgetNews {
  /** Cluster that reported its policies. */
  readonly authoredBy: number | undefined;
  readonly actions: readonly budget.ActionRecord[];
}

const BEAT_MS = 250;
const RETRY_MS = 1000;
const SAVE_EVERY_S = 5;
const CLUSTERS_EVERY_S = 5;
/** Whatever a deposed leader stored at its end is in by then. */
const READ_AGAIN_AFTER_S = 400;

/** Judges budgets while this replica leads: one object for one term. */
export class BudgetEngine {
  readonly #options: BudgetEngineOptions;
  readonly #tracker: SpendTracker;
  readonly #sessions = new Set<FollowSession>();
  readonly #enforcement = new Map<string, budget.Enforcement>();
  readonly #saver: BudgetSaver;
  readonly #registrations: Registrations;
  readonly #listeners = new Set<(news: BudgetNews) => void>();
  #evaluator: Evaluator | undefined;
  #policies = new Map<string, BudgetPolicyRow>();
  #running: Promise<void> | undefined;
  #loading: Promise<void> | undefined;
  #isEnded = false;
  /** Counts changes of what is planned from, and says up to which of them the plan is. */
  #scope = 1;
  #plannedScope = 0;
  #plannedWaiters: { readonly scope: number; readonly resolve: () => void }[] = [];
  #end: () => void = () => undefined;
  /** Resolves when this term is over. */
  readonly ended = new Promise<void>((resolve) => (this.#end = resolve));
  #periodEndsAtS = 0;
  #savedAtS = 0;
  #clustersAtS = 0;
  #readAgainAtS: number;
  #wake: () => void = () => undefined;

  constructor(
    options: BudgetEngineOptions,
    readonly term: LeaseTerm,
  ) {
    this.#options = options;
    this.#tracker = new SpendTracker(options);
    this.#saver = new BudgetSaver({ ...options, term });
    this.#registrations = new Registrations({
      ...options,
      onChange: () => {
        this.scopeChanged();
      },
    });
    this.#readAgainAtS = options.nowS() + READ_AGAIN_AFTER_S;
  }

  /** Reads what must be read before this term stores anything. */
  async prepare(): Promise<void> {
    await this.#tracker.prepare();
  }

  /** Begins to judge. */
  async start(): Promise<void> {
    const { db } = this.#options;
    const [policies, verdicts, reports] = await Promise.all([
      listBudgetPolicies(db),
      listBudgetVerdicts(db),
      listBudgetEnforcement(db),
      this.#registrations.prepare(),
    ]);
    this.#policies = new Map(policies.map((policy) => [policy.uid, policy]));
    for (const { policyUid, clusterKey, report } of reports) {
      this.#enforcement.set(`${policyUid}/${clusterKey}`, report as budget.Enforcement);
    }
    this.#evaluator = new Evaluator(
      {
        epoch: this.term.epoch,
        currency: this.#options.currency,
        stillPaid: (subject) =>
          stillPaidPerHour(subject, {
            book: this.#tracker.book,
            nowS: this.#options.nowS(),
            exceededAtS: this.#evaluator?.tryFind(subject.key)?.judgement.exceededAtS ?? 0,
            enforcement: this.#enforcement,
          }),
      },
      verdicts,
    );
    this.#running = this.#run();
  }

  /** Ends after what is in work. */
  async stop(): Promise<void> {
    this.#isEnded = true;
    this.#end();
    this.#tracker.end();
    this.#wake();
    await this.#running;
    await this.#loading;
    await this.#registrations.end();
  }

  /** Takes rows that became durable. */
  async observe(chunks: readonly PodCostColumns[]): Promise<void> {
    await this.#tracker.observe(chunks);
    this.#wake();
  }

  /** Takes pods whose rows will come. */
  addIdentities(rows: readonly IdentityRow[]): void {
    this.#tracker.addIdentities(rows);
  }

  /** The inventory or a registration changed. */
  scopeChanged(): void {
    this.#scope += 1;
    this.#wake();
  }

  /** Has a cluster's figures read again. */
  outdate(clusterKey: number): void {
    this.#tracker.book.outdate(clusterKey);
    this.#wake();
  }

  /** Replaces the policies that are written in a cluster; durable when it resolves. */
  async setAuthored(
    clusterKey: number,
    authored: readonly Omit<BudgetPolicyRow, 'clusterKey'>[],
  ): Promise<void> {
    await asLeader(this.#options.db, this.term, (transaction) =>
      replaceBudgetPolicies(transaction, clusterKey, authored),
    );
    const others = [...this.#policies.values()].filter((policy) => policy.clusterKey !== clusterKey);
    this.#policies = new Map(
      [...others, ...authored.map((one) => ({ ...one, clusterKey }))].map((policy) => [policy.uid, policy]),
    );
    this.#notify({ authoredBy: clusterKey, actions: [] });
    this.scopeChanged();
  }

  /** Resolves when what was known by now is planned. */
  async planned(): Promise<void> {
    const scope = this.#scope;
    if (this.#plannedScope >= scope) return;
    await Promise.race([
      this.ended,
      new Promise<void>((resolve) => this.#plannedWaiters.push({ scope, resolve })),
    ]);
  }

  /** Tells listeners of actions that were stored. */
  noteActions(actions: readonly budget.ActionRecord[]): void {
    this.#notify({ authoredBy: undefined, actions });
  }

  /** Calls back when a cluster reported policies or actions. @returns ends that */
  onNews(listener: (news: BudgetNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(news: BudgetNews): void {
    for (const listener of this.#listeners) listener(news);
  }

  /** A policy by its UID. */
  tryFindPolicy(uid: string): BudgetPolicyRow | undefined {
    return this.#policies.get(uid);
  }

  /** What was said last of a policy in one cluster, or with key 0 in all together. */
  tryFindPublished(policyUid: string, clusterKey: number): Published | undefined {
    return this.#evaluator?.tryFind(`${policyUid}/${clusterKey}`);
  }

  /** Takes what a cluster reports of enforcement; durable when it resolves. */
  async setEnforcement(clusterKey: number, report: budget.Enforcement): Promise<void> {
    this.#enforcement.set(`${report.policyUid}/${clusterKey}`, report);
    await asLeader(this.#options.db, this.term, (transaction) =>
      saveBudgetEnforcement(transaction, { policyUid: report.policyUid, clusterKey, report }),
    );
  }

  /**
   * A stream of a cluster: verdicts go there from now on. A plan without its cluster would withdraw all it has.
   *
   * @returns false where the cluster is not found among the registered ones
   */
  async open(session: FollowSession): Promise<boolean> {
    if (!(await this.#registrations.knows(session.clusterKey))) return false;
    if (!session.isClosed) this.#sessions.add(session);
    return true;
  }

  /** It ended. */
  close(session: FollowSession): void {
    this.#sessions.delete(session);
  }

  /** Stream of a cluster's operator, undefined where none is connected. */
  sessionOf(clusterKey: number): FollowSession | undefined {
    return [...this.#sessions].findLast((session) => session.clusterKey === clusterKey);
  }

  /** Sends all verdicts that concern a cluster, withdraws what does not, and says that this is all. */
  synchronise(session: FollowSession): void {
    const concerned = this.#concerned(session);
    for (const subjectKey of concerned.values()) {
      const published = this.#evaluator?.tryFind(subjectKey);
      if (published?.epoch === this.term.epoch) session.push(published);
    }
    this.#withdrawBeyond(session, concerned);
    session.send({ synced: { epoch: this.term.epoch, policyUids: [...concerned.keys()] } });
  }

  /** Subjects by the policies that concern a cluster; one that cannot be judged concerns whoever has a verdict of it. */
  #concerned(session: FollowSession): ReadonlyMap<string, string> {
    const { subjects = [], faults = [] } = this.#evaluator?.plan ?? {};
    const held = new Set(session.heldPolicies());
    return new Map([
      ...subjects
        .filter(({ clusterKeys }) => clusterKeys.includes(session.clusterKey))
        .map(({ policy, key }) => [policy.uid, key] as const),
      ...faults
        .filter(({ policy }) => policy.clusterKey === session.clusterKey || held.has(policy.uid))
        .map(({ policy }) => [policy.uid, `${policy.uid}/0`] as const),
    ]);
  }

  #withdrawBeyond(session: FollowSession, concerned: ReadonlyMap<string, string>): void {
    for (const uid of session.heldPolicies()) {
      if (!concerned.has(uid)) session.withdraw(uid, this.term.epoch, this.#evaluator?.nextVersion() ?? 0);
    }
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      try {
        await this.#beat();
        await this.#nap();
      } catch (error) {
        if (error instanceof NotLeaderError) return;
        this.#options.logger.warn('budgets could not be judged, trying again', { error });
        await sleep(RETRY_MS);
      }
    }
    this.#saver.addHours(this.#evaluator?.plan.subjects ?? [], this.#tracker.book);
    await this.#saver.end();
  }

  async #nap(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const stop = new AbortController();
    await Promise.race([woken, sleep(BEAT_MS, stop.signal)]);
    stop.abort();
  }

  async #beat(): Promise<void> {
    const evaluator = this.#evaluator;
    if (evaluator === undefined) return;
    this.#saver.check();
    const nowS = this.#options.nowS();
    if (nowS - this.#clustersAtS >= CLUSTERS_EVERY_S) {
      this.#clustersAtS = nowS;
      void this.#registrations.refresh(); // beside everything else: nothing is judged later for it
    }
    if (this.#plannedScope < this.#scope || nowS >= this.#periodEndsAtS) await this.#replan(evaluator, nowS);
    if (nowS >= this.#readAgainAtS) {
      this.#tracker.book.outdate();
      this.#readAgainAtS = Number.MAX_SAFE_INTEGER;
    }
    this.#beginLoading();
    const observe = observeClusters(this.#options.registry, nowS);
    const started = performance.now();
    this.#tell(evaluator.judgeCrossings(this.#tracker.book, observe, nowS));
    evaluator.touchSome(this.#tracker.book, nowS);
    this.#tell(await evaluator.evaluate(this.#tracker.book, observe, nowS));
    this.#options.metrics.evaluation.observe((performance.now() - started) / 1000);
    if (nowS - this.#savedAtS < SAVE_EVERY_S) return;
    this.#saver.addHours(evaluator.plan.subjects, this.#tracker.book);
    this.#saver.begin();
    this.#savedAtS = nowS;
  }

  async #replan(evaluator: Evaluator, nowS: number): Promise<void> {
    const scope = this.#scope;
    await this.#configure(evaluator, nowS);
    this.#plannedScope = scope;
    const [done, waiting] = [
      this.#plannedWaiters.filter((waiter) => waiter.scope <= scope),
      this.#plannedWaiters.filter((waiter) => waiter.scope > scope),
    ];
    this.#plannedWaiters = waiting;
    for (const { resolve } of done) resolve();
    for (const session of this.#sessions) this.#withdrawBeyond(session, this.#concerned(session));
  }

  async #configure(evaluator: Evaluator, nowS: number): Promise<void> {
    const { book } = this.#tracker;
    const { clusters } = this.#registrations;
    this.#saver.addHours(evaluator.plan.subjects, book);
    const plan = planPolicies({
      policies: [...this.#policies.values()],
      clusters,
      currency: this.#options.currency,
      nowS,
    });
    await this.#tracker.configure(plan.subjects.flatMap(({ parts }) => parts));
    const gone = evaluator.configure(plan, clusters, book);
    this.#saver.remove(gone);
    this.#saver.begin();
    this.#options.metrics.forget(gone);
    this.#periodEndsAtS = Math.min(...plan.subjects.map(({ period }) => period.to), Number.MAX_SAFE_INTEGER);
  }

  /** Reads what figures are missing, beside everything else. */
  #beginLoading(): void {
    if (this.#loading !== undefined || this.#tracker.book.waiting().length === 0) return;
    this.#loading = this.#tracker
      .loadWaiting()
      .then(
        () => this.#evaluator?.touchAll(this.#tracker.book),
        async (error: unknown) => {
          this.#options.logger.warn('spend could not be read, trying again', { error });
          await sleep(RETRY_MS);
        },
      )
      .finally(() => {
        this.#loading = undefined;
        this.#wake();
      });
  }

  /** What was judged is told at once and saved after: its rows are durable, so that whoever leads next finds the same. */
  #tell(news: readonly Published[]): void {
    if (news.length === 0) return;
    for (const published of news) {
      const clusterKeys = this.#clustersOf(published);
      for (const session of this.#sessions) {
        if (clusterKeys.includes(session.clusterKey)) session.push(published);
      }
      this.#saver.add(published);
    }
    if (news.some(({ isUrgent }) => isUrgent)) this.#saver.begin();
    this.#options.metrics.show(news);
  }

  #clustersOf({ subjectKey, policyUid }: Published): readonly number[] {
    const subject = this.#evaluator?.tryFindSubject(subjectKey);
    if (subject !== undefined) return subject.clusterKeys;
    const policy = this.#policies.get(policyUid);
    return policy === undefined ? [] : [policy.clusterKey];
  }
}
