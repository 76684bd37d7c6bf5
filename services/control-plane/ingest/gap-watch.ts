import type { Gap } from '@kubehero/domain';
import type { Flush } from './flush.js';
import type { NodeRegistry, NodeState } from './node-registry.js';

/** Emitters keep 60 s; what has not come this long after a gap showed will not come by itself. */
const GRACE_S = 75;
/** At most this much of a gap is charged second by second: what is older than a day is no outage of ours. */
const MAX_CHARGED_S = 86_400;

/**
 * Charges gaps in which a node demonstrably ran as unobserved cost, once nothing can fill them any more by
 * itself. Late data replaces the charge all the same.
 */
export class GapWatch {
  readonly #seenAt = new WeakMap<Gap, number>();

  constructor(
    private readonly registry: NodeRegistry,
    private readonly nowS: () => number,
  ) {}

  /**
   * Adds due charges to a flush.
   *
   * @param budget - rows at most
   * @returns rows added
   */
  chargeDue(flush: Flush, budget: number): number {
    let rows = 0;
    for (const node of this.registry.all()) {
      for (const gap of [...node.gaps.list()]) {
        if (gap.charged || !gap.ran || !this.#isDue(gap)) continue;
        rows += this.#charge(flush, node, gap, budget - rows);
        if (rows >= budget) return rows;
      }
    }
    return rows;
  }

  #isDue(gap: Gap): boolean {
    const now = this.nowS();
    const seenAt = this.#seenAt.get(gap) ?? now;
    this.#seenAt.set(gap, seenAt);
    return now - seenAt >= GRACE_S;
  }

  #charge(flush: Flush, node: NodeState, gap: Gap, budget: number): number {
    const seconds = gap.to - gap.from;
    if (node.spec === undefined || seconds > budget || seconds > MAX_CHARGED_S) return 0;
    flush.charge(node, gap);
    return seconds;
  }
}
