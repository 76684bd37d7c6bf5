import type { SpendBook } from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import type { Subject } from './policy-plan.js';

const HOUR_S = 3600;

/**
 * What the nodes that stopped pods leave behind still cost an hour. An estimate: what the policy's pods cost in the hour
 * before the ceiling was passed, at most what the nodes of their clusters idle away now.
 *
 * @returns picounits, undefined while nothing is stopped
 */
export function stillPaidPerHour(
  subject: Subject,
  known: {
    readonly book: SpendBook;
    readonly nowS: number;
    /** Epoch second, 0 where the ceiling was not passed. */
    readonly exceededAtS: number;
    /** Reports by policy and cluster. */
    readonly enforcement: ReadonlyMap<string, budget.Enforcement>;
  },
): bigint | undefined {
  const { uid } = subject.policy;
  const stopped = subject.clusterKeys.filter((key) => {
    const report = known.enforcement.get(`${uid}/${key}`);
    return report?.state === 'ENFORCEMENT_STATE_ENFORCED' && report.objectCount > 0;
  });
  if (stopped.length === 0 || known.exceededAtS === 0) return undefined;
  return stopped.reduce((sum, clusterKey) => {
    const cells = known.book.tryFind(`${uid}/${clusterKey}`)?.cells;
    const before = cells?.cellAt(known.exceededAtS - HOUR_S).cost ?? 0n;
    const idle = known.book.idlePerHour(clusterKey, known.nowS);
    return sum + (before < idle ? before : idle);
  }, 0n);
}
