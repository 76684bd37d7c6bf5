import type { GapList, Window } from '@kubehero/domain';
import { PodCostColumns } from '@kubehero/store-clickhouse';
import type { MinuteIncrement, NodeGapRecord, NodeProgressRecord } from '@kubehero/store-postgres';
import type { BatchColumns } from './columns.js';
import { type BatchLimits } from './columns.js';
import { minuteKey } from './minute-guard.js';
import { NodeDictionary } from './node-dictionary.js';
import type { NodeState } from './node-registry.js';
import { RejectedError } from './rejection.js';
import { unobservedCost, type NodeContext, type SecondWriter } from './second-writer.js';
import type { Session, SessionNode } from './session.js';
import type { WireNodeBatch } from './wire.js';

/** Bounds in time and size of what is taken. */
export interface FlushLimits extends BatchLimits {
  /** Seconds that an emitter's clock may be ahead. */
  readonly maxAheadS: number;
  /** Epoch second below which raw rows have expired. */
  readonly horizonS: () => number;
  readonly nowS: () => number;
}

/** Rows of one chunk of columns: about 5 MB. */
const CHUNK_ROWS = 32_768;
/** CPU time beyond this multiple of the node's capacity is a broken counter, not usage. */
const IMPLAUSIBLE_FACTOR = 10;
const SECONDS_PER_MINUTE = 60;
const SOURCES = [
  'SOURCE_UNSPECIFIED',
  'SOURCE_BPF',
  'SOURCE_CGROUP_V2',
  'SOURCE_CGROUP_V1',
  'SOURCE_SIMULATED',
];

const EMPTY_DICTIONARY = new NodeDictionary();

/** How a node's seconds stand after the flush, if it is committed. */
interface StagedNode {
  progress: NodeProgressRecord | undefined;
  readonly gaps: GapList;
  gapsChanged: boolean;
}

interface MinuteSum {
  readonly clusterKey: number;
  readonly minute: number;
  rows: number;
  nodeSeconds: number;
  cost: bigint;
}

/**
 * Everything that one write to the stores holds: rows, ledger, progress. Nothing of it touches the registry's
 * state until it is durable, so that a failed write leaves no trace.
 */
export class Flush {
  readonly chunks: PodCostColumns[] = [];
  /** Rows written so far. */
  rows = 0;
  /** Minutes that got a second which is not newer than all before: they may be rolled up already. */
  readonly lateMinutes = new Map<string, { readonly clusterKey: number; readonly minute: number }>();
  readonly #staged = new Map<NodeState, StagedNode>();
  readonly #minutes = new Map<string, MinuteSum>();
  #minute: MinuteSum | undefined;

  constructor(
    private readonly tools: {
      readonly writer: SecondWriter;
      readonly columns: BatchColumns;
      readonly pool: PodCostColumns[];
    },
    private readonly limits: FlushLimits,
  ) {}

  /**
   * Takes a node's part of a batch.
   *
   * @returns seconds that were stored before and are left out
   * @throws RejectedError; nothing of this part is in the flush then
   */
  add(session: Session, node: SessionNode, batch: WireNodeBatch): number {
    const state = node.state;
    if (state?.spec === undefined) {
      throw new RejectedError('UNKNOWN_NODE', `node ${node.uid} sent seconds before its spec`);
    }
    const { columns } = this.tools;
    columns.load(batch, this.limits);
    this.#check(columns, state);
    const staged = this.#stage(state);
    const before = { progress: staged.progress, gaps: staged.gaps.clone() };
    const mark = this.#mark();
    try {
      return this.#writeSeconds(session, node, state, batch);
    } catch (error) {
      this.#rollBack(mark);
      this.#staged.set(state, { ...before, gapsChanged: staged.gapsChanged });
      throw error;
    }
  }

