import type { NodeRegistry } from './node-registry.js';
import type { PendingBatch, Session, SessionNode } from './session.js';
import type { WireNodeBatch } from './wire.js';

const MAX_BATCHES = 256;
/** Nodes that are looked up at the same time; leaves connections to PostgreSQL for queries. */
const CONCURRENCY = 4;

/**
 * Takes batches off the queue that can be resolved together. A dictionary that is emptied while rows of its node are
 * still to be written ends the wave: those rows mean the entries from before.
 */
export function takeWave(queue: PendingBatch[]): PendingBatch[] {
  const wave: PendingBatch[] = [];
  const seen = new Set<SessionNode>();
  while (wave.length < MAX_BATCHES) {
    const next = queue[0];
    if (next === undefined || next.batch.nodes.some((part) => emptiesAgain(next.session, part, seen))) break;
    for (const part of next.batch.nodes) {
      const node = next.session.nodes[part.node];
      if (node !== undefined) seen.add(node);
    }
    wave.push(next);
    queue.shift();
  }
  return wave;
}

function emptiesAgain(session: Session, part: WireNodeBatch, seen: ReadonlySet<SessionNode>): boolean {
  const node = session.nodes[part.node];
  return node !== undefined && seen.has(node) && (part.resetDictionary || part.spec != null);
}

/** Specs and identities of a wave become keys, several nodes at a time; most batches bring none, and nothing waits. */
export async function resolveWave(registry: NodeRegistry, wave: readonly PendingBatch[]): Promise<void> {
  const work = new Map<SessionNode, { session: Session; parts: WireNodeBatch[] }>();
  for (const { session, batch } of wave) {
    for (const part of batch.nodes) {
      const node = session.nodes[part.node];
      if (node === undefined || !bringsSomething(part)) continue;
      const entry = work.get(node) ?? { session, parts: [] };
      entry.parts.push(part);
      work.set(node, entry);
    }
  }
  const waiting = [...work];
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [node, { session, parts }] = next;
      for (const part of parts) await resolvePart(registry, session, node, part);
    }
  };
  // All are waited for, also after a failure: a straggler must not write into the registry while it is read afresh
  const outcomes = await Promise.allSettled(
    Array.from({ length: Math.min(CONCURRENCY, waiting.length) }, worker),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function bringsSomething(part: WireNodeBatch): boolean {
  return part.spec != null || part.resetDictionary || part.identities.length > 0;
}

async function resolvePart(
  registry: NodeRegistry,
  session: Session,
  node: SessionNode,
  part: WireNodeBatch,
): Promise<void> {
  if (part.resetDictionary) node.dictionary.reset();
  if (part.spec) {
    const identity = { clusterKey: session.clusterKey, uid: node.uid };
    node.state = await registry.applySpec(identity, part.spec, firstSecondOf(part));
  }
  if (part.identities.length === 0 || node.state === undefined) return;
  const rows = await registry.resolveIdentities(node.state, part.identities);
  rows.forEach((row, at) => {
    const identity = part.identities[at];
    node.dictionary.append({
      key: row.key,
      namespaceKey: row.namespaceKey ?? 0,
      sortText: `${row.podUid}/${row.container}/${row.kind}`,
      cpuRequestMillicores: identity?.cpuRequestMillicores ?? 0,
      memoryRequestBytes: Number(identity?.memoryRequestBytes ?? 0),
      gpuRequest: identity?.gpuRequest ?? 0,
    });
  });
}

function firstSecondOf(part: WireNodeBatch): number {
  return part.second.length < 4 ? 0 : Buffer.from(part.second.subarray(0, 4)).readUInt32LE(0);
}
