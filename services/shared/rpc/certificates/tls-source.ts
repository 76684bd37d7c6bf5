import { RpcError } from '../errors.js';
import type { SecureContextOptions } from 'node:tls';

/** A certificate with its key and what the other side's certificate must chain to, all PEM. */
export interface TlsMaterial {
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
  readonly caBundlePem: string;
}

/** Where the current certificate comes from; it may change while programs run. */
export interface TlsSource {
  /** @throws Error where there is none yet */
  current(): TlsMaterial;
  /** Calls the listener after every change. @returns ends that */
  onChange(listener: (material: TlsMaterial) => void): () => void;
}

/** A certificate that never changes. */
export function fixedTls(material: TlsMaterial): TlsSource {
  return { current: () => material, onChange: () => () => undefined };
}

/** A certificate that its owner replaces by {@link set}. */
export class MutableTls implements TlsSource {
  readonly #listeners = new Set<(material: TlsMaterial) => void>();
  #material: TlsMaterial | undefined;

  constructor(material?: TlsMaterial) {
    this.#material = material;
  }

  current(): TlsMaterial {
    if (this.#material === undefined) throw new RpcError('unavailable', 'there is no certificate yet');
    return this.#material;
  }

  /** Replaces the certificate; new connections use it at once. */
  set(material: TlsMaterial): void {
    this.#material = material;
    for (const listener of [...this.#listeners]) listener(material);
  }

  onChange(listener: (material: TlsMaterial) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Settings of a TLS context: TLS 1.3 and nothing older. */
export function toSecureContext(material: TlsMaterial): SecureContextOptions {
  return {
    ca: material.caBundlePem,
    cert: material.certificateChainPem,
    key: material.privateKeyPem,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  };
}
