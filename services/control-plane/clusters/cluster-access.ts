import { RpcError, type PeerIdentity } from '@kubehero/rpc';
import { sleep, type Logger } from '@kubehero/runtime';
import { listEndedAccess, type Database, type Kysely } from '@kubehero/store-postgres';

/** What a {@link ClusterAccess} works with. */
export interface ClusterAccessOptions {
  readonly db: Kysely<Database>;
  readonly logger: Logger;
  /** Called when somebody more is refused. */
  readonly onRefused: () => void;
}

const LOOK_MS = 2000;

/**
 * Which certificates are refused although they have not expired: those of removed clusters, and those that a rotation
 * ended, with everything that was enrolled by them. Every replica reads it every two seconds; while PostgreSQL is away it
 * stays as it was.
 */
export class ClusterAccess {
  readonly #options: ClusterAccessOptions;
  #serials: ReadonlySet<string> = new Set();
  #clusterIds: ReadonlySet<string> = new Set();
  #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ClusterAccessOptions) {
    this.#options = options;
  }

  /** Reads what is refused, and again from then on. */
  async start(): Promise<void> {
    await this.refresh();
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Ends that. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Why a caller is not served any more, undefined where it is. */
  refuse({ clusterId, clusterSerial }: PeerIdentity): RpcError | undefined {
    if (this.#clusterIds.has(clusterId)) {
      return new RpcError(
        'permission_denied',
        `cluster ${clusterId} was removed: register it again with 'kubehero cluster add'`,
      );
    }
    if (!this.#serials.has(clusterSerial)) return undefined;
    return new RpcError(
      'unauthenticated',
      `the certificate of cluster ${clusterId} was replaced: use the one that 'kubehero cluster rotate' wrote`,
    );
  }

  /** Reads what is refused now. */
  async refresh(): Promise<void> {
    const { serials, clusterIds } = await listEndedAccess(this.#options.db);
    const isMore =
      serials.some((serial) => !this.#serials.has(serial)) ||
      clusterIds.some((id) => !this.#clusterIds.has(id));
    this.#serials = new Set(serials);
    this.#clusterIds = new Set(clusterIds);
    if (isMore) this.#options.onRefused();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(LOOK_MS, signal);
      if (signal.aborted) return;
      await this.refresh().catch((error: unknown) => {
        this.#options.logger.warn('ended certificates could not be read', { error });
      });
    }
  }
}
