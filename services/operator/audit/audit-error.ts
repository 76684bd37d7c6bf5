/** Why the chain of actions cannot be used. */
export type AuditErrorCode =
  /** The folder or a file of it cannot be read. */
  | 'UNREADABLE'
  /** Nothing can be written: no right, no room. */
  | 'UNWRITABLE'
  /** What stands in the folder is no chain that continues. */
  | 'BROKEN'
  /** Too many records wait for their acknowledgement. */
  | 'FULL'
  /** It was closed. */
  | 'CLOSED';

/** The chain of actions cannot be used: nothing is done that could not be recorded. */
export class AuditError extends Error {
  override readonly name = 'AuditError';

  constructor(
    readonly code: AuditErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