  /** Charges what a node ran through in a window and what is still missing of it. @returns rows added */
  charge(node: NodeState, window: Window): number {
    const context = this.#context(node, undefined);
    const staged = this.#stage(node);
    const seconds = staged.gaps.charge(window).flatMap(({ from, to }) => secondsOf(from, to));
    for (const second of seconds) {
      const price = node.prices.at(second, node.capacity);
      const sum = this.tools.writer.writeUnobserved(context, second, price, this.#room(1));
      this.#count(node.clusterKey, second, { ...sum, nodeSeconds: 0 });
      this.#late(node.clusterKey, second);
    }
    staged.gapsChanged ||= seconds.length > 0;
    return seconds.length;
  }

  /** What the ledger gains. */
  increments(): MinuteIncrement[] {
    return [...this.#minutes.values()];
  }

  /** Minutes that it writes to. */
  minuteKeys(): string[] {
    return [...this.#minutes.keys()];
  }

  /** Progress to store. */
  progress(): NodeProgressRecord[] {
    return [...this.#staged.values()].flatMap(({ progress }) => (progress === undefined ? [] : [progress]));
  }

  /** Gaps to store, of the nodes whose gaps changed. */
  gaps(): { nodeKeys: number[]; gaps: NodeGapRecord[] } {
    const changed = [...this.#staged].filter(([, staged]) => staged.gapsChanged);
    return {
      nodeKeys: changed.map(([node]) => node.key),
      gaps: changed.flatMap(([node, staged]) =>
        staged.gaps.list().map((gap) => ({ ...gap, nodeKey: node.key })),
      ),
    };
  }

  /** Makes the registry's state what it is with this write, before it is durable. */
  apply(): void {
    for (const [node, staged] of this.#staged) {
      node.progress = staged.progress;
      node.gaps = staged.gaps.clone(); // the next write changes its own copy while this one is stored
    }
  }

  /** This write is durable. */
  settle(): void {
    for (const [node, { progress }] of this.#staged) node.storedThrough = progress?.lastSecond ?? 0;
  }

  #writeSeconds(session: Session, node: SessionNode, state: NodeState, batch: WireNodeBatch): number {
    const { columns, writer } = this.tools;
    const context = this.#context(state, node);
    let firstRow = 0;
    let netFrom = 0;
    let repeated = 0;
    for (let i = 0; i < columns.seconds; i += 1) {
      const second = columns.second[i] as number;
      const rows = columns.rowCount[i] as number;
      let netTo = netFrom;
      while (netTo < columns.networkEntries && (columns.netRow[netTo] as number) < firstRow + rows)
        netTo += 1;
      if (this.#take(state, node, second, batch)) {
        const slice = { second, firstRow, rows, netFrom, netTo };
        const price = state.prices.at(second, state.capacity);
        const sum = writer.writeObserved(context, columns, { slice, price }, this.#room(rows + 1));
        this.rows += sum.rows;
        this.#count(session.clusterKey, second, { ...sum, nodeSeconds: 1 });
      } else repeated += 1;
      firstRow += rows;
      netFrom = netTo;
    }
    return repeated;
  }

  /** Notes a second as received; false where it was received before. */
  #take(state: NodeState, node: SessionNode, second: number, batch: WireNodeBatch): boolean {
    const staged = this.#stage(state);
    const { progress, gaps } = staged;
    if (progress === undefined) {
      staged.progress = this.#progressOf(state, node, batch, { firstSecond: second, lastSecond: second });
      return true;
    }
    if (second > progress.lastSecond) {
      if (second > progress.lastSecond + 1) {
        gaps.add({ from: progress.lastSecond + 1, to: second, ran: didRun(state, progress), charged: false });
        staged.gapsChanged = true;
      }
      staged.progress = this.#progressOf(state, node, batch, {
        firstSecond: progress.firstSecond,
        lastSecond: second,
      });
      return true;
    }
    if (second < progress.firstSecond) {
      gaps.add({ from: second + 1, to: progress.firstSecond, ran: didRun(state, progress), charged: false });
      staged.gapsChanged = true;
      staged.progress = { ...progress, firstSecond: second };
      this.#late(state.clusterKey, second);
      return true;
    }
    return this.#takeLate(state, staged, second);
  }

  #takeLate(state: NodeState, staged: StagedNode, second: number): boolean {
    const gap = staged.gaps.take(second);
    if (gap === undefined) return false;
    staged.gapsChanged = true;
    this.#late(state.clusterKey, second);
    if (gap.charged) {
      const cost = unobservedCost(second, state.prices.at(second, state.capacity));
      this.#count(state.clusterKey, second, { rows: -1, cost: -cost, nodeSeconds: 0 });
    }
    return true;
  }

  #progressOf(
    state: NodeState,
    node: SessionNode,
    batch: WireNodeBatch,
    span: Pick<NodeProgressRecord, 'firstSecond' | 'lastSecond'>,
  ): NodeProgressRecord {
    return {
      nodeKey: state.key,
      incarnation: node.incarnation,
      bootId: state.spec?.bootId ?? '',
      bootedAt: Number(state.spec?.bootedAtS ?? 0),
      source:
        typeof batch.source === 'number' ? (SOURCES[batch.source] ?? 'SOURCE_UNSPECIFIED') : batch.source,
      ...span,
    };
  }

  #check(columns: BatchColumns, state: NodeState): void {
    const newest = columns.second[columns.seconds - 1] ?? 0;
    const oldest = columns.second[0] ?? newest;
    const now = this.limits.nowS();
    if (columns.seconds > 0 && newest > now + this.limits.maxAheadS) {
      throw new RejectedError(
        'FROM_THE_FUTURE',
        `second ${newest} lies ${newest - now} s ahead of the hub's clock: at most ${this.limits.maxAheadS} s are taken; set the node's clock`,
      );
    }
    if (columns.seconds > 0 && oldest < this.limits.horizonS()) {
      throw new RejectedError(
        'TOO_OLD',
        `second ${oldest} is older than the horizon ${this.limits.horizonS()}: raw rows of that time have expired`,
      );
    }
    const mostCpuUs = state.capacity.cpuMillicores * 1000 * IMPLAUSIBLE_FACTOR;
    const mostMemory = state.capacity.memoryBytes * IMPLAUSIBLE_FACTOR;
    for (let row = 0; row < columns.rows; row += 1) {
      if ((columns.cpuUs[row] as number) > mostCpuUs || columns.memoryBytes(row) > mostMemory) {
        throw new RejectedError(
          'IMPLAUSIBLE',
          `row ${row} used ${columns.cpuUs[row]} µs and ${columns.memoryBytes(row)} bytes on a node of ${state.capacity.cpuMillicores} millicores and ${state.capacity.memoryBytes} bytes`,
        );
      }
    }
    for (let i = 0; i < columns.seconds; i += 1) {
      if ((columns.rowCount[i] as number) >= CHUNK_ROWS) {
        throw new RejectedError(
          'OVERSIZED',
          `${columns.rowCount[i]} rows in one second: at most ${CHUNK_ROWS - 1} are taken`,
        );
      }
    }
  }

