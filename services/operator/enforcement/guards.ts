import { ApiError } from '@kubehero/kubernetes';
import type { Action } from '../audit/action-record.js';
import { objectPath } from '../world/watched-kinds.js';
import type { Guard } from '../world/world-objects.js';
import { quotaCloses } from '../world/projections.js';
import type { World } from '../world/world.js';
import {
  guardName,
  mostSpared,
  rulesOf,
  toAdmissionPolicy,
  toBinding,
  toMetadata,
  type AdmissionInput,
} from './admission-policy.js';
import { hashOfRules, tryFindGuardRecord } from './guard-record.js';
import { fieldManager, type RecordedWrite, type RecordedWriter } from './recorded-writer.js';
import type { ScopeView } from './scope.js';

type GuardKind = 'ValidatingAdmissionPolicy' | 'ValidatingAdmissionPolicyBinding' | 'ResourceQuota';

/** The words of a refusal are brought up to date no more often. */
const wordsEveryMs = 60_000;

/** Why Deny is refused, or undefined. */
export interface GuardFault {
  readonly reason: 'DenyNotExpressible' | 'DenyNeedsAdmissionPolicies';
  readonly message: string;
}

/** What {@link Guards.ensure} works with. */
export interface GuardWish extends AdmissionInput {
  readonly scope: ScopeView;
}

/**
 * What denies new pods: a ValidatingAdmissionPolicy with its binding, or quotas where the API server has none of those.
 * Releasing takes two steps: first the guard is opened (it denies nothing any more, and shows that a release is under
 * way), and when the owners have their pods again it is removed.
 */
