import type { budget, ClientStream } from '@kubehero/rpc';
import type { AuditChain } from '../audit/audit-chain.js';

/** What an {@link Outbox} reads from. */
export interface OutboxOptions {
  /** The policies that are written in this cluster, now. */
  readonly authored: () => readonly budget.AuthoredPolicyInput[];
  readonly audit: Pick<AuditChain, 'pending' | 'onAppend'>;
}

type Stream = Pick<ClientStream<budget.FollowRequestInput, unknown>, 'send'>;

const ACTIONS_AT_ONCE = 100;
/** Changes that come together are told together. */
const GATHER_MS = 20;

/**
 * What is to be told to the hub: of each policy the last report, all authored policies as they are, and actions in
 * their order. Bounded by the number of policies; actions stay in the chain on disk until they are received.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #reports = new Map<string, { readonly report: budget.EnforcementInput; readonly text: string }>();
  readonly #unsentReports = new Set<string>();
  #authoredUnsent = true;
  #sentThrough = 0n;
  #wake: (() => void) | undefined;
  #attached = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** The authored policies must be told again. */
  authoredChanged(): void {
    this.#authoredUnsent = true;
    this.#wake?.();
  }

  /** Replaces what is to be said about a policy; the same but for the verdict's number is not said again. */
  report(report: budget.EnforcementInput): void {
    const uid = report.policyUid ?? '';
    const text = JSON.stringify({ ...report, epoch: '', version: '' });
    const isSame = this.#reports.get(uid)?.text === text;
    this.#reports.set(uid, { report, text });
    if (isSame) return;
    this.#unsentReports.add(uid);
    this.#wake?.();
  }

  /** Nothing more is said about a policy. */
  forget(uid: string): void {
    this.#reports.delete(uid);
    this.#unsentReports.delete(uid);
  }

  /** Ends {@link drainInto}. */
  detach(): void {
    this.#attached += 1;
    this.#wake?.();
  }

  /** Sends everything into a new stream, then whatever changes, until {@link detach}. @throws {RpcError} */
  async drainInto(stream: Stream): Promise<void> {
    const attached = ++this.#attached;
    this.#authoredUnsent = true;
    this.#sentThrough = 0n;
    for (const uid of this.#reports.keys()) this.#unsentReports.add(uid);
    const unlisten = this.#options.audit.onAppend(() => this.#wake?.());
    try {
      while (this.#attached === attached) {
        // Asked for before sending, so that what changes meanwhile wakes the next round.
        const changed = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await this.#sendAll(stream);
        if (this.#attached !== attached) return;
        await changed;
        await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      }
    } finally {
      unlisten();
      this.#wake = undefined;
    }
  }

  async #sendAll(stream: Stream): Promise<void> {
    if (this.#authoredUnsent) {
      this.#authoredUnsent = false;
      await stream.send({ authored: { policies: this.#options.authored() } });
    }
    for (const uid of [...this.#unsentReports]) {
      this.#unsentReports.delete(uid);
      const known = this.#reports.get(uid);
      if (known !== undefined) await stream.send({ enforcement: known.report });
    }
    for (;;) {
      const actions = await this.#options.audit.pending(this.#sentThrough, ACTIONS_AT_ONCE);
      for (const action of actions) {
        await stream.send({ action: { ...action, object: action.object ?? undefined } });
        this.#sentThrough = BigInt(action.sequence);
      }
      if (actions.length < ACTIONS_AT_ONCE) return;
    }
  }
}
