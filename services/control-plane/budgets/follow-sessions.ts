import type { budget } from '@kubehero/rpc';
import type { Published } from './evaluator.js';

/** What is waiting to be sent on a stream; the newest verdict of a policy counts. */
export class FollowSession {
  readonly #verdicts = new Map<string, Published>();
  readonly #others: budget.FollowResponseInput[] = [];
  /** Place of what the operator has of each policy. */
  readonly #held: Map<string, { readonly epoch: bigint; readonly version: bigint }>;
  #wake: () => void = () => undefined;
  #receivedThrough: bigint | undefined;
  #isClosed = false;

  constructor(
    readonly clusterKey: number,
    held: readonly budget.HeldVerdict[],
  ) {
    this.#held = new Map(
      held.map((one) => [one.policyUid, { epoch: BigInt(one.epoch), version: BigInt(one.version) }]),
    );
  }

  /** Policies that the operator has a verdict of. */
  heldPolicies(): string[] {
    return [...this.#held.keys()];
  }

  /** Sends a verdict, unless the operator has it. */
  push(published: Published): void {
    const { policyUid } = published;
    const held = this.#held.get(policyUid);
    const epoch = BigInt(published.epoch);
    const version = BigInt(published.version);
    if (held !== undefined && (held.epoch > epoch || (held.epoch === epoch && held.version >= version)))
      return;
    this.#held.set(policyUid, { epoch, version });
    this.#verdicts.set(policyUid, published);
    this.#wake();
  }

  /** Takes a policy away from the cluster. */
  withdraw(policyUid: string, epoch: number, version: number): void {
    this.#held.delete(policyUid);
    this.#verdicts.delete(policyUid);
    this.send({ withdrawal: { policyUid, epoch, version } });
  }

  /** Sends anything else, in order. */
  send(response: budget.FollowResponseInput): void {
    this.#others.push(response);
    this.#wake();
  }

  /** Says that actions are stored. */
  receive(throughSequence: string): void {
    this.#receivedThrough = BigInt(throughSequence);
    this.#wake();
  }

  /** What is to be sent now: verdicts first, for what follows may speak of them. */
  take(): budget.FollowResponseInput[] {
    const verdicts = [...this.#verdicts.values()].map(({ body, epoch, version }) => ({
      verdict: { ...body, epoch, version },
    }));
    this.#verdicts.clear();
    const receipt =
      this.#receivedThrough === undefined
        ? []
        : [{ receipt: { throughSequence: this.#receivedThrough.toString() } }];
    this.#receivedThrough = undefined;
    return [...verdicts, ...this.#others.splice(0), ...receipt];
  }

  /** Resolves when there is something to send. */
  async wait(): Promise<void> {
    if (this.#verdicts.size > 0 || this.#others.length > 0 || this.#receivedThrough !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Whether its stream is over. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Its stream is over: ends a wait. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }
}