export class Guards {
  readonly #seen = new Map<string, string>();
  readonly #wordsAt = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly writer: RecordedWriter,
    private readonly now: () => number,
  ) {}

  /** Guards of a policy, opened or not. */
  of(policyUid: string): readonly Guard[] {
    return [...this.world.guards()].filter(({ name }) => name === guardName(policyUid));
  }

  /** Why a policy cannot deny here. */
  tryFindFault({ scope, spared }: GuardWish): GuardFault | undefined {
    if (spared.length > mostSpared) {
      return {
        reason: 'DenyNotExpressible',
        message: `${spared.length} workloads of the scope are protected one by one, at most ${mostSpared} can be: mark their namespace or the template of their pods`,
      };
    }
    if (this.world.abilities().admissionPolicies) return undefined;
    if (scope.isWholeNamespaces && spared.length === 0) return undefined;
    return {
      reason: 'DenyNeedsAdmissionPolicies',
      message:
        'the API server has no ValidatingAdmissionPolicy v1 (Kubernetes 1.30), and a quota can deny whole namespaces alone: upgrade, or leave out workloadSelector, exclude and protected workloads',
    };
  }

  /** Makes what denies; resolves with true where everything stood already. @throws {ApiError} by status */
  async ensure(wish: GuardWish, signal: AbortSignal): Promise<boolean> {
    return this.world.abilities().admissionPolicies
      ? await this.#ensureAdmission(wish, signal)
      : await this.#ensureQuotas(wish, signal);
  }

  /** Lets pods in again and leaves what shows that a release is under way. Returns true where it was so already. */
  async open(policyUid: string, action: Omit<Action, 'object'>, signal: AbortSignal): Promise<boolean> {
    let isOpen = true;
    for (const guard of this.of(policyUid)) {
      if (guard.kind === 'ValidatingAdmissionPolicyBinding') {
        isOpen = false;
        await this.#delete(guard, { ...action, object: toAffected(guard) }, signal);
      } else if (guard.kind === 'ResourceQuota' && guard.message === quotaCloses) {
        isOpen = false;
        await this.#openQuota(guard, { ...action, object: toAffected(guard) }, signal);
      }
    }
    return isOpen;
  }

  /** Removes what is left of a policy's guards. @throws {ApiError} by status */
  async remove(policyUid: string, signal: AbortSignal): Promise<void> {
    for (const guard of this.of(policyUid)) {
      const { kind, namespace, name, uid } = guard;
      const path = objectPath(kind, namespace, name);
      await this.writer.writeUnrecorded(guard, { method: 'DELETE', path, body: deleteOptions(uid) }, signal);
      this.world.forget(guard);
    }
    this.#wordsAt.delete(policyUid);
  }

  async #ensureAdmission(wish: GuardWish, signal: AbortSignal): Promise<boolean> {
    const rules = rulesOf(wish);
    const policy = toAdmissionPolicy(wish);
    const words = (policy['spec'] as { validations: [{ message: string }] }).validations[0].message;
    const guards = this.of(wish.policy.uid);
    const stands = (kind: GuardKind): Guard | undefined =>
      guards.find((guard) => guard.kind === kind && this.#isAsWritten(guard, rules));
    const known = stands('ValidatingAdmissionPolicy');
    const isNew = known === undefined || stands('ValidatingAdmissionPolicyBinding') === undefined;
    if (known === undefined) await this.#apply('ValidatingAdmissionPolicy', policy, wish, signal);
    else if (known.message !== words && this.#mayReword(wish.policy.uid)) {
      await this.#reword(known, policy, wish.policy.uid, signal);
    }
    if (isNew) await this.#apply('ValidatingAdmissionPolicyBinding', toBinding(wish), wish, signal);
    return !isNew;
  }

  async #ensureQuotas(wish: GuardWish, signal: AbortSignal): Promise<boolean> {
    const rules = hashOfRules({ pods: 0 });
    const guards = this.of(wish.policy.uid);
    let stood = true;
    for (const { name: namespace } of wish.scope.namespaces) {
      const known = guards.find((guard) => guard.namespace === namespace && guard.kind === 'ResourceQuota');
      if (known?.message === quotaCloses && this.#isAsWritten(known, rules)) continue;
      stood = false;
      const metadata = { ...toMetadata(wish, rules), namespace };
      const body = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } };
      await this.#apply('ResourceQuota', body, wish, signal);
    }
    return stood;
  }

  async #apply(
    kind: GuardKind,
    body: Record<string, unknown>,
    { policy }: GuardWish,
    signal: AbortSignal,
  ): Promise<void> {
    const { name, namespace = '' } = body['metadata'] as { name: string; namespace?: string };
    const apiVersion = String(body['apiVersion']);
    const object = { apiVersion, kind, namespace, name, uid: '', action: 'Denied' };
    const known = this.of(policy.uid).find((guard) => guard.kind === kind && guard.namespace === namespace);
    const raw = await this.writer.write(
      {
        // After a restart everything is written once; what stood as it should was not changed and is not recorded.
        isChange: (stored) => kind === 'ResourceQuota' || versionOf(stored).generation !== known?.generation,
        action: {
          policyUid: policy.uid,
          policyName: policy.name,
          action: 'Deny',
          object,
          reason: `${policy.spend} ${policy.currency} were spent of ${policy.ceiling} ${policy.currency}`,
          beforeJson: '',
          afterJson: JSON.stringify(body['spec']),
        },
        witness: { kind, namespace, name, uid: '', expects: 'present' },
        write: known === undefined ? toMake(kind, body) : toMend(known, body),
      },
      signal,
    );
    const { uid, generation } = versionOf(raw);
    this.#seen.set(uid, generation);
    if (kind === 'ValidatingAdmissionPolicy') this.#wordsAt.set(policy.uid, this.now());
  }

  async #reword(
    guard: Guard,
    body: Record<string, unknown>,
    uid: string,
    signal: AbortSignal,
  ): Promise<void> {
    this.#wordsAt.set(uid, this.now());
    await this.writer.writeUnrecorded(guard, toMend(guard, body), signal);
    const fresh = this.world.tryFind(guard.kind, guard.uid) as Guard | undefined;
    if (fresh !== undefined) this.#seen.set(fresh.uid, fresh.generation);
  }

  #mayReword(policyUid: string): boolean {
    return this.now() - (this.#wordsAt.get(policyUid) ?? 0) >= wordsEveryMs;
  }

  /** True where a guard has our rules and nobody has written it since we did, or since we first saw it. */
  #isAsWritten(guard: Guard, rules: string): boolean {
    const seen = this.#seen.get(guard.uid);
    return seen === guard.generation && tryFindGuardRecord(guard)?.rules === rules;
  }

  async #delete(guard: Guard, action: Action, signal: AbortSignal): Promise<void> {
    const { kind, namespace, name, uid } = guard;
    const write = {
      method: 'DELETE',
      path: objectPath(kind, namespace, name),
      body: deleteOptions(uid),
    } as const;
    const witness = { kind, namespace, name, uid, expects: 'gone' } as const;
    try {
      await this.writer.write({ action, witness, write }, signal);
    } catch (error) {
      // Where another one has taken its name, the one that was meant is gone; other conflicts are tried again.
      if (!(error instanceof ApiError) || error.code !== 'CONFLICT') throw error;
      if (!(await this.writer.isGone(guard, signal))) throw error;
    }
    this.world.forget(guard);
    this.#seen.delete(uid);
  }

  async #openQuota(guard: Guard, action: Action, signal: AbortSignal): Promise<void> {
    const { kind, namespace, name, uid } = guard;
    const body = { spec: { hard: { pods: null } } };
    const path = `${objectPath(kind, namespace, name)}?fieldManager=${fieldManager}`;
    const write = { method: 'PATCH', path, contentType: 'application/merge-patch+json', body } as const;
    await this.writer.write(
      { action, witness: { kind, namespace, name, uid, expects: 'present' }, write },
      signal,
    );
  }
}

