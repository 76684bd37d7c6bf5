import { toTlsMaterial, type CertificateAuthority } from './certificate-authority.js';
import { MutableTls, type TlsMaterial, type TlsSource } from './tls-source.js';

/** What a {@link ServerIdentity} needs. */
export interface ServerIdentityOptions {
  readonly authority: CertificateAuthority;
  /** DNS names and addresses that clients dial. */
  readonly names: readonly string[];
  /** @default 24 hours */
  readonly lifetimeMs?: number;
  /** Told when a renewal failed; the next attempt follows in a minute. */
  readonly onFailure?: (error: unknown) => void;
}

const RETRY_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The hub's own server certificate: issued on start, held in memory, renewed at two thirds of its life. */
export class ServerIdentity implements TlsSource {
  readonly name = 'server identity';
  readonly #options: ServerIdentityOptions;
  readonly #tls = new MutableTls();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ServerIdentityOptions) {
    this.#options = options;
  }

  current(): TlsMaterial {
    return this.#tls.current();
  }

  onChange(listener: (material: TlsMaterial) => void): () => void {
    return this.#tls.onChange(listener);
  }

  /** Issues the first certificate. @throws CaError */
  async start(): Promise<void> {
    await this.#issue();
  }

  /** Ends the renewal. */
  stop(): Promise<void> {
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  async #issue(): Promise<void> {
    const issued = await this.#options.authority.issueServer(this.#options.names, this.#options.lifetimeMs);
    this.#tls.set(toTlsMaterial(issued));
    this.#schedule(issued.renewAt.getTime() - Date.now());
  }

  #schedule(pauseMs: number): void {
    const renew = (): void => {
      this.#issue().catch((error: unknown) => {
        this.#options.onFailure?.(error);
        this.#schedule(RETRY_MS);
      });
    };
    this.#timer = setTimeout(renew, Math.min(Math.max(pauseMs, 0), LONGEST_TIMER_MS)).unref();
  }
}
