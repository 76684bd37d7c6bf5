import { formatPicounits, type SpendBook, type SpendPart } from '@kubehero/domain';
import type { LabelledCluster } from '@kubehero/store-postgres';
import type { Observation } from './collectors.js';
import { some, type Statement, type Subject } from './policy-plan.js';

/** What holds of subjects until pods, policies or registrations change. */
export class ScopeStatements {
  readonly #bySubject = new Map<string, readonly Statement[]>();

  constructor(subjects: readonly Subject[], book: SpendBook) {
    const subjectOf = new Map(subjects.flatMap((one) => one.parts.map(({ key }) => [key, one] as const)));
    const overlaps = book.overlaps();
    const coverage = book.coverage();
    for (const subject of subjects) {
      const parts = partsOf(subject, book);
      const others = new Set(
        parts.flatMap((part) =>
          [...(overlaps.get(part) ?? [])].flatMap(({ key }) => subjectOf.get(key) ?? []),
        ),
      );
      others.delete(subject);
      this.#bySubject.set(subject.key, [
        scopeStatement(subject, parts, coverage),
        ...(others.size === 0 ? [] : [overlapStatement([...others])]),
      ]);
    }
  }

  /** What is to be said about the scope of a subject. */
  of(subject: Subject): readonly Statement[] {
    return this.#bySubject.get(subject.key) ?? [];
  }
}

/** Parts of a subject that the book knows. */
export function partsOf(subject: Subject, book: SpendBook): SpendPart[] {
  return subject.parts.flatMap(({ key }) => book.tryFind(key) ?? []);
}

function scopeStatement(
  subject: Subject,
  parts: readonly SpendPart[],
  coverage: ReturnType<SpendBook['coverage']>,
): Statement {
  const { scope } = subject.spec;
  const because = (reason: string, message: string): Statement => ({
    type: 'Scope',
    status: 'False',
    reason,
    message,
  });
  if (parts.length === 0) {
    return because(
      'NoCluster',
      "no cluster that the policy may reach has the labels of its clusterSelector: see 'kubehero cluster list'",
    );
  }
  if (parts.every((part) => !coverage.namespaces.has(part))) {
    return because('MatchesNothing', 'no namespace is covered: look at namespaces and namespaceSelector');
  }
  if (scope.workloadSelector !== undefined && parts.every((part) => !coverage.withPods.has(part))) {
    return because('NoWorkloads', 'no pod that runs now has the labels of the workloadSelector');
  }
  const isAll = [scope.namespaceSelector, scope.workloadSelector].every(isEverything);
  if (isAll && (scope.namespaces ?? []).length === 0) {
    return {
      type: 'Scope',
      status: 'True',
      reason: 'MatchesEverything',
      message:
        'the policy covers everything in its clusters: give namespaces or a workloadSelector if that is not meant',
    };
  }
  return { type: 'Scope', status: 'True', reason: 'Matches', message: 'the scope covers workloads' };
}

function isEverything(selector: Subject['spec']['scope']['namespaceSelector']): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

function overlapStatement(others: readonly Subject[]): Statement {
  const names = others.map(nameOf).sort();
  return {
    type: 'Overlaps',
    status: 'True',
    reason: 'StrictestWins',
    message: `covers workloads that ${some(names)} cover too: whichever ceiling is passed first stops them, and they stay stopped until none is`,
  };
}

function nameOf({ policy, ceiling }: Subject): string {
  return `'${policy.name}' (${formatPicounits(ceiling.picounits)}/${ceiling.period})`;
}

/** Whether enough is observed for a forecast. */
export function staleStatement(
  subject: Subject,
  observe: (clusterKey: number) => Observation,
  clusters: readonly LabelledCluster[],
): Statement {
  const stale = subject.clusterKeys.filter((key) => observe(key).isStale);
  if (stale.length === 0) {
    return { type: 'Stale', status: 'False', reason: 'Observed', message: 'collectors report what is spent' };
  }
  const names = stale.map((key) => clusters.find((cluster) => cluster.key === key)?.name ?? String(key));
  return {
    type: 'Stale',
    status: 'True',
    reason: 'CollectorsMissing',
    message: `collectors of ${some(names)} are silent: spend is a lower bound and there is no forecast; look at the collectors there`,
  };
}