/** Server-side apply makes it, also where another replica is making it at the same moment. */
function toMake(kind: GuardKind, body: Record<string, unknown>): RecordedWrite['write'] {
  const { name, namespace = '' } = body['metadata'] as { name: string; namespace?: string };
  return {
    method: 'PATCH',
    path: `${objectPath(kind, namespace, name)}?fieldManager=${fieldManager}&force=true`,
    contentType: 'application/apply-patch+yaml',
    body,
  };
}

/** Everything of a spec that only somebody else can have put there; apply would leave it, for it is theirs. */
const foreign: Readonly<Record<GuardKind, Readonly<Record<string, unknown>>>> = {
  ValidatingAdmissionPolicy: { paramKind: null, variables: null, auditAnnotations: null },
  ValidatingAdmissionPolicyBinding: { paramRef: null, matchResources: null },
  ResourceQuota: { scopes: null, scopeSelector: null },
};

/** Puts a guard back to what it must be; lists are replaced whole. */
function toMend({ kind, namespace, name }: Guard, body: Record<string, unknown>): RecordedWrite['write'] {
  const { labels, annotations } = body['metadata'] as Record<string, unknown>;
  const { matchConstraints, ...spec } = body['spec'] as Record<string, unknown>;
  return {
    method: 'PATCH',
    path: `${objectPath(kind, namespace, name)}?fieldManager=${fieldManager}`,
    contentType: 'application/merge-patch+json',
    body: {
      metadata: { labels, annotations },
      spec: {
        ...spec,
        ...foreign[kind as GuardKind],
        ...(matchConstraints !== undefined && { matchConstraints: withoutForeign(matchConstraints) }),
      },
    },
  };
}

function withoutForeign(matchConstraints: unknown): Record<string, unknown> {
  const { namespaceSelector, objectSelector, ...rest } = matchConstraints as Record<string, object>;
  return {
    ...rest,
    excludeResourceRules: null,
    namespaceSelector: { matchLabels: null, ...namespaceSelector },
    objectSelector: { matchLabels: null, ...objectSelector },
  };
}

function versionOf(raw: unknown): { uid: string; generation: string } {
  const { metadata } = raw as { metadata?: { uid?: string; generation?: number } };
  return { uid: metadata?.uid ?? '', generation: String(metadata?.generation ?? '') };
}

/** Deletes exactly the object that was meant, never a successor of the same name. */
export function deleteOptions(uid: string): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
}

function toAffected({ apiVersion, kind, namespace, name, uid }: Guard): NonNullable<Action['object']> {
  return { apiVersion, kind, namespace, name, uid, action: 'Denied' };
}
