import { ApiError, getJson, writeJson, type ApiServer } from '@kubehero/kubernetes';
import { sleep, type Logger } from '@kubehero/runtime';

/** The Lease of `coordination.k8s.io/v1`, the parts that an election uses. */
interface Lease {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

/** How a {@link LeaseElector} campaigns. */
export interface LeaseElectorOptions {
  readonly server: ApiServer;
  readonly namespace: string;
  readonly name: string;
  /** Identity of this process; another one for every start. */
  readonly holder: string;
  readonly logger: Logger;
  /**
   * Works as the leader until the signal aborts, then stops writing at once and resolves when nothing is written any
   * more. Rejecting gives the lease up.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** How long a lease holds that nobody renews. @default 10000 */
  readonly durationMs?: number;
  /** @default 2000 */
  readonly renewMs?: number;
}

const DURATION_MS = 10_000;
const RENEW_MS = 2_000;
/** The leader stops itself this long before another one may take the lease. */
const SAFETY_MS = 2_500;

/**
 * Keeps one active replica by a Lease of Kubernetes. No clocks are compared: a follower waits until it has seen the
 * lease unchanged for its whole duration, the leader counts from before it asked for the renewal, so that it always
 * stops before another one begins. Takeover takes at most duration + renewal pause: 12 s.
 */
export class LeaseElector {
  readonly #options: LeaseElectorOptions;
  readonly #durationMs: number;
  readonly #renewMs: number;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** Monotonic instant until which this process may write. */
  #deadline = 0;
  #term: { readonly end: AbortController; work: Promise<void> } | undefined;
  #seen = { version: '', at: 0 };

  constructor(options: LeaseElectorOptions) {
    this.#options = options;
    this.#durationMs = options.durationMs ?? DURATION_MS;
    this.#renewMs = options.renewMs ?? RENEW_MS;
  }

  /** True while this process may write; asked before every write, also by one that was stopped and woke up. */
  isActive(): boolean {
    return this.#term?.end.signal.aborted === false && performance.now() < this.#deadline;
  }

  /** Begins to campaign. */
  start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#campaign(this.#stopping.signal);
  }

  /** Ends the work and gives the lease up, so that the other replica takes it at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #campaign(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#term?.end.signal.aborted === true) await this.#giveUp('its work failed');
      const askedAt = performance.now();
      const held = await this.#tryHold(signal);
      if (held) this.#deadline = askedAt + this.#durationMs - SAFETY_MS;
      if (held) this.#begin();
      else if (held === false || performance.now() >= this.#deadline)
        await this.#end('another replica leads');
      await this.#pause(signal);
    }
    if (this.#term !== undefined) await this.#giveUp('this replica stops');
  }

  /** Waits for the next renewal, but no longer than the right to write lasts. */
  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#term === undefined) {
      await sleep(this.#renewMs, signal);
      return;
    }
    const leftMs = Math.max(0, this.#deadline - performance.now());
    await sleep(Math.min(this.#renewMs, leftMs), signal);
    if (performance.now() >= this.#deadline) await this.#end('the lease could not be renewed in time');
  }

  /** @returns true where the lease is ours now, false where it is another one's, undefined where that is not known */
  async #tryHold(signal: AbortSignal): Promise<boolean | undefined> {
    try {
      return await this.#hold(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof ApiError && error.code === 'CONFLICT')
        return this.#term === undefined ? false : undefined;
      this.#options.logger.warn('the lease could not be renewed', { error });
      return undefined;
    }
  }

  async #hold(signal: AbortSignal): Promise<boolean> {
    const lease = await this.#read(signal);
    const { holder } = this.#options;
    const version = lease?.metadata?.resourceVersion ?? '';
    if (version !== this.#seen.version) this.#seen = { version, at: performance.now() };
    const heldBy = lease?.spec?.holderIdentity ?? '';
    const durationMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
    const isOver =
      heldBy === '' || performance.now() - this.#seen.at >= Math.max(durationMs, this.#durationMs);
    if (heldBy !== holder && !isOver) return false;
    // A term that ended by itself begins anew as every other one: by waiting for nobody, since the lease is still ours.
    await this.#write(lease, holder, signal);
    return true;
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return (await getJson({
        server: this.#options.server,
        path: this.#path(true),
        what: `read the lease ${this.#options.name}`,
        signal,
        idleTimeoutMs: this.#renewMs,
      })) as Lease;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  async #write(lease: Lease | undefined, holder: string, signal: AbortSignal): Promise<void> {
    const { name, namespace, server } = this.#options;
    const now = new Date().toISOString().replace('Z', '000Z');
    const before = lease?.spec;
    const isNew = before?.holderIdentity !== holder;
    const written = (await writeJson({
      server,
      method: lease === undefined ? 'POST' : 'PUT',
      path: this.#path(lease !== undefined),
      what: `take the lease ${name} in ${namespace}`,
      signal,
      timeoutMs: this.#renewMs,
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace, ...lease?.metadata },
        spec: {
          holderIdentity: holder,
          leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
          acquireTime: isNew ? now : (before.acquireTime ?? now),
          renewTime: now,
          leaseTransitions: (before?.leaseTransitions ?? 0) + (isNew ? 1 : 0),
        },
      },
    })) as Lease;
    this.#seen = { version: written.metadata?.resourceVersion ?? '', at: performance.now() };
  }

  #begin(): void {
    if (this.#term !== undefined) return;
    this.#options.logger.info('this replica is active');
    const term = { end: new AbortController(), work: Promise.resolve() };
    this.#term = term;
    term.work = this.#options.lead(term.end.signal).catch((error: unknown) => {
      if (term.end.signal.aborted) return;
      this.#options.logger.error('the work of the active replica failed', { error });
      term.end.abort();
    });
  }

  async #end(reason: string): Promise<void> {
    const term = this.#term;
    if (term === undefined) return;
    this.#options.logger.info('this replica is warm', { reason });
    term.end.abort();
    await term.work;
    this.#term = undefined;
  }

  /** Stops writing, then lets another replica take the lease at once. */
  async #giveUp(reason: string): Promise<void> {
    await this.#end(reason);
    const limit = AbortSignal.timeout(this.#renewMs);
    try {
      const lease = await this.#read(limit);
      if (lease?.spec?.holderIdentity === this.#options.holder) await this.#write(lease, '', limit);
    } catch (error) {
      this.#options.logger.warn('the lease could not be given up, it ends by itself', { error });
    }
  }

  #path(named: boolean): string {
    const { namespace, name } = this.#options;
    return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases${named ? `/${name}` : ''}`;
  }
}

/** The same server, but every call is refused once `isActive` says no; it is asked when the call is made. */
export function fencedServer(server: ApiServer, isActive: () => boolean): ApiServer {
  return {
    ...server,
    authorization: async () => {
      const authorization = await server.authorization();
      if (!isActive()) throw new ApiError('UNREACHABLE', 'this replica is not the active one any more');
      return authorization;
    },
  };
}
