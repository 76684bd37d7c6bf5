import { UserError } from '@kubehero/runtime';

/** What can go wrong with a registry or a lock file. */
export type ImagesErrorCode =
  | 'BAD_REFERENCE'
  | 'UNREACHABLE'
  | 'NOT_FOUND'
  | 'DENIED'
  | 'BAD_ANSWER'
  | 'DIGEST_MISMATCH'
  | 'BAD_CREDENTIALS_FILE'
  | 'BAD_LOCK'
  | 'CHANGED';

/** An image could not be locked; the message says which, why and what to do. */
export class ImagesError extends UserError<ImagesErrorCode> {}
