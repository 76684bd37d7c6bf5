import { isNeverTouched } from '@kubehero/contract';
import { isEmptySelector, matchesLabels, type BudgetPolicySpec } from '@kubehero/domain';
import type { Labels, Namespace, Workload } from '../world/world-objects.js';
import type { World } from '../world/world.js';
import { tryFindSelectorFault } from './selector-rules.js';

/** The part of a policy that says what it covers in this cluster. */
export interface ScopeSpec {
  readonly scope: Omit<BudgetPolicySpec['scope'], 'clusterSelector'>;
  readonly exclude: NonNullable<BudgetPolicySpec['enforcement']>['exclude'];
}

/** Why a policy is not carried out: what is wrong with its scope, with the remedy. */
export interface ScopeFault {
  readonly reason: 'ScopeProtected' | 'SelectorInvalid' | 'ExcludesEverything';
  readonly message: string;
}

/** Takes the scope out of a policy. */
export function toScopeSpec(spec: BudgetPolicySpec): ScopeSpec {
  const { namespaceSelector, namespaces, workloadSelector } = spec.scope;
  return {
    scope: {
      ...(namespaceSelector && { namespaceSelector }),
      ...(namespaces && { namespaces }),
      ...(workloadSelector && { workloadSelector }),
    },
    exclude: spec.enforcement?.exclude,
  };
}

/** What a policy covers in this cluster, as the caches show it now. */
export class ScopeView {
  /** Namespaces that the scope names and that may be touched. */
  readonly namespaces: readonly Namespace[];
  /** Names of namespaces that the scope names and that are never touched. */
  readonly untouched: readonly string[];

  constructor(
    readonly spec: ScopeSpec,
    world: World,
    neverTouch: readonly string[] = [],
  ) {
    const matched = [...world.namespaces()].filter((each) => this.#matches(each));
    const isUntouched = (each: Namespace): boolean =>
      each.isProtected || isNeverTouched(each.name, neverTouch);
    this.namespaces = matched.filter((each) => !isUntouched(each));
    this.untouched = matched.filter(isUntouched).map(({ name }) => name);
  }

  /** Why the policy must be refused, or undefined. */
  tryFindFault(): ScopeFault | undefined {
    const { scope, exclude } = this.spec;
    for (const selector of [scope.namespaceSelector, scope.workloadSelector, exclude]) {
      const fault = tryFindSelectorFault(selector);
      if (fault !== undefined) {
        return {
          reason: 'SelectorInvalid',
          message: `a selector can match nothing and no admission policy can say it: ${fault}; mend the selector`,
        };
      }
    }
    if (exclude !== undefined && isEmptySelector(exclude)) {
      return {
        reason: 'ExcludesEverything',
        message:
          'spec.enforcement.exclude is empty and so excludes every workload: give it labels or leave it out',
      };
    }
    if (this.namespaces.length > 0 || this.untouched.length === 0) return undefined;
    return {
      reason: 'ScopeProtected',
      message: `the scope is nothing but namespaces that are never touched (${some(this.untouched)}): choose others`,
    };
  }

  /** True for pods of these labels, in one of {@link namespaces}. */
  coversPods(labels: Labels): boolean {
    const { scope, exclude } = this.spec;
    if (!matchesLabels(scope.workloadSelector, labels)) return false;
    return exclude === undefined || !matchesLabels(exclude, labels);
  }

  /** True for a workload whose pods the policy covers; `workload` is in one of {@link namespaces}. */
  covers(workload: Workload): boolean {
    return !workload.isProtected && this.coversPods(workload.podLabels);
  }

  /** True where whole namespaces are covered, whatever runs in them. */
  get isWholeNamespaces(): boolean {
    const { scope, exclude } = this.spec;
    const selectsAll = scope.workloadSelector === undefined || isEmptySelector(scope.workloadSelector);
    return selectsAll && exclude === undefined;
  }

  #matches({ name, labels }: Namespace): boolean {
    const { namespaces, namespaceSelector } = this.spec.scope;
    const isNamed = namespaces === undefined || namespaces.length === 0 || namespaces.includes(name);
    return isNamed && matchesLabels(namespaceSelector, labels);
  }
}

/** The first names of a list, for a sentence. */
export function some(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
