import { annotationKeys, budgetPolicyNames } from '@kubehero/contract';
import { ApiError } from '@kubehero/kubernetes';
import type { budget } from '@kubehero/rpc';
import type { Logger } from '@kubehero/runtime';
import type { AuditChain } from '../audit/audit-chain.js';
import {
  armedByOf,
  identityOf,
  isReplica,
  policyApiVersion,
  type BudgetPolicyObject,
} from '../policies/budget-policy.js';
import type { PolicyStore } from '../policies/policy-store.js';

/** What {@link Arming} works with. */
export interface ArmingOptions {
  readonly store: Pick<PolicyStore, 'tryFindByIdentity' | 'patch'>;
  readonly audit: Pick<AuditChain, 'append'>;
  readonly logger: Logger;
}

const ATTEMPTS = 5;
const MAX_ANSWERED = 1000;

/** Carries out what people armed or disarmed by the hub, and records who armed or disarmed what, by whichever way. */
export class Arming {
  /** Requests whose record is written, and what they wanted: the change itself is not recorded a second time. */
  readonly #answered = new Map<string, boolean>();

  constructor(private readonly options: ArmingOptions) {}

  /** Arms or disarms for a person; the record answers the request, also where it is refused. */
  async set(request: budget.SetArmed, signal: AbortSignal): Promise<void> {
    this.#remember(request);
    try {
      const before = this.options.store.tryFindByIdentity(request.policyUid);
      if (before === undefined || isReplica(before)) {
        throw new ApiError(
          'NOT_FOUND',
          'the policy is not written in this cluster: arm it where it is written',
        );
      }
      await this.#write(request, signal);
      await this.options.audit.append(toAction(before, request));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.options.logger.warn('a policy could not be armed or disarmed', { uid: request.policyUid, error });
      await this.options.audit.append(toRefusal(request, why));
    }
  }

  /**
   * Records a change of arming that was made in the cluster itself. What was recorded last stands in the status, so
   * that a restart neither forgets nor repeats one.
   */
  async note(policy: BudgetPolicyObject, signal: AbortSignal): Promise<void> {
    if (isReplica(policy)) return;
    const by = armedByOf(policy);
    if (by === (policy.status.armedBy ?? '')) return;
    const request = policy.metadata.annotations[annotationKeys.armRequest] ?? '';
    const armed = policy.spec.armed === true;
    if (this.#answered.get(request) !== armed) {
      const who = armed ? by : 'a change in the cluster';
      await this.options.audit.append(
        toAction(policy, { requestId: '', policyUid: identityOf(policy), armed, by: who }),
      );
    }
    if (!armed) await this.#dropName(policy, signal);
  }

  /** A policy that is not armed names nobody, else the next one to arm it would go by an older name. */
  async #dropName(policy: BudgetPolicyObject, signal: AbortSignal): Promise<void> {
    const { annotations } = policy.metadata;
    if (annotations[annotationKeys.armedBy] === undefined) return;
    const gone = { [annotationKeys.armedBy]: null, [annotationKeys.armRequest]: null };
    await this.options.store.patch(policy, { metadata: { annotations: gone } }, signal);
  }

  async #write(request: budget.SetArmed, signal: AbortSignal): Promise<void> {
    const { armed, by, requestId, policyUid } = request;
    for (let attempt = 1; ; attempt += 1) {
      const policy = this.options.store.tryFindByIdentity(policyUid);
      if (policy === undefined) throw new ApiError('NOT_FOUND', 'the policy is gone');
      const annotations = {
        [annotationKeys.armedBy]: armed ? by : null,
        [annotationKeys.armRequest]: requestId,
      };
      try {
        await this.options.store.patch(policy, { metadata: { annotations }, spec: { armed } }, signal);
        return;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'CONFLICT' || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
      }
    }
  }

  #remember({ requestId, armed }: budget.SetArmed): void {
    this.#answered.set(requestId, armed);
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > MAX_ANSWERED && oldest !== undefined) this.#answered.delete(oldest);
  }
}

type Action = Parameters<AuditChain['append']>[0];

function toAction(policy: BudgetPolicyObject, request: budget.SetArmed): Action {
  const { armed, by, requestId } = request;
  return {
    policyUid: identityOf(policy),
    policyName: policy.metadata.name,
    action: armed ? 'Arm' : 'Disarm',
    object: {
      apiVersion: policyApiVersion,
      kind: budgetPolicyNames.kind,
      namespace: '',
      name: policy.metadata.name,
      uid: policy.metadata.uid,
      action: armed ? 'Armed' : 'Disarmed',
    },
    reason: `${by} ${armed ? 'armed' : 'disarmed'} the policy with its ceiling of ${policy.spec.ceiling}`,
    beforeJson: JSON.stringify({ armed: policy.spec.armed === true }),
    afterJson: JSON.stringify({ armed, by, ...(requestId === '' ? {} : { requestId }) }),
  };
}

function toRefusal(request: budget.SetArmed, why: string): Action {
  return {
    policyUid: request.policyUid,
    policyName: '',
    action: 'Refuse',
    object: null,
    reason: why,
    beforeJson: '',
    afterJson: JSON.stringify({ requestId: request.requestId, by: request.by }),
  };
}
