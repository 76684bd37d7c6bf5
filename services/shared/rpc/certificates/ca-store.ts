/** What a certificate authority is made of, at rest. */
export interface StoredCa {
  /** The root certificate, PEM. */
  readonly certificatePem: string;
  /** The private key (PKCS #8, DER), sealed with AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes). */
  readonly sealedPrivateKey: Uint8Array;
}

/** Where the authority is kept; part of what a backup MUST hold, together with the key that seals it. */
export interface CaStore {
  /** Undefined before the first {@link save}. */
  load(): Promise<StoredCa | undefined>;
  /**
   * Stores the authority unless there is one.
   *
   * @returns what is stored now: the given one, or the one that another process stored first
   */
  save(ca: StoredCa): Promise<StoredCa>;
}

/** Why the certificate authority refuses. */
export type CaErrorCode =
  'BAD_SEALING_KEY' | 'WRONG_SEALING_KEY' | 'BAD_REQUEST' | 'BAD_IDENTITY' | 'NOT_ALLOWED';

/** The certificate authority refused. */
export class CaError extends Error {
  constructor(
    readonly code: CaErrorCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'CaError';
  }
}
