import { ServerCredentials } from '@grpc/grpc-js';
import { toSecureContext, type TlsSource } from '../certificates/tls-source.js';

/** Mutual TLS 1.3 whose certificate follows its source; open connections keep the one they were made with. */
export class TlsServerCredentials extends ServerCredentials {
  readonly #unsubscribe: () => void;

  constructor(source: TlsSource) {
    super({ requestCert: true, rejectUnauthorized: true }, toSecureContext(source.current()));
    this.#unsubscribe = source.onChange((material) => {
      this.updateSecureContextOptions(toSecureContext(material));
    });
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }

  /** Stops following the source. */
  close(): void {
    this.#unsubscribe();
  }
}
