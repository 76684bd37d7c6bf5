import type { budget } from '@kubehero/rpc';
import { compareVerdicts, type Verdict } from './verdict.js';

type Place = Pick<Verdict, 'epoch' | 'version'>;

/**
 * The verdicts that are in force, by the policy's identity. An older one never replaces a newer one, so that a leader
 * of the hub that wakes up late changes nothing. Bounded by the policies that concern this cluster.
 */
export class VerdictBook {
  readonly #verdicts = new Map<string, Verdict>();
  /** Policies that the hub said do not concern this cluster, and where in the order it said so. */
  readonly #withdrawn = new Map<string, Place>();

  /** The verdict in force. */
  tryFind(uid: string): Verdict | undefined {
    return this.#verdicts.get(uid);
  }

  /** True where the hub took the policy back and has not judged it since. */
  isWithdrawn(uid: string): boolean {
    return this.#withdrawn.has(uid);
  }

  /** Takes a verdict in. @returns false where a newer one, or the same, is there */
  accept(uid: string, verdict: Verdict): boolean {
    const known = this.#verdicts.get(uid);
    const place = known ?? this.#withdrawn.get(uid);
    const order = place === undefined ? 1 : compareVerdicts(verdict, place);
    // What was restored from the object lacks its live figures; the same verdict brings them.
    const completes = order === 0 && known !== undefined && known.live === undefined;
    if (order <= 0 && !completes) return false;
    this.#verdicts.set(uid, verdict);
    this.#withdrawn.delete(uid);
    return true;
  }

  /** Takes back a policy. @returns false where a newer verdict is there */
  withdraw(uid: string, place: Place): boolean {
    const known = this.#verdicts.get(uid);
    if (known !== undefined && compareVerdicts(place, known) < 0) return false;
    this.#verdicts.delete(uid);
    this.#withdrawn.set(uid, place);
    return true;
  }

  /** The hub told everything: what it did not name, and no newer term judged, is withdrawn. @returns those */
  sync(epoch: bigint, uids: readonly string[]): readonly string[] {
    const named = new Set(uids);
    const gone = [...this.#verdicts].filter(([uid, verdict]) => !named.has(uid) && verdict.epoch <= epoch);
    return gone
      .filter(([uid, verdict]) => this.withdraw(uid, { epoch, version: verdict.version }))
      .map(([uid]) => uid);
  }

  /** Drops everything about a policy that is gone. */
  forget(uid: string): void {
    this.#verdicts.delete(uid);
    this.#withdrawn.delete(uid);
  }

  /** What is held, for the introduction. */
  held(): readonly budget.HeldVerdictInput[] {
    return [...this.#verdicts]
      .filter(([, verdict]) => verdict.live !== undefined)
      .map(([policyUid, { epoch, version }]) => ({
        policyUid,
        epoch: String(epoch),
        version: String(version),
      }));
  }

  /** Identities of the policies that have a verdict. */
  uids(): readonly string[] {
    return [...this.#verdicts.keys()];
  }
}
