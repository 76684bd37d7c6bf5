/** Why the pricing engine could not do what was asked. Callers branch on the code, never on the text. */
export type PricingErrorCode =
  | 'NOT_READABLE'
  | 'NOT_JSON'
  | 'TRUNCATED'
  | 'COMPRESSION'
  | 'TOO_LARGE'
  | 'WRONG_SHAPE'
  | 'WRONG_CURRENCY'
  | 'DUPLICATE_SKU'
  | 'NOTHING_USABLE'
  | 'BAD_SHEET'
  | 'BAD_QUERY'
  | 'CATALOGUE'
  | 'CATALOGUE_BUSY'
  | 'DISK'
  | 'SIGNATURE'
  | 'STALE_SNAPSHOT'
  | 'FETCH'
  | 'USAGE';

// Messages quote what files say, which may hold anything.
function oneLine(message: string): string {
  return message.replace(/[\u0000-\u001f\u007f]+/g, ' ');
}

/** The one error class of the pricing engine: one sentence that names what failed, where, and the remedy. */
export class PricingError extends Error {
  constructor(
    readonly code: PricingErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(oneLine(message), options);
    this.name = 'PricingError';
  }
}