  #context(state: NodeState, node: SessionNode | undefined): NodeContext {
    return {
      clusterKey: state.clusterKey,
      nodeIdentityKey: state.identityKey,
      dictionary: node?.dictionary ?? EMPTY_DICTIONARY,
    };
  }

  #stage(state: NodeState): StagedNode {
    const staged = this.#staged.get(state) ?? {
      progress: state.progress,
      gaps: state.gaps.clone(),
      gapsChanged: false,
    };
    this.#staged.set(state, staged);
    return staged;
  }

  /** The chunk to write into, with room for a second. */
  #room(rows: number): PodCostColumns {
    const last = this.chunks.at(-1);
    if (last !== undefined && last.rows + rows <= last.capacity) return last;
    last?.settleRests();
    const chunk = this.tools.pool.pop() ?? new PodCostColumns(CHUNK_ROWS);
    this.chunks.push(chunk);
    return chunk;
  }

  #count(
    clusterKey: number,
    second: number,
    added: { rows: number; nodeSeconds: number; cost: number },
  ): void {
    const minute = second - (second % SECONDS_PER_MINUTE);
    let sum = this.#minute;
    if (sum?.minute !== minute || sum.clusterKey !== clusterKey) {
      const key = minuteKey(clusterKey, minute);
      sum = this.#minutes.get(key) ?? { clusterKey, minute, rows: 0, nodeSeconds: 0, cost: 0n };
      this.#minutes.set(key, sum);
      this.#minute = sum;
    }
    sum.rows += added.rows;
    sum.nodeSeconds += added.nodeSeconds;
    sum.cost += BigInt(added.cost);
  }

  #late(clusterKey: number, second: number): void {
    const minute = second - (second % SECONDS_PER_MINUTE);
    this.lateMinutes.set(minuteKey(clusterKey, minute), { clusterKey, minute });
  }

  #mark(): Mark {
    return {
      chunks: this.chunks.length,
      rowsOfLast: this.chunks.at(-1)?.rows ?? 0,
      rows: this.rows,
      minutes: new Map([...this.#minutes].map(([key, sum]) => [key, { ...sum }])),
    };
  }

  #rollBack(mark: Mark): void {
    for (const chunk of this.chunks.splice(mark.chunks)) {
      chunk.reset();
      this.tools.pool.push(chunk);
    }
    this.chunks.at(-1)?.truncate(mark.rowsOfLast);
    this.rows = mark.rows;
    this.#minutes.clear();
    for (const [key, sum] of mark.minutes) this.#minutes.set(key, sum);
    this.#minute = undefined;
  }
}

interface Mark {
  readonly chunks: number;
  readonly rowsOfLast: number;
  readonly rows: number;
  readonly minutes: ReadonlyMap<string, MinuteSum>;
}

function secondsOf(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}

/** Equal boot ids prove that nobody rebooted the node between two of its seconds; a suspended one cannot be told apart. */
function didRun(state: NodeState, progress: NodeProgressRecord): boolean {
  const spec = state.spec;
  if (spec === undefined) return false;
  return spec.bootId !== '' && spec.bootId === progress.bootId;
}
