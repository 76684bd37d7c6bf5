import { RpcError, type inventory, type ServerStream } from '@kubehero/rpc';
import type { Reporter } from './cluster-inventory.js';
import type { Inventory, ReportSession } from './inventory.js';
import { readReport, type ReadReport } from './read-report.js';

type Stream = ServerStream<inventory.InventoryReport, inventory.InventoryReceiptInput>;

/** One Report call: reads, and says what is durable; many receipts for a slow reader become one. */
export class ReportCall implements ReportSession {
  listing: Set<string> | undefined;
  readonly #failed: Promise<never>;
  #fail: (error: RpcError) => void = () => undefined;
  #through = 0;
  #received = 0;
  #wake: () => void = () => undefined;

  constructor(
    readonly clusterKey: number,
    readonly reporter: Reporter,
    private readonly stream: Stream,
  ) {
    this.#failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => undefined); // `serve` races on it, and may have ended before
  }

  acknowledge(throughSequence: number): void {
    this.#through = throughSequence;
    this.#wake();
  }

  fail(error: RpcError): void {
    this.#fail(error);
  }

  /** Serves the call to its end. @throws RpcError */
  async serve(to: Inventory): Promise<void> {
    to.open(this);
    const reading = { over: false };
    const read = this.#read(to).finally(() => {
      reading.over = true;
      this.#wake();
    });
    try {
      await Promise.race([Promise.all([read, this.#answer(reading)]), this.#failed]);
    } finally {
      to.close(this);
    }
  }

  async #read(to: Inventory): Promise<void> {
    for await (const message of this.stream.requests) {
      const report = readReport(message, this.#received + 1);
      checkRights(this.reporter, report);
      this.#received = report.sequence;
      await to.enqueue(this, report);
    }
  }

  async #answer(reading: { readonly over: boolean }): Promise<void> {
    for (let sent = 0; !(reading.over && sent === this.#received);) {
      if (sent === this.#through) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (sent === this.#through) continue;
      sent = this.#through;
      await this.stream.send({ throughSequence: sent });
    }
  }
}

/** A collector knows its own node, which is what its certificate is made out to. */
function checkRights({ role, name }: Reporter, { objects }: ReadReport): void {
  if (role !== 'collector') return;
  const foreign = objects.find(({ kind, record }) => kind !== 'node' || record.uid !== name);
  if (foreign === undefined) return;
  throw new RpcError(
    'permission_denied',
    `the collector of node ${name} speaks for that node alone, not for ${foreign.kind} ${foreign.record.uid}`,
  );
}
