import type { ClientStream, inventory } from '@kubehero/rpc';
import { sleep, type Logger } from '@kubehero/runtime';
import type { World, WorldKind } from '../enforcement/index.js';
import { keepOpen } from '../hub/keep-open.js';
import { InventoryDiff } from './inventory-diff.js';
import { inventoryKinds, type entriesOf, type InventoryKind } from './inventory-records.js';

type Report = ClientStream<inventory.InventoryReportInput, inventory.InventoryReceipt>;

/** What an {@link InventoryLink} works with. */
export interface InventoryLinkOptions {
  /** Opens the stream; what it throws is a failed attempt. */
  readonly open: (signal: AbortSignal) => Promise<Report>;
  readonly world: Parameters<typeof entriesOf>[0] & Pick<World, 'onChange'>;
  readonly logger: Logger;
  /** Changes that come within so long are told together. @default 500 */
  readonly gatherMs?: number;
}

const GATHER_MS = 500;

const kindsOf: Readonly<Partial<Record<WorldKind, InventoryKind>>> = {
  Node: 'nodes',
  Namespace: 'namespaces',
  Deployment: 'owners',
  StatefulSet: 'owners',
  ReplicaSet: 'owners',
  DaemonSet: 'owners',
  Job: 'owners',
  CronJob: 'owners',
  Rollout: 'owners',
  PersistentVolume: 'volumes',
  Service: 'services',
  EndpointSlice: 'services',
};

/** Tells the hub what this cluster holds: everything on a new stream, then what changes. */
export class InventoryLink {
  readonly #options: InventoryLinkOptions;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: InventoryLinkOptions) {
    this.#options = options;
  }

  /** Begins to report. */
  start(): void {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    const { logger } = this.#options;
    this.#running = keepOpen({
      what: 'inventory stream',
      logger,
      signal,
      open: (inner) => this.#report(inner),
    });
  }

  /** Closes the stream. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #report(signal: AbortSignal): Promise<void> {
    const stream = await this.#options.open(signal);
    const ended = readToEnd(stream);
    const dirty = new Set<InventoryKind>();
    const unlisten = this.#options.world.onChange(({ kind }) => {
      const inventoried = kindsOf[kind];
      if (inventoried !== undefined) dirty.add(inventoried);
    });
    try {
      await this.#send(stream, dirty, signal);
    } finally {
      unlisten();
      stream.cancel();
      await ended;
    }
  }

  async #send(stream: Report, dirty: Set<InventoryKind>, signal: AbortSignal): Promise<void> {
    const { world, gatherMs = GATHER_MS } = this.#options;
    const diff = new InventoryDiff();
    let sequence = 0;
    const sendAll = async (reports: Iterable<inventory.InventoryReportInput>): Promise<void> => {
      for (const report of reports) await stream.send({ ...report, sequence: ++sequence });
    };
    await sendAll(diff.listing(world));
    while (!signal.aborted && !stream.isOver()) {
      await sleep(gatherMs, signal);
      const kinds = inventoryKinds.filter((kind) => dirty.delete(kind));
      for (const kind of kinds) await sendAll(diff.changes(world, kind));
    }
    if (!signal.aborted) await stream.send({ sequence: ++sequence }); // throws why the stream is over
  }
}

/** Receipts are read so that the stream flows; the hub keeps what it was told for as long as the stream is open. */
async function readToEnd(stream: Report): Promise<void> {
  try {
    for await (const receipt of stream.responses) void receipt;
  } catch {
    // The sending side fails for the same reason and reports it.
  }
}
