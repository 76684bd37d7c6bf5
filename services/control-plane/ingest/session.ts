import type { NodeDictionary } from './node-dictionary.js';
import type { NodeState } from './node-registry.js';
import type { RejectionCode } from './rejection.js';
import type { WireBatch } from './wire.js';

/** A node on one stream. */
export interface SessionNode {
  readonly uid: string;
  readonly incarnation: string;
  readonly dictionary: NodeDictionary;
  /** Undefined until its first spec on this stream. */
  state: NodeState | undefined;
}

/** What a session says to its emitter. */
export interface SessionOutput {
  acknowledge(throughSequence: string): void;
  reject(rejection: { sequence: string; node: number; code: RejectionCode; message: string }): void;
  /** Ends the stream so that the emitter connects again and sends what was not acknowledged. */
  fail(reason: string): void;
}

/** One stream of an emitter of a cluster. */
export interface Session {
  readonly clusterKey: number;
  readonly nodes: SessionNode[];
  readonly output: SessionOutput;
}

/** A batch that waits to be stored. */
export interface PendingBatch {
  readonly session: Session;
  readonly batch: WireBatch;
  /** Size of its columns, for the bound of the queue. */
  readonly bytes: number;
}
