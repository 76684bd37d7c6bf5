import type { BudgetPolicySpec } from '@kubehero/domain';
import { budget, type ClientStream, type RpcChannel } from '@kubehero/rpc';
import { openClusterChannel } from './cluster-channel.js';
import type { Plane } from './stack.js';
import { waitUntil } from './wait-until.js';

/** The hub's stream as an operator uses it: keeps what was said last. */
export class BudgetOperator {
  readonly verdicts = new Map<string, budget.Verdict>();
  /** When each policy was first said to be exceeded, epoch milliseconds. */
  readonly exceededSeenAt = new Map<string, number>();
  readonly withdrawn: budget.Withdrawal[] = [];
  readonly synced: budget.Synced[] = [];
  readonly armings: budget.SetArmed[] = [];
  readonly verdictCounts = new Map<string, number>();
  receivedThrough = 0;
  failure: unknown;
  #channel: RpcChannel | undefined;
  #stream: ClientStream<budget.FollowRequestInput, budget.FollowResponse> | undefined;

  /** Opens the stream. */
  async connect(
    plane: Plane,
    clusterId: string,
    held: readonly budget.HeldVerdictInput[] = [],
    chainKey: Uint8Array = new Uint8Array(),
  ): Promise<void> {
    this.#channel = await openClusterChannel(plane, { clusterId, role: 'operator', name: 'operator' });
    this.#stream = this.#channel.client(budget.BudgetService).Follow();
    await this.#stream.send({ hello: { operator: 'test/1', held: [...held], chainKey } });
    this.#listen(this.#stream).catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** Says which policies are written in the cluster. */
  async author(policies: readonly AuthoredSpec[]): Promise<void> {
    await this.send({
      authored: {
        policies: policies.map(({ uid, name = uid, generation = 1, spec, armedBy = '' }) => ({
          uid,
          name,
          generation,
          specJson: typeof spec === 'string' ? spec : JSON.stringify(spec),
          armedBy,
        })),
      },
    });
  }

  /** Sends anything. */
  async send(request: budget.FollowRequestInput): Promise<void> {
    if (this.#stream === undefined) throw new Error('the operator is not connected');
    await this.#stream.send(request);
  }

  /** The verdict of a policy once something holds of it. */
  async verdict(
    uid: string,
    holds: (verdict: budget.Verdict) => boolean = () => true,
  ): Promise<budget.Verdict> {
    await waitUntil(`a verdict on ${uid}`, () => {
      if (this.failure !== undefined) throw new Error('the stream ended', { cause: this.failure });
      const verdict = this.verdicts.get(uid);
      return verdict !== undefined && holds(verdict);
    });
    return this.verdicts.get(uid) as budget.Verdict;
  }

  /** Closes the stream. */
  close(): void {
    this.#stream?.cancel();
    this.#channel?.close();
  }

  async #listen(stream: ClientStream<budget.FollowRequestInput, budget.FollowResponse>): Promise<void> {
    for await (const { verdict, withdrawal, synced, receipt, setArmed } of stream.responses) {
      if (verdict !== undefined) this.#take(verdict);
      if (withdrawal !== undefined) this.withdrawn.push(withdrawal);
      if (synced !== undefined) this.synced.push(synced);
      if (receipt !== undefined) this.receivedThrough = Number(receipt.throughSequence);
      if (setArmed !== undefined) this.armings.push(setArmed);
    }
  }

  #take(verdict: budget.Verdict): void {
    const { policyUid } = verdict;
    this.verdicts.set(policyUid, verdict);
    this.verdictCounts.set(policyUid, (this.verdictCounts.get(policyUid) ?? 0) + 1);
    if (verdict.exceeded && !this.exceededSeenAt.has(policyUid))
      this.exceededSeenAt.set(policyUid, Date.now());
  }
}

/** A policy as a test writes it. */
export interface AuthoredSpec {
  readonly uid: string;
  readonly name?: string;
  readonly generation?: number;
  readonly spec: BudgetPolicySpec | string;
  readonly armedBy?: string;
}
