import type { Gap } from '@kubehero/domain';
import type { Flush } from './flush.js';
import type { NodeRegistry, NodeState } from './node-registry.js';

/** Emitters keep 60 s; what has not come this long after a gap showed will not come by itself. */
const GRACE_S = 75;
/** A long gap is charged in pieces, so that none holds the event loop or fills an insert. */
const PIECE_S = 10_800;

/**
 * Charges gaps in which a node demonstrably ran as unobserved cost, once nothing can fill them any more by
 * itself. Late data replaces the charge all the same.
 */
export class GapWatch {
  /** When a gap showed, by its end, which stays the same while it is charged in pieces. */
  readonly #seenAt = new WeakMap<NodeState, Map<number, number>>();

  constructor(
    private readonly registry: NodeRegistry,
    private readonly clock: {
      readonly nowS: () => number;
      /** Seconds before this one are not kept any more, and their rollups stay as they are. */
      readonly horizonS: () => number;
    },
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
      for (const gap of this.#due(node)) {
        rows += this.#charge(flush, node, gap, budget - rows);
        if (rows >= budget) return rows;
      }
    }
    return rows;
  }

  #due(node: NodeState): Gap[] {
    const open = node.gaps.list().filter((gap) => gap.ran && !gap.charged);
    if (open.length === 0) return open;
    const now = this.clock.nowS();
    const known = this.#seenAt.get(node);
    const seenAt = new Map(open.map(({ to }) => [to, known?.get(to) ?? now]));
    this.#seenAt.set(node, seenAt);
    return open.filter(({ to }) => now - (seenAt.get(to) ?? now) >= GRACE_S);
  }

  #charge(flush: Flush, node: NodeState, gap: Gap, budget: number): number {
    const from = Math.max(gap.from, this.clock.horizonS());
    const to = Math.min(gap.to, from + Math.min(budget, PIECE_S));
    if (node.spec === undefined || to <= from) return 0;
    return flush.charge(node, { from, to });
  }
}
