import { annotationKeys } from '@kubehero/contract';
import { ApiError, TerminalError, type Result } from '@kubehero/kubernetes';
import type { Logger } from '@kubehero/runtime';
import { isReplica, type BudgetPolicyObject } from '../policies/budget-policy.js';
import type { PolicyStore } from '../policies/policy-store.js';
import type { VerdictBook } from '../policies/verdict-book.js';
import { toCanonical, type LiveFigures } from '../policies/verdict.js';

/** What {@link Replicas} work with. */
export interface ReplicasOptions {
  readonly store: Pick<
    PolicyStore,
    'tryFind' | 'tryFindByIdentity' | 'createReplica' | 'replaceSpec' | 'delete'
  >;
  readonly book: VerdictBook;
  /** This cluster's identity: policies that are written here are never copied here. */
  readonly clusterId: string;
  readonly logger: Logger;
}

const MAX_NAME = 253;
const SUFFIX_LENGTH = 8;

/** Keeps a copy of every policy that is written in another cluster and concerns this one. */
export class Replicas {
  constructor(private readonly options: ReplicasOptions) {}

  /** Brings the replica of an identity to what the verdict in force says; removes it once it was withdrawn. */
  async reconcile(uid: string, signal: AbortSignal): Promise<Result> {
    const { store, book, clusterId } = this.options;
    const policy = store.tryFindByIdentity(uid);
    if (policy !== undefined && !isReplica(policy)) return {};
    if (book.isWithdrawn(uid)) {
      if (policy === undefined) book.forget(uid);
      else if (policy.metadata.deletionTimestamp === undefined) await store.delete(policy, signal);
      return {};
    }
    const verdict = book.tryFind(uid);
    if (verdict?.live === undefined || verdict.originClusterId === clusterId) return {};
    if (policy === undefined) await this.#create(uid, verdict.live, signal);
    else await this.#update(policy, verdict.live, signal);
    return {};
  }

  async #create(uid: string, live: LiveFigures, signal: AbortSignal): Promise<void> {
    const { store, logger } = this.options;
    const isTaken = store.tryFind(live.policyName) !== undefined;
    const suffix = isTaken ? `-${uid.slice(0, SUFFIX_LENGTH)}` : '';
    const name = `${live.policyName.slice(0, MAX_NAME - suffix.length)}${suffix}`;
    try {
      await store.createReplica({ uid, name, spec: toSpec(live), armedBy: live.armedBy }, signal);
      logger.info('a policy of another cluster concerns this one', { policy: name, uid });
    } catch (error) {
      throw terminalWhereInvalid(error);
    }
  }

  async #update(policy: BudgetPolicyObject, live: LiveFigures, signal: AbortSignal): Promise<void> {
    if (policy.metadata.deletionTimestamp !== undefined) return;
    const armedBy = policy.metadata.annotations[annotationKeys.armedBy] ?? '';
    const spec = toSpec(live);
    if (toCanonical(policy.spec) === toCanonical(spec) && armedBy === live.armedBy) return;
    try {
      await this.options.store.replaceSpec(policy, { spec, armedBy: live.armedBy }, signal);
    } catch (error) {
      throw terminalWhereInvalid(error);
    }
  }
}

function toSpec(live: LiveFigures): unknown {
  return JSON.parse(live.specJson) as unknown;
}

/** A spec that this cluster's definition refuses stays refused until one of them changes. */
function terminalWhereInvalid(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.code !== 'INVALID') return error;
  return new TerminalError(`the replica is refused: ${error.message}`, { cause: error });
}
