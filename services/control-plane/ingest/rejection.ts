/** Why seconds are refused; the names are those of the protocol's enumeration without its prefix. */
export type RejectionCode =
  | 'MALFORMED'
  | 'OVERSIZED'
  | 'FROM_THE_FUTURE'
  | 'TOO_OLD'
  | 'DUPLICATE_IDENTITY'
  | 'UNKNOWN_NODE'
  | 'IMPLAUSIBLE';

/** A node's part of a batch is refused; the rest of the batch and the stream go on. */
export class RejectedError extends Error {
  /** @param message - one sentence: what is wrong, the value given, the allowed value */
  constructor(
    readonly code: RejectionCode,
    message: string,
  ) {
    super(message);
    this.name = 'RejectedError';
  }
}
