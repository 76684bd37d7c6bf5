import { RpcChannel } from '../client/rpc-channel.js';
import { EnrolmentService } from '../gen/enrolment.gen.js';
import type { Protocol } from '../definitions/protocol.js';
import type { CertificateRole } from './peer-identity.js';
import { makeCertificateRequest } from './certificate-request.js';
import { MutableTls, type TlsMaterial, type TlsSource } from './tls-source.js';

/** What an {@link EnrolledIdentity} needs. */
export interface EnrolledIdentityOptions {
  /** `host:port` of the hub, or what tells it at every attempt. */
  readonly target: string | (() => Promise<string>);
  /** Name in the hub's certificate. @default - the target's host */
  readonly serverName?: string;
  /** The cluster's own certificate, read again at every use: whoever rotates it need not restart anything. */
  readonly clusterTls: TlsSource;
  readonly role: Exclude<CertificateRole, 'cluster'>;
  /** Node, pod or emitter. */
  readonly name: string;
  /** Told about every failed attempt; the next one follows after a growing pause. */
  readonly onFailure?: (error: unknown, retryInMs: number) => void;
  /** @default - the package's own .proto files */
  readonly protocol?: Protocol;
  /** How often the cluster's certificate is looked at. @default 10000 */
  readonly lookMs?: number;
  /** Milliseconds since the epoch. @default - the system's clock */
  readonly now?: () => number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
const MIN_RENEWAL_PAUSE_MS = 1_000;
/** How often the cluster's certificate is looked at: its replacement is enrolled with long before the old one ends. */
const LOOK_MS = 10_000;

/**
 * A short-lived certificate that an edge program holds in memory: enrolled with the cluster's certificate, renewed
 * by itself at two thirds of its life, or when the cluster's certificate was replaced, under a new key each time. Give it to
 * a channel as its TLS source.
 */
export class EnrolledIdentity implements TlsSource {
  readonly name = 'enrolled identity';
  readonly #options: EnrolledIdentityOptions;
  readonly #tls = new MutableTls();
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #expiresAtMs = 0;
  /** The cluster's certificate that was used last. */
  #clusterChain: string | undefined;

  constructor(options: EnrolledIdentityOptions) {
    this.#options = options;
  }

  /** @throws RpcError `unavailable` before {@link start} has resolved */
  current(): TlsMaterial {
    return this.#tls.current();
  }

  onChange(listener: (material: TlsMaterial) => void): () => void {
    return this.#tls.onChange(listener);
  }

  /** When the current certificate ends, milliseconds since the epoch. */
  get expiresAtMs(): number {
    return this.#expiresAtMs;
  }

  /** Resolves when the first certificate is there; tries until then, or until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    this.#stopping = new AbortController();
    const renewAtMs = await this.#enrolUntilDone(signal);
    this.#running = this.#renewForEver(renewAtMs, this.#stopping.signal);
  }

  /** Ends the renewal; the current certificate stays until it expires. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Renews at once, whatever the clock says. @throws RpcError */
  async renew(): Promise<void> {
    await this.#enrol(this.#stopping.signal);
  }

  async #renewForEver(firstAtMs: number, signal: AbortSignal): Promise<void> {
    let renewAtMs = firstAtMs;
    while (!signal.aborted) {
      const pauseMs = Math.max(renewAtMs - this.#now(), MIN_RENEWAL_PAUSE_MS);
      await pause(Math.min(pauseMs, this.#options.lookMs ?? LOOK_MS), signal);
      if (signal.aborted) return;
      if (this.#now() < renewAtMs && !this.#isReplaced()) continue;
      try {
        renewAtMs = await this.#enrolUntilDone(signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async #enrolUntilDone(signal: AbortSignal): Promise<number> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      signal.throwIfAborted();
      try {
        return await this.#enrol(signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#options.onFailure?.(error, pauseMs);
        await pause(pauseMs, signal);
      }
    }
  }

  /** Asks once: with the current certificate while it is valid, else, or when it is refused, with the cluster's. */
  async #enrol(signal: AbortSignal): Promise<number> {
    if (this.#expiresAtMs <= this.#now() || this.#isReplaced())
      return this.#enrolWith(this.#options.clusterTls, signal);
    try {
      return await this.#enrolWith(this.#tls, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#options.onFailure?.(error, 0);
      return this.#enrolWith(this.#options.clusterTls, signal);
    }
  }

  #isReplaced(): boolean {
    const { clusterTls } = this.#options;
    try {
      return clusterTls.current().certificateChainPem !== this.#clusterChain;
    } catch {
      return false; // its file is just being replaced: it is looked at again soon
    }
  }

  async #enrolWith(tls: TlsSource, signal: AbortSignal): Promise<number> {
    const { certificateChainPem: shown } = tls.current();
    const { serverName, role, name, protocol } = this.#options;
    const { target: given } = this.#options;
    const target = typeof given === 'string' ? given : await given();
    const channel = new RpcChannel({
      target,
      tls,
      ...(serverName === undefined ? {} : { serverName }),
      ...(protocol === undefined ? {} : { protocol }),
    });
    try {
      const { privateKeyPem, csr } = makeCertificateRequest();
      const answer = await channel.client(EnrolmentService).Enrol({ csr, role, name }, { signal });
      const { certificateChainPem, caBundlePem } = answer;
      this.#expiresAtMs = Number(answer.expiresAtS) * 1000;
      if (tls === this.#options.clusterTls) this.#clusterChain = shown;
      this.#tls.set({ certificateChainPem, privateKeyPem, caBundlePem });
      return Number(answer.renewAtS) * 1000;
    } finally {
      channel.close();
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
