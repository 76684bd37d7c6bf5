/** What is wrong with a policy. */
export type BudgetErrorCode =
  | 'BAD_CEILING'
  | 'NOT_POSITIVE'
  | 'ABSURD_CEILING'
  | 'OTHER_CURRENCY'
  | 'BAD_TIME_ZONE'
  | 'EMPTY_SCOPE'
  | 'BAD_SPEC';

/** Why a policy cannot be judged; the message says what was given and the remedy. */
export class BudgetError extends Error {
  constructor(
    readonly code: BudgetErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'BudgetError';
  }
}
