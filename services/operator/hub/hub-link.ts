import type { budget, ClientStream } from '@kubehero/rpc';
import type { Logger } from '@kubehero/runtime';
import type { AuditChain } from '../audit/audit-chain.js';
import { identityOf, isReplica } from '../policies/budget-policy.js';
import type { PolicyStore } from '../policies/policy-store.js';
import type { VerdictBook } from '../policies/verdict-book.js';
import { toVerdict } from '../policies/verdict.js';
import { authoredPolicies } from './authored.js';
import { keepOpen } from './keep-open.js';
import { Outbox } from './outbox.js';

type Follow = ClientStream<budget.FollowRequestInput, budget.FollowResponse>;

const HAND_OVER_POLL_MS = 20;

/** What a {@link HubLink} works with. */
export interface HubLinkOptions {
  /** Opens the stream; what it throws is a failed attempt. */
  readonly open: (signal: AbortSignal) => Promise<Follow>;
  /** Program and version. */
  readonly operator: string;
  readonly store: Pick<PolicyStore, 'all'>;
  readonly book: VerdictBook;
  readonly audit: Pick<AuditChain, 'pending' | 'ack' | 'onAppend' | 'publicKey'>;
  readonly logger: Logger;
  /** The verdict of a policy changed, or it was withdrawn. */
  readonly onVerdict: (uid: string) => void;
  /** Somebody armed or disarmed by the hub. */
  readonly onSetArmed: (request: budget.SetArmed) => void;
  /** The link came or went. */
  readonly onConnection: (isConnected: boolean) => void;
}

/**
 * The stream to the hub, opened again for ever: verdicts come down, authored policies, reports and actions go up. What
 * is held stays while the hub is away; after a reconnection everything that the hub lacks is sent again.
 */
export class HubLink {
  readonly #options: HubLinkOptions;
  readonly #outbox: Outbox;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #connected = false;

  constructor(options: HubLinkOptions) {
    this.#options = options;
    this.#outbox = new Outbox({
      authored: () => authoredPolicies(options.store.all()),
      audit: options.audit,
    });
  }

  /** True from the hub's first answer on a stream until that stream ends. */
  get isConnected(): boolean {
    return this.#connected;
  }

  /** Begins to connect. */
  start(): void {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    const { logger } = this.#options;
    this.#running = keepOpen({
      what: 'stream to the hub',
      logger,
      signal,
      open: (inner) => this.#follow(inner),
    });
  }

  /** Waits, at most so long, until the hub has stored every record; true where it has. */
  async handOver(timeoutMs: number): Promise<boolean> {
    const { audit } = this.#options;
    for (const until = performance.now() + timeoutMs; performance.now() < until;) {
      if ((await audit.pending(0n, 1)).length === 0) return true;
      await new Promise((resolve) => setTimeout(resolve, HAND_OVER_POLL_MS));
    }
    return false;
  }

  /** Closes the stream; what was not received is sent by whoever follows. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** The policies that are written here changed. */
  authoredChanged(): void {
    this.#outbox.authoredChanged();
  }

  /** Says where enforcement of a policy stands; the last report counts. */
  report(report: budget.EnforcementInput): void {
    this.#outbox.report(report);
  }

  /** A policy is gone: nothing more is said about it. */
  forget(uid: string): void {
    this.#outbox.forget(uid);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const stream = await this.#options.open(signal);
    const { operator, book, audit } = this.#options;
    const chainKey = audit.publicKey.export({ type: 'spki', format: 'der' });
    await stream.send({ hello: { operator, held: book.held(), chainKey } });
    // The reading side tells why a stream ended; the sending side fails for the same reason and only cuts it short.
    const sending = this.#outbox.drainInto(stream).catch(() => {
      stream.cancel();
    });
    try {
      for await (const response of stream.responses) {
        this.#setConnected(true);
        await this.#take(response);
      }
    } finally {
      this.#setConnected(false);
      this.#outbox.detach();
      stream.cancel();
      await sending;
    }
  }

  async #take({ verdict, withdrawal, synced, receipt, setArmed }: budget.FollowResponse): Promise<void> {
    if (verdict !== undefined) this.#takeVerdict(verdict);
    if (withdrawal !== undefined) this.#takeWithdrawal(withdrawal);
    if (synced !== undefined) this.#takeSynced(synced);
    if (receipt !== undefined) await this.#options.audit.ack(BigInt(receipt.throughSequence));
    if (setArmed !== undefined) this.#options.onSetArmed(setArmed);
  }

  #takeVerdict(message: budget.Verdict): void {
    const { book, logger, onVerdict } = this.#options;
    try {
      if (book.accept(message.policyUid, toVerdict(message, performance.now()))) onVerdict(message.policyUid);
    } catch (error) {
      logger.error('a verdict cannot be read and is left out', { policy: message.policyName, error });
    }
  }

  #takeWithdrawal({ policyUid, epoch, version }: budget.Withdrawal): void {
    const place = { epoch: BigInt(epoch), version: BigInt(version) };
    if (this.#options.book.withdraw(policyUid, place)) this.#options.onVerdict(policyUid);
  }

  #takeSynced({ epoch, policyUids }: budget.Synced): void {
    const { book, store, onVerdict } = this.#options;
    const gone = new Set(book.sync(BigInt(epoch), policyUids));
    const named = new Set(policyUids);
    for (const policy of store.all()) {
      const uid = identityOf(policy);
      // A replica that was not reconciled yet has no verdict in the book, but has one in itself.
      if (!isReplica(policy) || named.has(uid) || gone.has(uid)) continue;
      if (book.withdraw(uid, { epoch: BigInt(epoch), version: 0n })) gone.add(uid);
    }
    for (const uid of gone) onVerdict(uid);
  }

  #setConnected(isConnected: boolean): void {
    if (this.#connected === isConnected) return;
    this.#connected = isConnected;
    this.#options.logger.info(isConnected ? 'the hub is connected' : 'the hub is away');
    this.#options.onConnection(isConnected);
  }
}
